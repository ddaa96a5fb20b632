"""docs/gitops.md: what Argo CD's Lua and Flux's kstatus make of real statuses, as its tables say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.api.kinds import RESOURCES
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object
from tests.controlplane.assets import ROOT
from tests.e2e.page import blocks
from tests.go_tools import go_tool
from tests.world import deleting, external_auth, good_config, parent, pod, running, server, settled, sync, tool_config

PAGE = ROOT / "docs/gitops.md"
GROUP = RESOURCES[0].group


def answered(owner: Object, *arguments: Any, **more: Any) -> Object:
    """An object with the status that the hooks answer for it."""
    return {**owner, "status": sync(owner, *arguments, **more)["status"]}


def older(obj: Object) -> Object:
    """The same object after an edit that nothing has looked at."""
    return {**obj, "metadata": {**obj["metadata"], "generation": obj["metadata"]["generation"] + 1}}


PODS = (pod("demo-1", "demo"), pod("demo-0", "demo", app="demo"))
WAITS = answered(server())
RUNS = answered(server(), running(server()), PODS)
FAILED = answered(server(toolConfigRef={"name": "nothing"}))
GOING = answered(deleting(server()), running(server()))
CASES: dict[str, tuple[Object, str, str]] = {
    # status -> Argo CD's health, kstatus
    "a server that was just made": (server(), "Progressing", "Current"),
    "a server that waits for pods": (WAITS, "Progressing", "InProgress"),
    "a server that runs": (RUNS, "Healthy", "Current"),
    "a server that ran before an edit": (older(RUNS), "Progressing", "InProgress"),
    "a server that failed": (FAILED, "Degraded", "InProgress"),
    "a server that is being deleted": (GOING, "Progressing", "Terminating"),
    "a config that is ready": (good_config(), "Healthy", "Current"),
    "a config without its Secret": (answered(external_auth()), "Degraded", "InProgress"),
    "a config that can't be used": (answered(tool_config(toolsFilter=[""])), "Degraded", "InProgress"),
    "another config that is ready": (answered(tool_config(toolsFilter=["fetch"])), "Healthy", "Current"),
}


def customizations() -> dict[str, Any]:
    """What the page puts into argocd-cm."""
    [manifest] = [text for text in blocks("Argo CD", "yaml", PAGE) if "argocd-cm" in text]
    return dict(yaml.safe_load(yaml.safe_load(manifest)["data"]["resource.customizations"]))


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's script."""
    file = tmp_path_factory.mktemp("lua") / "health.lua"
    file.write_text(customizations()[f"{GROUP}/*"]["health.lua"])
    return file


@pytest.fixture(scope="module")
def health(script: Path) -> dict[str, tuple[str, str]]:
    """Status and message of each case, by the page's script."""
    return dict(zip(CASES, judged([obj for obj, _, _ in CASES.values()], "lua", script), strict=True))


def judged(objects: list[Object], *how: str | Path) -> list[tuple[str, str]]:
    """What tools/gitops says of each object: status and message."""
    result = go_tool("gitops", *how, stdin=json.dumps(objects))
    assert result.returncode == 0, result.stderr
    return [(verdict["status"], verdict["message"]) for verdict in json.loads(result.stdout)]


def test_argo_cds_health_is_as_the_table_says(health: dict[str, tuple[str, str]]) -> None:
    assert {name: status for name, (status, _) in health.items()} == {name: case[1] for name, case in CASES.items()}


def test_a_message_names_the_remedy(health: dict[str, tuple[str, str]]) -> None:
    """It is that of the condition Ready."""
    for name, (obj, status, _) in CASES.items():
        if status in ("Degraded", "Healthy"):
            [ready] = [condition for condition in obj["status"]["conditions"] if condition["type"] == "Ready"]
            assert health[name] == (status, ready["message"])


def test_a_server_that_is_scaled_to_zero_is_suspended(script: Path) -> None:
    _, children = settled(server())
    for obj in children:
        if obj["kind"] == "Deployment":
            obj["spec"]["replicas"] = 0
    stopped = answered(server(), children)

    [(status, _)] = judged([stopped], "lua", script)

    assert (stopped["status"]["phase"], status) == ("Stopped", "Suspended")


def test_fluxs_kstatus_is_as_the_table_says() -> None:
    statuses = [status for status, _ in judged([obj for obj, _, _ in CASES.values()], "kstatus")]

    assert dict(zip(CASES, statuses, strict=True)) == {name: case[2] for name, case in CASES.items()}


def test_every_kind_is_judged_by_its_ready_condition(script: Path) -> None:
    """With an empty spec, some kinds are ready and others can't be used."""
    objects = [answered(parent(controller.parent, "any", {})) for controller in CONTROLLERS]
    ready = [
        condition["status"]
        for obj in objects
        for condition in obj["status"]["conditions"]
        if condition["type"] == "Ready"
    ]

    lua, kstatus = ([status for status, _ in judged(objects, *how)] for how in (("lua", script), ("kstatus",)))

    assert len(ready) == len(CONTROLLERS)
    assert lua == ["Healthy" if status == "True" else "Degraded" for status in ready]
    assert kstatus == ["Current" if status == "True" else "InProgress" for status in ready]


def test_every_verdict_is_in_the_pages_tables() -> None:
    text = PAGE.read_text()
    told = set(re.findall(r"(?<=\| )(Healthy|Progressing|Suspended|Degraded|Current|InProgress|Terminating)", text))

    assert told == {verdict for _, *verdicts in CASES.values() for verdict in verdicts} | {"Suspended"}


def test_the_pages_manifests_are_of_these_kinds() -> None:
    kinds = {
        manifest["kind"]
        for heading in ("Argo CD", "Flux")
        for block in blocks(heading, "yaml", PAGE)
        for manifest in yaml.safe_load_all(block)
    }

    assert kinds == {"ConfigMap", "Application", "Kustomization"}


def test_both_tools_name_an_image_in_place_of_the_repositorys() -> None:
    """Applied as it is, the folder's Deployment has an image that no registry has."""
    manifests = [
        manifest
        for heading in ("Argo CD", "Flux")
        for block in blocks(heading, "yaml", PAGE)
        for manifest in yaml.safe_load_all(block)
        if manifest["metadata"]["name"] == "toolhive-hooks"
    ]
    [built] = yaml.safe_load((ROOT / "metacontroller/kustomization.yaml").read_text())["images"]

    application, kustomization = [manifest["spec"] for manifest in manifests]
    released = "ghcr.io/OWNER/toolhive-hooks"
    tag = application["source"]["targetRevision"].removeprefix("v")
    assert application["source"]["kustomize"]["images"] == [f"{built['name']}={released}:{tag}"]
    assert kustomization["images"] == [{"name": built["name"], "newName": released, "newTag": tag}]
