"""Each example, applied as its README says, on a real cluster: what it says is there, and what render prints."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.controlplane import WatchLog, eventually
from tests.controlplane.fixtures import namespace_for
from tests.e2e.installation import Installation
from tests.e2e.rendered import compare, rendered
from tests.examples import APPLIED, ROOT, Command, commands, name, readme

pytestmark = pytest.mark.e2e

VARIABLE = re.compile(r'"\$(\w+)"')
"""A variable in a command of a README, for what its reader has."""


class Example(NamedTuple):
    """An example that was applied as its README says."""

    folder: Path
    namespace: str
    installation: Installation

    def kubectl(self, line: str) -> str:
        """What a line of the README prints here: run from the repository's root, in this example's namespace."""
        line = VARIABLE.sub(lambda variable: f"the-reader-has-this-{variable[1].lower()}", line)
        arguments = [ROOT / word if word.startswith("examples/") else word for word in shlex.split(line)[1:]]
        return self.installation.cluster.kubectl(*arguments, "-n", self.namespace).stdout


@pytest.fixture(scope="module", params=APPLIED, ids=name)
def example(installation: Installation, request: pytest.FixtureRequest) -> Iterator[Example]:
    """Each example, applied; deployed once for all tests here."""
    with namespace_for(installation.cluster, request.param.name) as namespace:
        applied = Example(request.param, namespace, installation)
        for command in said(applied, "create", "apply"):
            applied.kubectl(command.line)
        yield applied


def said(example: Example, *verbs: str) -> list[Command]:
    """The README's kubectl commands with these verbs; gitops/staging is applied as its README says of production."""
    text = readme(example.folder).read_text().replace("gitops/production", name(example.folder))
    return [command for command in commands(text) if command.line.startswith(tuple(f"kubectl {v} " for v in verbs))]


def cells(table: str, namespace: str) -> list[list[str]]:
    """What kubectl prints, less how wide it is and how old things are, as if in the namespace of the README."""
    rows = [
        re.split(r"\s{2,}", line.rstrip()) for line in table.replace(f".{namespace}.svc", ".default.svc").splitlines()
    ]
    assert rows[0][-1] == "AGE"
    return [row[:-1] for row in rows if row != [""]]


def test_kubectl_get_shows_what_the_readme_says(example: Example) -> None:
    lines = said(example, "get")

    def as_said() -> bool:
        for line, output in lines:
            assert cells(example.kubectl(line), example.namespace) == cells(output, example.namespace), line
        return True

    assert lines
    eventually(as_said)


def test_render_prints_what_the_cluster_holds(example: Example) -> None:
    cluster = example.installation.cluster
    given = example.kubectl(f"kubectl create -f examples/{name(example.folder)} --dry-run=client -o yaml")
    secrets = {"apiVersion": "v1", "kind": "List", "items": cluster.objects("v1/Secret", example.namespace)}

    objects = rendered(f"{given}\n---\n{json.dumps(secrets)}")

    def settled() -> bool:
        for printed in objects:
            kind = f"{printed['apiVersion']}/{printed['kind']}"
            held = cluster.get(kind, printed["metadata"]["name"], example.namespace)
            assert held is not None, f"{kind} {printed['metadata']['name']} is not in the cluster"
            compare(held, printed)
        return True

    eventually(settled)


@pytest.mark.parametrize(
    ("what", "patch"),
    [
        ("mcpoidcconfig/company", {"spec": {"inline": {"issuer": "https://login.example.com"}}}),
        ("mcpexternalauthconfig/github", {"spec": {"tokenExchange": {"audience": "https://ghe.example.com"}}}),
        ("secret/github-oauth", {"stringData": {"client-secret": "an0ther-s3cr3t"}}),
    ],
    ids=["MCPOIDCConfig", "MCPExternalAuthConfig", "Secret"],
)
def test_an_edit_of_what_servers_share_rolls_each_once(
    installation: Installation, namespace: str, what: str, patch: dict[str, Any]
) -> None:
    cluster = installation.cluster
    installation.deploy(namespace, ROOT / "examples/shared-config")

    def rollouts(log: WatchLog) -> list[int]:
        return [log.rollouts(name) for name in ("github-readers", "github-writers")]

    with WatchLog(cluster, ["apps/v1/Deployment"], namespace) as log:
        log.wait_quiet(1)
        cluster.kubectl("patch", *what.split("/"), "-n", namespace, "--type=merge", "-p", json.dumps(patch))
        eventually(lambda: rollouts(log) == [1, 1])
        log.wait_quiet(1)

    assert rollouts(log) == [1, 1]
