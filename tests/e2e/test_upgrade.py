"""docs/upgrading.md: from release 0.1.0 to this one and back, with servers of every old form running."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.controlplane.assets import ROOT
from tests.controlplane.controlplane import KubectlError
from tests.controlplane.fixtures import apply_our_crds
from tests.e2e.conftest import whole_cluster
from tests.e2e.installation import CHILD_KINDS, TOOLHIVE, Installation, installed, manifests, serve
from tests.e2e.old_release import CRDS, OldRelease, controllers, old_release
from tests.e2e.page import blocks, run
from tests.e2e.relay import Fault, Relay
from tests.reference.cases import CASES, inputs

pytestmark = pytest.mark.e2e

GROUP = "toolhive.stacklok.dev"
PARENTS = tuple(f"{TOOLHIVE}/{kind}" for kind in ("MCPServer", "MCPExternalAuthConfig", "MCPToolConfig"))
FEW = ["token-exchange", "tool-config", "oidc-inline", "telemetry"]
PAGE = ROOT / "docs/upgrading.md"
HARM_SECONDS = 5
"""In these a step that is taken too early would do its harm."""


class Upgrade(NamedTuple):
    """A cluster of release 0.1.0, and the steps to this one."""

    cluster: ControlPlane
    relay: Relay
    old: OldRelease

    def crds(self) -> None:
        """Apply today's CRDs."""
        apply_our_crds(self.cluster)

    def hooks(self) -> None:
        """End the old hooks, then start today's: the Deployment's strategy is Recreate."""
        self.cluster.processes["old hooks"].stop(grace=30)
        self.relay.target = serve(self.cluster, "hooks").port

    def controllers(self) -> None:
        """Apply today's CompositeControllers, and wait until Metacontroller has started each."""
        self.cluster.kubectl("apply", "-f", "-", input=manifests(self.cluster, self.relay.port))


@contextmanager
def release_0_1(folder: Path, metacontroller: Path, cases: list[str]) -> Iterator[Upgrade]:
    """A cluster with release 0.1.0 and the servers of these cases, each in a namespace of its own, running."""
    (folder / "old").mkdir()
    old = old_release(folder / "old")
    with (
        whole_cluster(folder, metacontroller=metacontroller, crds=CRDS) as cluster,
        Relay(old.serve(cluster, "old hooks").port).running() as relay,
    ):
        cluster.kubectl("apply", "-f", "-", input=controllers(relay.port))
        for case in cases:
            cluster.kubectl("create", "namespace", namespace_of(case))
            text = "\n---\n".join(json.dumps(obj) for obj in inputs(case))
            cluster.kubectl("apply", "-n", namespace_of(case), "-f", "-", input=text)
        eventually(lambda: phases(cluster, cases) == dict.fromkeys(cases, "Running"))
        yield Upgrade(cluster, relay, old)


def namespace_of(case: str) -> str:
    """The namespace of a case's servers."""
    return f"up-{case}"


def phases(cluster: ControlPlane, cases: list[str]) -> dict[str, str]:
    """The phase of each case's server."""
    return {
        case: server.get("status", {}).get("phase", "")
        for case in cases
        for server in cluster.objects(PARENTS[0], namespace_of(case))
    }


def identities(cluster: ControlPlane) -> dict[str, str]:
    """The uid of every parent and child, by kind, namespace and name."""
    return {
        f"{kind.rpartition('/')[2]} {obj['metadata']['namespace']}/{obj['metadata']['name']}": obj["metadata"]["uid"]
        for kind in (*PARENTS, *CHILD_KINDS)
        for obj in cluster.objects(kind)
        if obj["metadata"]["namespace"].startswith("up-")
    }


def users(config: dict[str, Any]) -> set[str]:
    """The servers that a config's status names: release 0.1.0 wrote names alone, now they come with kinds."""
    found = config.get("status", {}).get("referencingServers") or []
    return {user["name"] if isinstance(user, dict) else user for user in found}


@contextmanager
def nothing_is_lost(upgrade: Upgrade) -> Iterator[WatchLog]:
    """Over a block: same uids, no child deleted, references and finalizers always there, one rollout each at most."""
    before = identities(upgrade.cluster)
    watched = ("Deployment", "StatefulSet", "Service", "ConfigMap", "ServiceAccount", "Role", "RoleBinding")
    with WatchLog(upgrade.cluster, [*PARENTS, *CHILD_KINDS], relist=True) as log:
        yield log
        log.wait_quiet(3)
        after = identities(upgrade.cluster)
        assert {key: after.get(key) for key in before} == before
        assert [str(event) for event in log.events(type="DELETED") if event.kind in watched] == []
        configs = [obj for obj in log.initial if obj["kind"] in ("MCPExternalAuthConfig", "MCPToolConfig")]
        for config in configs:
            name, namespace = config["metadata"]["name"], config["metadata"]["namespace"]
            for event in log.events(config["kind"], name):
                if event.namespace == namespace:
                    assert users(event.object) == users(config), event
                    assert event.object["metadata"]["finalizers"] == config["metadata"]["finalizers"], event
        assert {key: count for key, count in rollouts(log).items() if count > 1} == {}


def rollouts(log: WatchLog) -> dict[str, int]:
    """How often each Deployment's pod template changed, by namespace/name."""
    templates: dict[str, list[Any]] = {}
    objects = [*log.initial, *(event.object for event in log.events("Deployment"))]
    for obj in objects:
        if obj["kind"] == "Deployment":
            seen = templates.setdefault(f"{obj['metadata']['namespace']}/{obj['metadata']['name']}", [])
            if not seen or seen[-1] != obj["spec"]["template"]:
                seen.append(obj["spec"]["template"])
    return {key: len(seen) - 1 for key, seen in templates.items()}


def all_are(upgrade: Upgrade, phase: str, cases: list[str]) -> None:
    """Wait until each server is in a phase."""
    eventually(lambda: phases(upgrade.cluster, cases) == dict.fromkeys(cases, phase), timeout=180)


def test_upgraded_in_the_documented_order_and_back(tmp_path: Path, metacontroller: Path) -> None:
    with release_0_1(tmp_path, metacontroller, CASES) as upgrade:
        with nothing_is_lost(upgrade):
            upgrade.crds()
            with upgrade.relay.failing(Fault(answer=(503, b""))):  # the hooks are away while the new ones start
                upgrade.controllers()
                upgrade.hooks()
            all_are(upgrade, "Ready", CASES)

        [rewrite] = blocks("Stored versions", page=PAGE)
        run(upgrade.cluster, rewrite, timeout=300)
        crds = upgrade.cluster.objects("apiextensions.k8s.io/v1/CustomResourceDefinition")
        ours = {c["metadata"]["name"]: c["status"]["storedVersions"] for c in crds if "toolhive" in c["spec"]["group"]}
        assert {name for name, stored in ours.items() if stored != ["v1beta1"]} == {
            "mcpwebhookconfigs.toolhive.stacklok.dev"
        }

        with pytest.raises(KubectlError, match="storedVersions"):
            upgrade.cluster.kubectl("apply", *(f"--filename={path}" for path in CRDS))
        with nothing_is_lost(upgrade):
            with upgrade.relay.failing(Fault(answer=(503, b""))):
                upgrade.cluster.kubectl("apply", "-f", "-", input=controllers(upgrade.relay.port))
                upgrade.relay.target = upgrade.old.serve(upgrade.cluster, "old hooks again").port
            all_are(upgrade, "Running", CASES)


@pytest.mark.parametrize(
    "steps",
    [
        (Upgrade.hooks, Upgrade.controllers, Upgrade.crds),
        (Upgrade.controllers, Upgrade.crds, Upgrade.hooks),
        (Upgrade.crds, Upgrade.hooks, Upgrade.controllers),
    ],
    ids=lambda steps: " ".join(step.__name__ for step in steps),
)
def test_upgraded_in_another_order(
    tmp_path: Path, metacontroller: Path, steps: tuple[Callable[[Upgrade], None], ...]
) -> None:
    """Each step is given time to do harm: what it can't serve must wait. Metacontroller is made to look again."""
    with release_0_1(tmp_path, metacontroller, FEW) as upgrade, nothing_is_lost(upgrade):
        for step in steps:
            step(upgrade)
            time.sleep(HARM_SECONDS)  # not a wait for something: nothing may happen
        _, look_again = blocks("Order", page=PAGE)
        if steps.index(Upgrade.controllers) < steps.index(Upgrade.crds):
            run(upgrade.cluster, look_again)
        all_are(upgrade, "Ready", FEW)


def test_another_crd_that_hides_old_fields_opens_no_server(tmp_path: Path, metacontroller: Path) -> None:
    """ToolHive 0.44's CRDs have the same names: applied over ours by mistake, they hide the fields of October 2025."""
    ways = {"applied": ("apply",), "server-side": ("apply", "--server-side"), "by-update": ("create",)}
    with whole_cluster(tmp_path, metacontroller=metacontroller) as cluster, installed(cluster) as hooks:
        text = "\n---\n".join(json.dumps(obj) for obj in inputs("oidc-inline"))
        for way, command in ways.items():
            cluster.kubectl("create", "namespace", way)
            cluster.kubectl(*command, "-n", way, "-f", "-", input=text)
        eventually(lambda: are_ready(hooks, ways))
        with WatchLog(cluster, ["apps/v1/Deployment", "v1/ConfigMap"]) as log:
            log.wait_quiet(1)
            crd = yaml.safe_load((ROOT / f"crds/{GROUP}_mcpservers.yaml").read_text())
            cluster.kubectl("apply", "-f", "-", input=json.dumps(without_old_fields(crd)))
            eventually(lambda: "oidcConfig" not in hooks.server("applied", "oidc-inline")["spec"])
            assert hooks.relay is not None
            calls = hooks.relay.position()
            for way, args in itertools.product(ways, ('["-v"]', "null")):  # two new generations, and nothing new to do
                edit = f'{{"spec": {{"args": {args}}}}}'
                cluster.kubectl("patch", "mcpserver", "oidc-inline", "-n", way, "--type=merge", "-p", edit)
            eventually(lambda: len({call.parent for call in hooks.relay.calls(since=calls)}) == len(ways))
            log.wait_quiet(2)

            apply_our_crds(cluster)
            for way, command in ways.items():
                again = ("replace",) if command == ("create",) else command
                cluster.kubectl(*again, "-n", way, "-f", "-", input=text)
            eventually(lambda: are_ready(hooks, ways))
            log.wait_quiet(2)
            assert log.events("ConfigMap") == []
            assert [count for count in rollouts(log).values() if count] == []


def are_ready(hooks: Installation, namespaces: Iterable[str]) -> bool:
    """Whether the server of each namespace is Ready."""
    servers = [hooks.server(namespace, "oidc-inline") for namespace in namespaces]
    return all(server.get("status", {}).get("phase") == "Ready" for server in servers)


def without_old_fields(crd: dict[str, Any]) -> dict[str, Any]:
    """A CRD that knows as little of October 2025 as ToolHive 0.44's, and gives each spec its proxyPort."""
    for version in crd["spec"]["versions"]:
        spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
        spec.pop("x-kubernetes-validations", None)
        for field in ("oidcConfig", "port", "targetPort", "telemetry", "tools"):
            del spec["properties"][field]
        spec["properties"]["proxyPort"]["default"] = 8080
    return crd
