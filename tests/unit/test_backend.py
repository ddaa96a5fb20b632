"""The MCP server behind the proxy: Ready means that callers are served, through a server's whole life."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.kubernetes.kinds import POD, STATEFUL_SET
from hooks.kubernetes.objects import Object
from tests.world import CONFIG, NOT_ACTIVE, OPEN, condition, deleting, made, pod, running, server, stamped, sync

UNREAD = replace(CONFIG, read_pods=False)
UNSEEN = "its pods aren't looked at (TOOLHIVE_HOOKS_READ_PODS is false), so only Deployment and StatefulSet count"
REVISION = "controller-revision-hash"
PROXY = pod("proxy", "demo")
NO_PROXY = pod("proxy", "demo", ready=False)
OWN = pod("demo-0", "demo", app="demo")
DESCRIBE = "kubectl describe pods -l app=demo,toolhive-name=demo -n team-a"
WHERE = "kubectl get pods -l app=demo,toolhive-name=demo -n team-a -o wide"
LOGS = "kubectl logs statefulset/demo -n team-a -c"


def stateful_set(replicas: int = 1, ready: int = 0, **status: Any) -> Object:
    counts = {"replicas": replicas, **({"readyReplicas": ready} if ready else {}), **status}
    return made(STATEFUL_SET, "demo", spec={"replicas": replicas}, status=counts)


def own(*containers: Object, labels: Object | None = None, spec: Object | None = None, **status: Any) -> Object:
    """A pod of the MCP server that isn't ready."""
    metadata = {key: OWN["metadata"][key] for key in ("labels", "ownerReferences")}
    metadata["labels"] = {**metadata["labels"], **(labels or {})}
    states = [{"name": "mcp", "image": "example.test/mcp:1", "ready": False, **each} for each in containers]
    status = {"phase": "Pending", **({"containerStatuses": states} if states else {}), **status}
    return made(POD, "demo-0", metadata=metadata, spec=spec or {}, status=status)


def proxy(container: Object) -> Object:
    states = [{"name": "toolhive", "image": "example.test/proxy:1", "ready": False, **container}]
    metadata = {key: PROXY["metadata"][key] for key in ("labels", "ownerReferences")}
    return made(POD, "proxy", metadata=metadata, status={"phase": "Running", "containerStatuses": states})


def waiting(reason: str) -> Object:
    return {"state": {"waiting": {"reason": reason}}}


def status(
    *objects: Object, remembered: bool = False, replicas: int = 1, config: Any = CONFIG, **fields: Any
) -> Object:
    """The status of a server of which all this is seen; its own status may say that it had a StatefulSet once."""
    owner = server(transport="sse", **fields)
    if remembered:
        before = sync(owner, [*running(owner), stateful_set(ready=1)], [PROXY, OWN])
        assert condition(before, "BackendReady")
        owner = {**owner, "status": before["status"]}
    children = [obj for obj in objects if obj["kind"] == STATEFUL_SET.kind]
    for obj in running(owner):
        if obj["kind"] == "Deployment":
            obj["spec"]["replicas"] = replicas
            obj["status"] = {"replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas}
        children.append(obj)
    answer = sync(owner, children, [obj for obj in objects if obj["kind"] == POD.kind], config=config)
    found: Object = answer["status"]
    return found


def shown(found: Object) -> tuple[str, str, str]:
    """Phase, reason and message: those of Ready, which is True exactly where the phase is Ready."""
    [ready] = [each for each in found["conditions"] if each["type"] == "Ready"]
    assert ready["status"] == ("True" if found["phase"] == "Ready" else "False")
    assert ready["message"] == found["message"]
    return found["phase"], ready["reason"], ready["message"]


def of_backend(found: Object) -> tuple[str, str, str] | None:
    return condition({"status": found}, "BackendReady")


SERVED = ("Ready", "Ready", "MCP server is running")
CANT_PULL = "MCP server can't pull image 'example.test/mcp:1': check its name, and the pull secrets for its registry"


def test_before_a_statefulset_was_seen_the_proxy_alone_counts() -> None:
    found = status(PROXY)

    assert (shown(found), of_backend(found)) == (SERVED, None)


def test_each_step_of_a_first_start_has_its_message() -> None:
    starts = ("Pending", "PodsNotReady", "MCP server is starting")
    runs = {"state": {"running": {"startedAt": "x"}}}

    assert shown(status()) == ("Pending", "NoPods", "No pods found for MCP server")
    assert shown(status(proxy({}))) == (
        "Pending",
        "ContainerCreating",
        "Proxy waits for its containers to be created: if that lasts, "
        "`kubectl describe pods -l app=mcpserver,toolhive-name=demo -n team-a` tells why",
    )
    assert shown(status(proxy(runs))) == (
        *starts[:2],
        f"{starts[2]}: its proxy runs, and does not answer its readiness probe yet",
    )
    assert shown(status(proxy(runs), stateful_set(0) | {"spec": {"replicas": 1}})) == (
        "Pending",
        "NoPods",
        "MCP server is starting: its StatefulSet has no pod yet; if that lasts: "
        "kubectl describe statefulset/demo -n team-a",
    )
    assert shown(status(proxy(runs), stateful_set(), own(waiting("ContainerCreating")))) == (
        "Pending",
        "ContainerCreating",
        f"MCP server waits for its containers to be created: if that lasts, `{DESCRIBE}` tells why",
    )
    assert shown(status(proxy(runs), stateful_set(), own(runs))) == (
        *starts[:2],
        f"{starts[2]}: its container runs, and is not ready yet: {LOGS} mcp",
    )
    assert shown(status(PROXY, stateful_set(ready=1), OWN)) == SERVED


def test_the_whole_status_of_a_server_whose_own_pod_fails() -> None:
    failed = ("False", "ImagePullBackOff", CANT_PULL)

    assert status(PROXY, stateful_set(), own(waiting("ErrImagePull"))) == {
        "phase": "Failed",
        "message": CANT_PULL,
        "url": "http://mcp-demo-proxy.team-a.svc.cluster.local:8080/sse#demo",
        "readyReplicas": 1,
        "observedGeneration": 1,
        "conditions": stamped(
            ("Ready", *failed),
            ("Valid", "True", "Valid", "The spec is valid"),
            ("BackendReady", *failed),
            OPEN,
            *NOT_ACTIVE,
        ),
    }


LAST = {"terminated": {"exitCode": 0, "reason": "Completed"}}
VAULT = {"name": "vault-agent-init", "image": "vault:1", "ready": False, "restartCount": 0}
INITIALIZING = {"state": {"waiting": {"reason": "PodInitializing"}}}


def init(container: Object, **spec: Any) -> Object:
    initial = {**VAULT, **container}
    return own(
        INITIALIZING, spec={"initContainers": [{"name": VAULT["name"], **spec}]}, initContainerStatuses=[initial]
    )


def unscheduled(reason: str, message: str = "") -> Object:
    return own(conditions=[{"type": "PodScheduled", "status": "False", "reason": reason, "message": message}])


def lost_since_a_minute() -> Object:
    """As the node controller leaves a pod whose node went silent: it changes the status of Ready, and nothing else."""
    conditions = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]
    return own({"ready": True, "state": {"running": {"startedAt": "x"}}}, phase="Running", conditions=conditions)


def lost_since_an_hour() -> Object:
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager"}
    return deleting(own(phase="Running", conditions=[{"type": "Ready", "status": "False"}, disrupted]))


LOST = f"MCP server pod is on a node that does not answer: `{WHERE}` shows it; repair it, or delete the Node"
STOPS = (
    "Pending",
    "PodsNotReady",
    f"MCP server is starting: its old pod is still stopping; if that lasts, its node may be lost: {WHERE}",
)
CAUSES: dict[str, tuple[Object, tuple[str, str, str]]] = {
    "an image": (own(waiting("ImagePullBackOff")), ("Failed", "ImagePullBackOff", CANT_PULL)),
    "a crash": (
        own({**waiting("CrashLoopBackOff"), "lastState": {"terminated": {"exitCode": 3}}, "restartCount": 1}),
        (
            "Failed",
            "CrashLoopBackOff",
            f"MCP server container 'mcp' keeps ending with exit code 3: {LOGS} mcp --previous",
        ),
    ),
    "a server that ends well, and shouldn't": (
        own({"state": LAST, "restartCount": 4}),
        (
            "Failed",
            "CrashLoopBackOff",
            f"MCP server container 'mcp' keeps ending with exit code 0: {LOGS} mcp --previous",
        ),
    ),
    "memory": (
        own({"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "restartCount": 2}),
        (
            "Failed",
            "OOMKilled",
            "MCP server container 'mcp' was killed because it exceeded its memory limit: raise the limit",
        ),
    ),
    "a missing key": (
        own(
            {
                "state": {
                    "waiting": {
                        "reason": "CreateContainerConfigError",
                        "message": "couldn't find key token in Secret team-a/api",
                    }
                }
            }
        ),
        (
            "Failed",
            "CreateContainerConfigError",
            "MCP server container 'mcp' can't start: Secret 'api' has no key 'token'",
        ),
    ),
    "no node": (
        unscheduled("Unschedulable", "0/12 nodes are available: 10 Insufficient memory, 2 Insufficient cpu. x"),
        ("Pending", "Unschedulable", "MCP server fits on no node: Insufficient cpu, Insufficient memory"),
    ),
    "a gate": (
        unscheduled("SchedulingGated"),
        ("Pending", "SchedulingGated", f"MCP server pod is held back by a scheduling gate: `{DESCRIBE}` shows which"),
    ),
    "an init container that hangs": (
        init({"state": {"running": {"startedAt": "2026-11-23T12:00:00Z"}}}),
        (
            "Pending",
            "PodInitializing",
            f"MCP server waits for its init container 'vault-agent-init' to finish: {LOGS} vault-agent-init",
        ),
    ),
    "an init container that failed once": (
        init({"state": {"terminated": {"exitCode": 1}}}),
        (
            "Pending",
            "PodInitializing",
            f"MCP server waits for its init container 'vault-agent-init' to finish: {LOGS} vault-agent-init",
        ),
    ),
    "a sidecar that does not start": (
        init({"started": False, "state": {"running": {}}}, restartPolicy="Always"),
        (
            "Pending",
            "PodInitializing",
            f"MCP server waits for its init container 'vault-agent-init' to finish: {LOGS} vault-agent-init",
        ),
    ),
    "a sidecar that has started": (
        init({"started": True, "state": {"running": {}}}, restartPolicy="Always"),
        (
            "Pending",
            "ContainerCreating",
            f"MCP server waits for its containers to be created: if that lasts, `{DESCRIBE}` tells why",
        ),
    ),
    "an init container that isn't there yet": (
        init(INITIALIZING),
        (
            "Pending",
            "ContainerCreating",
            "MCP server waits for its init container 'vault-agent-init' to be created: if that lasts, "
            f"`{DESCRIBE}` tells why",
        ),
    ),
    "an init container's image": (
        init(waiting("ErrImagePull")),
        (
            "Failed",
            "ImagePullBackOff",
            "MCP server can't pull image 'vault:1': check its name, and the pull secrets for its registry",
        ),
    ),
    "an eviction": (
        own(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
        (
            "Failed",
            "Evicted",
            f"MCP server pod was evicted from its node: `{DESCRIBE}` tells what ran short there",
        ),
    ),
    "another end": (
        own(phase="Failed", reason="OutOfcpu"),
        ("Failed", "PodFailed", f"MCP server pod has ended (OutOfcpu): `{DESCRIBE}` tells more"),
    ),
    "an end without a reason": (
        own(phase="Succeeded"),
        ("Failed", "PodFailed", f"MCP server pod has ended: `{DESCRIBE}` tells more"),
    ),
    "a node that went silent": (lost_since_a_minute(), ("Failed", "NodeLost", LOST)),
    "a node that is lost": (lost_since_an_hour(), ("Failed", "NodeLost", LOST)),
    "a node that an older release calls lost": (own(phase="Running", reason="NodeLost"), ("Failed", "NodeLost", LOST)),
    "a pod that may be ready": (
        own(phase="Running", conditions=[{"type": "Ready", "status": "Unknown"}]),
        ("Failed", "NodeLost", LOST),
    ),
    "a pod of unknown phase": (own(phase="Unknown"), ("Failed", "NodeLost", LOST)),
    "a pod that stops": (deleting(OWN), STOPS),
}


@pytest.mark.parametrize(("pod_", "expected"), CAUSES.values(), ids=CAUSES)
@pytest.mark.parametrize("children", [[], [stateful_set()]], ids=["unseen", "seen"])
def test_a_server_whose_own_pod_fails_is_not_ready_behind_a_ready_proxy(
    pod_: Object, expected: tuple[str, str, str], children: list[Object]
) -> None:
    found = status(PROXY, pod_, *children)

    assert shown(found) == expected
    assert of_backend(found) == ("False", *expected[1:])


def test_a_proxy_that_crashes_for_want_of_its_mcp_server_tells_that_servers_cause() -> None:
    crashes = proxy({**waiting("CrashLoopBackOff"), "lastState": {"terminated": {"exitCode": 1}}, "restartCount": 5})

    assert shown(status(crashes, stateful_set(), own(waiting("ErrImagePull")))) == (
        "Failed",
        "ImagePullBackOff",
        CANT_PULL,
    )
    alone = "Proxy container 'toolhive' keeps ending with exit code 1: "
    alone += "kubectl logs deployment/demo -n team-a -c toolhive --previous"
    assert shown(status(crashes, stateful_set(ready=1), OWN)) == ("Failed", "CrashLoopBackOff", alone)


def test_a_proxy_that_fails_by_itself_comes_first() -> None:
    broken = proxy(waiting("InvalidImageName"))

    assert shown(status(broken, stateful_set(), own(waiting("ErrImagePull")))) == (
        "Failed",
        "InvalidImageName",
        "Proxy can't pull image 'example.test/proxy:1': check its name, and the pull secrets for its registry",
    )


def test_an_old_pod_serves_while_a_new_one_fails() -> None:
    new = own(waiting("ErrImagePull"))
    new["metadata"]["name"] = "demo-1"

    found = status(PROXY, OWN, new, stateful_set(2, ready=1))

    assert shown(found) == ("Ready", "Ready", f"MCP server is running; {CANT_PULL}")
    assert of_backend(found) == ("True", "Ready", "A pod of the MCP server is ready")


def test_an_evicted_pod_whose_place_is_taken_says_nothing() -> None:
    evicted = own(phase="Failed", reason="Evicted", conditions=[{"type": "Ready", "status": "True"}])
    evicted["metadata"]["name"] = "demo-old"
    gone = {**evicted, "metadata": {**PROXY["metadata"], "name": "proxy-old"}}

    assert shown(status(PROXY, OWN, evicted, gone, stateful_set(ready=1))) == SERVED
    assert shown(status(gone, stateful_set(ready=1), OWN)) == (
        "Failed",
        "Evicted",
        "Proxy pod was evicted from its node: `kubectl describe pods -l app=mcpserver,toolhive-name=demo -n team-a` "
        "tells what ran short there",
    )


def test_a_failed_pod_of_an_older_revision_is_told_with_the_command_that_deletes_it() -> None:
    stuck = own(waiting("ErrImagePull"), labels={REVISION: "demo-1"})

    assert shown(status(PROXY, stuck, stateful_set(updateRevision="demo-2"))) == (
        "Failed",
        "ImagePullBackOff",
        f"{CANT_PULL}; the StatefulSet has changed since, and replaces no pod that fails: "
        "kubectl delete pods -l app=demo,toolhive-name=demo -n team-a",
    )
    assert shown(status(PROXY, stuck, stateful_set(updateRevision="demo-1")))[2] == CANT_PULL


def test_a_server_that_is_scaled_to_zero_is_stopped_and_told_how_to_start() -> None:
    to_zero = "MCP server is scaled to zero: kubectl scale {}/demo --replicas=1 -n team-a"
    crashes = own({**waiting("CrashLoopBackOff"), "lastState": {"terminated": {"exitCode": 3}}})

    assert shown(status(replicas=0)) == ("Stopped", "ScaledToZero", to_zero.format("deployment"))
    assert shown(status(stateful_set(), crashes, replicas=0)) == (
        "Stopped",
        "ScaledToZero",
        to_zero.format("deployment"),
    )
    behind = status(PROXY, stateful_set(0))
    assert shown(behind) == ("Stopped", "ScaledToZero", to_zero.format("statefulset"))
    assert of_backend(behind) == ("False", "ScaledToZero", to_zero.format("statefulset"))
    assert shown(status(PROXY, stateful_set(0), config=UNREAD)) == shown(behind)
    by_spec = status(PROXY, stateful_set(0), backendReplicas=0)
    assert shown(by_spec) == ("Stopped", "ScaledToZero", "MCP server is scaled to zero: spec.backendReplicas is 0")


MISSING = (
    "StatefulSet 'demo' of the MCP server is gone, and its proxy makes it only when it starts: "
    "kubectl rollout restart deployment/demo -n team-a"
)


def test_a_statefulset_that_is_gone_is_missed() -> None:
    found = status(PROXY, remembered=True)

    assert shown(found) == ("Failed", "StatefulSetMissing", MISSING)
    assert of_backend(found) == ("False", "StatefulSetMissing", MISSING)
    assert shown(status(PROXY, remembered=True, config=UNREAD)) == ("Failed", "StatefulSetMissing", MISSING)


def test_a_proxy_that_starts_anew_makes_the_missing_statefulset() -> None:
    found = status(proxy({"state": {"running": {"startedAt": "x"}}}), remembered=True)

    assert shown(found) == (
        "Pending",
        "StatefulSetMissing",
        "MCP server is starting: its proxy makes its StatefulSet anew",
    )


def test_a_missing_statefulset_is_remembered_while_the_spec_is_wrong() -> None:
    owner = server()
    before = sync(owner, [*running(owner), stateful_set(ready=1)], [PROXY, OWN])
    wrong = server(port="no") | {"status": before["status"]}

    answer = sync(wrong, running(owner), [PROXY])

    assert answer["status"]["phase"] == "Failed"
    assert condition(answer, "Ready") == ("False", "SpecInvalid", "spec.port: must be a whole number, is a string")
    assert condition(answer, "BackendReady") == ("False", "StatefulSetMissing", MISSING)


def test_without_pods_deployment_and_statefulset_decide_and_the_message_says_so() -> None:
    assert shown(status(config=UNREAD)) == (*SERVED[:2], f"{SERVED[2]}; {UNSEEN}")
    assert shown(status(stateful_set(ready=1), config=UNREAD)) == (*SERVED[:2], f"{SERVED[2]}; {UNSEEN}")
    assert shown(status(stateful_set(), config=UNREAD)) == (
        "Pending",
        "PodsNotReady",
        f"MCP server is starting: its StatefulSet has no ready pod yet; {UNSEEN}",
    )


def foreign() -> dict[str, Object]:
    """Pods that look like the MCP server's own, and aren't."""
    owner = OWN["metadata"]["ownerReferences"][0]
    labels = OWN["metadata"]["labels"]
    return {
        "unowned": {"ownerReferences": []},
        "of another StatefulSet": {"ownerReferences": [{**owner, "name": "demo-2"}]},
        "of a ReplicaSet": {"ownerReferences": [{**owner, "kind": "ReplicaSet"}]},
        "of a StatefulSet of another group": {"ownerReferences": [{**owner, "apiVersion": "apps.kruise.io/v1beta1"}]},
        "not controlled": {"ownerReferences": [{**owner, "controller": False}]},
        "of another app": {"labels": {**labels, "app": "other"}},
    }


@pytest.mark.parametrize("metadata", foreign().values(), ids=foreign())
def test_a_foreign_pod_does_not_count(metadata: Object) -> None:
    ready = {**OWN, "metadata": {**OWN["metadata"], "name": "foreign", **metadata}}
    failed = own(waiting("ErrImagePull"))
    failed = {**failed, "metadata": {**failed["metadata"], "name": "foreign", **metadata}}

    assert shown(status(PROXY, failed)) == SERVED
    assert shown(status(PROXY, failed, OWN, stateful_set(ready=1))) == SERVED
    assert shown(status(PROXY, ready, own(waiting("ErrImagePull")), stateful_set())) == (
        "Failed",
        "ImagePullBackOff",
        CANT_PULL,
    )


def test_a_pod_counts_only_once_the_statefulset_agrees() -> None:
    waits = ("Pending", "PodsNotReady", "MCP server is starting: its StatefulSet has no ready pod yet")

    assert shown(status(PROXY, OWN, stateful_set())) == waits
    assert shown(status(PROXY, stateful_set(ready=1))) == SERVED  # its pods carry other labels
    assert shown(status(PROXY, deleting(OWN), stateful_set(ready=1))) == STOPS


def test_a_server_whose_own_pod_fails_is_looked_at_each_minute() -> None:
    owner = server()
    answer = sync(owner, [*running(owner), stateful_set()], [PROXY, own(waiting("ErrImagePull"))])

    assert answer["resyncAfterSeconds"] == 60
