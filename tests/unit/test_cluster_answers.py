"""`migrate` and `diff` where what answers is no API server, or hasn't what they ask for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hooks.api.crd import crds
from hooks.api.kinds import RESOURCES
from tests.answering import answering
from tests.old_operator import run

pytestmark = pytest.mark.slow

NO_CRD = "CustomResourceDefinition mcpservers.toolhive.stacklok.dev isn't installed: there are no MCPServers"
CRD_OF_ANOTHER_VERSION = {
    "metadata": {"name": "mcpservers.toolhive.stacklok.dev"},
    "spec": {"versions": [{"name": "v1alpha1", "served": True, "storage": True}]},
}
OURS = {
    f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}": (200, json.dumps(crd))
    for crd in crds()
}
"""An API server with our CRDs."""


@pytest.mark.parametrize("command", ["migrate", "diff"])
@pytest.mark.parametrize("answer", ["null", "[]", "1", "<html>"])
def test_an_answer_of_no_api_server_ends_the_command(tmp_path: Path, command: str, answer: str) -> None:
    with answering(tmp_path, {"": (200, answer)}) as (kubeconfig, host):
        result = run(command, kubeconfig)

    text = f"toolhive-hooks: {host} doesn't answer as an API server\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", text)


@pytest.mark.parametrize(("command", "told"), [("migrate", "refused"), ("diff", "toolhive-hooks")])
def test_without_our_kinds_nothing_is_compared_or_migrated(tmp_path: Path, command: str, told: str) -> None:
    with answering(tmp_path, {"/apis/apps": (200, "{}"), "/apis/coordination": (200, "{}")}) as (kubeconfig, _):
        result = run(command, kubeconfig)

    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"{told}: {NO_CRD}\n")


def test_a_crd_that_serves_another_version_ends_the_comparison(tmp_path: Path) -> None:
    with answering(tmp_path, {"": (200, json.dumps(CRD_OF_ANOTHER_VERSION))}) as (kubeconfig, _):
        result = run("diff", kubeconfig, "-A")

    faults = [
        f"CustomResourceDefinition mcpservers.toolhive.stacklok.dev doesn't serve v1beta1, as which these hooks read "
        f"{kind.kind}: put their own in place, and then run this again: kubectl apply -k crds/"
        for kind in RESOURCES
        if kind.api_version.endswith("/v1beta1")
    ]
    text = f"toolhive-hooks: {'; '.join(faults)}\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", text)


def test_children_that_cannot_be_listed_are_not_taken_for_none(tmp_path: Path) -> None:
    """A path that isn't served is 404, as an object is that doesn't exist."""
    servers = {"items": [{"metadata": {"name": "demo", "namespace": "team"}, "spec": {"image": "i"}}]}
    answers = {
        **OURS,
        "/apis/toolhive.stacklok.dev/v1beta1/mcpservers": (200, json.dumps(servers)),
    }
    with answering(tmp_path, answers) as (kubeconfig, host):
        result = run("diff", kubeconfig, "-A")

    text = f"toolhive-hooks: {host} doesn't answer as an API server\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", text)


def test_a_list_of_nothing_is_empty(tmp_path: Path) -> None:
    """Some answer `items: null`."""
    answers = {**OURS, "": (200, '{"items": null}')}
    with answering(tmp_path, answers) as (kubeconfig, _):
        compared, migrated = run("diff", kubeconfig, "-A"), run("migrate", kubeconfig, "-n", "slip")

    assert (compared.returncode, compared.stdout, compared.stderr) == (0, "", "note: no MCPServer in the cluster\n")
    assert (migrated.returncode, migrated.stdout) == (0, "nothing to change\n")
    assert migrated.stderr.splitlines() == [
        "note: only one namespace is taken over, and Metacontroller works in all. In the others it releases every "
        "server's children, and deletes none. Run this without -n before you start the hooks",
        "note: no MCPServer in namespace slip",
    ]
