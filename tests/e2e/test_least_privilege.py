"""A Metacontroller with the rights of components/least-privilege alone: it can do all that it has to, and needs all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks.controllers import CONTROLLERS
from hooks.proxy.rbac import RULES
from tests.controlplane import ControlPlane, eventually
from tests.controlplane.assets import ROOT
from tests.e2e.backend import start_backend
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation, installed
from tests.e2e.relay import Fault
from tests.e2e.taken_names import TAKEN, gains_nothing
from tests.remote import remote
from tests.world import authz_config, group, oidc_config, telemetry_config, webhook_config

pytestmark = pytest.mark.e2e

EXAMPLE = ROOT / "examples/token-exchange"
COMPONENTS = ROOT / "metacontroller/components"
COMPONENT = COMPONENTS / "least-privilege"
USER = "metacontroller-restricted"
AUDIT = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": [USER]}, {"level": "None"}],
}
OTHERS = [oidc_config(), authz_config(), telemetry_config(), webhook_config(), group(), remote()]
"""One of each kind that the example doesn't have."""
Right = tuple[str, str, str]
"""API group, resource with subresource, verb."""


def rights(rules: list[dict[str, Any]]) -> set[Right]:
    """What rules grant, one by one."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.fixture(scope="module")
def role() -> dict[str, Any]:
    """The ClusterRole."""
    return yaml.safe_load((COMPONENT / "clusterrole.yaml").read_text())


@pytest.fixture(scope="module")
def audit_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the API server writes what Metacontroller asks for."""
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, metacontroller: Path, role: dict[str, Any], audit_log: Path
) -> Iterator[ControlPlane]:
    """A cluster whose Metacontroller has our ClusterRole and nothing else; OpenShift is as strict about owners."""
    policy = audit_log.with_name("policy.yaml")
    policy.write_text(yaml.safe_dump(AUDIT))
    flags = (
        f"--audit-policy-file={policy}",
        f"--audit-log-path={audit_log}",
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
    )
    binding = yaml.safe_load((COMPONENT / "clusterrolebinding.yaml").read_text())
    binding["subjects"] = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}]
    with whole_cluster(tmp_path_factory.mktemp("least-privilege"), *flags) as running:
        running.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([role, binding]))
        running.metacontroller(metacontroller, user=USER)
        yield running


@pytest.fixture(scope="module")
def least(cluster: ControlPlane) -> Iterator[Installation]:
    """The hooks, installed there; their webhooks name a token, so that Metacontroller has to read a Secret itself."""
    with installed(cluster) as running:
        cluster.kubectl(
            "create", "secret", "generic", "toolhive-hooks-auth", "-n", "toolhive-hooks", "--from-literal=token=t"
        )
        for controller in CONTROLLERS:
            patch = COMPONENTS / "auth/webhooks.yaml"
            cluster.kubectl("patch", "compositecontroller", controller.slug, "--type=json", "--patch-file", patch)
        yield running


def used(audit_log: Path) -> set[Right]:
    """What the API server was asked for by Metacontroller; fails where it said no."""
    asked = set()
    for line in audit_log.read_text().splitlines():
        event = json.loads(line)
        assert event["responseStatus"]["code"] not in {401, 403}, event
        reference = event.get("objectRef")  # discovery has none
        if reference:
            resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
            group, verb = reference.get("apiGroup", ""), event["verb"]
            # A watch of this API server begins with what there is; of one that can't do that, the same client lists.
            asked |= {(group, resource, each) for each in (("list", "watch") if verb == "watch" else (verb,))}
    return asked


def put_right_again(cluster: ControlPlane, namespace: str) -> None:
    """Spoil each child, and wait until Metacontroller has put it right."""
    kinds = [kind for kind in CHILD_KINDS if kind != "apps/v1/StatefulSet"]
    before = {kind: cluster.objects(kind, namespace) for kind in kinds}
    note = "metacontroller.k8s.io/last-applied-configuration"
    spoil = json.dumps({"metadata": {"annotations": {note: None}}})
    for kind, objects in before.items():
        for obj in objects:
            plain = kind.rpartition("/")[2].lower()
            cluster.kubectl("patch", plain, obj["metadata"]["name"], "-n", namespace, "--type=merge", "-p", spoil)

    def right() -> bool:
        left = [
            f"{kind} {obj['metadata']['name']}"
            for kind in kinds
            for obj in cluster.objects(kind, namespace)
            if note not in (obj["metadata"].get("annotations") or {})
        ]
        assert left == []
        return True

    assert all(before.values())
    eventually(right)


def everything_gone(least: Installation, namespace: str) -> bool:
    left = [
        f"{controller.parent.kind}/{obj['metadata']['name']}"
        for controller in CONTROLLERS
        for obj in least.cluster.objects(f"{TOOLHIVE}/{controller.parent.kind}", namespace)
    ]
    assert left + least.children(namespace) == []
    return True


def test_our_role_is_what_metacontroller_needs(
    least: Installation, namespace: str, role: dict[str, Any], audit_log: Path
) -> None:
    """The main job and all repairs, nothing refused, nothing stuck; and no right is left that was not used.

    Rights beside those that were asked for: what the Role of each server grants, since RBAC lets a user grant only
    rights that it has; and `finalizers`, which admission asks for (see the next test).
    """
    cluster = least.cluster
    tools = {"apiVersion": TOOLHIVE, "kind": "MCPToolConfig", "metadata": {"name": "few"}}
    tools["spec"] = {"toolsFilter": ["forecast"]}
    others = [{**config, "metadata": {"name": config["metadata"]["name"]}} for config in OTHERS]
    manifests = {"apiVersion": "v1", "kind": "List", "items": [tools, *others]}
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(manifests))
    least.deploy(namespace, EXAMPLE)
    edit = json.dumps({"spec": {"toolConfigRef": {"name": "few"}}})
    cluster.kubectl("patch", "mcpserver", "weather", "-n", namespace, "--type=merge", "-p", edit)
    start_backend(cluster, namespace)
    put_right_again(cluster, namespace)
    _fail_twice(least, namespace)

    names = ["mcpserver/weather", "mcpexternalauthconfig/weather-api", "mcptoolconfig/few", "mcpoidcconfig/company"]
    names += [f"{config['kind'].lower()}/{config['metadata']['name']}" for config in OTHERS]
    cluster.kubectl("delete", "-n", namespace, *names, "--wait=false")
    eventually(lambda: everything_gone(least, namespace))

    granted, asked, lent = rights(role["rules"]), used(audit_log), rights(RULES)
    assert asked - granted == set()
    assert granted - asked - lent == {
        ("toolhive.stacklok.dev", f"{workload}/finalizers", "update") for workload in ("mcpservers", "mcpremoteproxies")
    }
    assert lent <= granted
    assert "forbidden" not in cluster.processes["metacontroller"].log.read_text().lower()


def _fail_twice(least: Installation, namespace: str) -> None:
    """Calls fail for a while: Metacontroller writes an Event, and counts it up."""

    def counted() -> bool:
        events = least.cluster.objects("v1/Event", namespace)
        assert max((event.get("count") or 0 for event in events if event["reason"] == "SyncError"), default=0) > 1
        return True

    with least.relay.failing(Fault(answer=(503, b""))):
        least.cluster.kubectl("label", "mcpserver", "weather", "-n", namespace, "again=1")
        eventually(counted)


def test_without_the_right_to_finalizers_no_child_could_be_made(least: Installation) -> None:
    """Where admission enforces it, whoever blocks an owner's deletion may write the owner's finalizers."""

    def child_of(kind: str) -> str:
        owner = {"apiVersion": TOOLHIVE, "kind": kind, "name": "x", "uid": "1", "blockOwnerDeletion": True}
        metadata = {"name": f"of-{kind.lower()}", "ownerReferences": [owner]}
        child = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        made = least.cluster.kubectl("create", "-f", "-", input=json.dumps(child), user=USER, check=False)
        return made.stderr

    assert child_of("MCPServer") == ""
    assert "cannot set blockOwnerDeletion" in child_of("MCPToolConfig")


@pytest.mark.parametrize("theirs", TAKEN.values(), ids=TAKEN)
def test_a_tenant_gains_nothing_by_an_administrators_name(
    least: Installation, namespace: str, theirs: list[dict[str, Any]]
) -> None:
    gains_nothing(least, namespace, theirs)
