"""What a server's pods and Deployment are found to say."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.kubernetes.kinds import POD
from hooks.kubernetes.objects import Object
from tests.world import condition, deleting, made, pod, running, server, sync


def proxy(container: Object | None = None, *, app: str = "mcpserver", **status: Any) -> Object:
    """A pod that isn't ready, its container in this state."""
    name = "toolhive" if app == "mcpserver" else "mcp"
    containers = [{"name": name, "image": "example.test/x:1", "ready": False, **container}] if container else []
    metadata = pod("x", "demo", app=app)["metadata"]
    metadata = {key: metadata[key] for key in ("labels", "ownerReferences")}
    return made(
        POD, f"{app}-1", metadata=metadata, status={"phase": "Pending", "containerStatuses": containers, **status}
    )


def seen(deployment: Object | None = None, **spec: Any) -> list[Object]:
    """The children of a server, its Deployment with this status."""
    owner = server(**spec)
    children = running(owner)
    return [{**obj, "status": deployment} if obj["kind"] == "Deployment" and deployment else obj for obj in children]


def verdict(*pods: Object, deployment: Object | None = None, **spec: Any) -> tuple[str, str, str]:
    """Phase, reason and message."""
    answer = sync(server(**spec), seen(deployment, **spec), pods)
    ready = condition(answer, "Ready")
    assert ready is not None
    assert ready[2] == answer["status"]["message"]
    return answer["status"]["phase"], ready[1], ready[2]


def waiting(reason: str, message: str = "") -> Object:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


CRASHED = {"restartCount": 3, "lastState": {"terminated": {"exitCode": 2, "reason": "Error"}}}
CANT_PULL = "Proxy can't pull image 'example.test/x:1': check its name, and the pull secrets for its registry"
CRASHES = (
    "Proxy container 'toolhive' keeps ending with exit code 2: "
    "kubectl logs deployment/demo -n team-a -c toolhive --previous"
)


@pytest.mark.parametrize(
    ("container", "reason", "message"),
    [
        (
            waiting("ImagePullBackOff", "Back-off pulling image"),
            "ImagePullBackOff",
            CANT_PULL,
        ),
        (
            waiting("ErrImagePull", "rpc error"),
            "ImagePullBackOff",
            CANT_PULL,
        ),
        (
            waiting("RegistryUnavailable", "503"),
            "ImagePullBackOff",
            CANT_PULL,
        ),
        (
            waiting("SignatureValidationFailed", "no signature"),
            "ImagePullBackOff",
            CANT_PULL,
        ),
        (
            waiting("PostStartHookError", "command failed at 12:00"),
            "PostStartHookError",
            "Proxy container 'toolhive' can't start: "
            "kubectl describe pods -l app=mcpserver,toolhive-name=demo -n team-a",
        ),
        (
            waiting("CreateContainerConfigError", "couldn't find key client-secret in Secret team-a/tx-oauth"),
            "CreateContainerConfigError",
            "Proxy container 'toolhive' can't start: Secret 'tx-oauth' has no key 'client-secret'",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "tx-oauth" not found'),
            "CreateContainerConfigError",
            "Proxy container 'toolhive' can't start: Secret 'tx-oauth' is missing",
        ),
        (
            waiting("CreateContainerError", "context deadline exceeded at 12:00"),
            "CreateContainerError",
            "Proxy container 'toolhive' can't start: "
            "kubectl describe pods -l app=mcpserver,toolhive-name=demo -n team-a",
        ),
        ({**CRASHED, **waiting("CrashLoopBackOff", "back-off 40s restarting")}, "CrashLoopBackOff", CRASHES),
        ({**CRASHED, "state": {"running": {}}}, "CrashLoopBackOff", CRASHES),
        ({"restartCount": 3, "state": CRASHED["lastState"]}, "CrashLoopBackOff", CRASHES),
        (
            {"restartCount": 2, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
            "OOMKilled",
            "Proxy container 'toolhive' was killed because it exceeded its memory limit: raise the limit",
        ),
    ],
)
def test_a_container_that_does_not_run_is_failed_with_its_cause(container: Object, reason: str, message: str) -> None:
    assert verdict(proxy(container)) == ("Failed", reason, message)


@pytest.mark.parametrize("name", ["a`; reboot;`", "a\nb", "$(id)", "x" * 64, "", None])
def test_a_name_that_no_container_can_have_is_not_quoted(name: str | None) -> None:
    """A status may have any text there, and people copy commands from messages."""
    crashed = {**CRASHED, **waiting("CrashLoopBackOff"), "name": name}

    assert verdict(proxy(crashed)) == ("Failed", "CrashLoopBackOff", CRASHES.replace("toolhive", "?"))


def test_a_failed_pod_of_the_mcp_server_is_told_while_the_proxy_runs() -> None:
    own = proxy(waiting("ImagePullBackOff"), app="demo")

    assert verdict(proxy({"state": {"running": {}}}), own) == (
        "Failed",
        "ImagePullBackOff",
        "MCP server can't pull image 'example.test/x:1': check its name, and the pull secrets for its registry",
    )


def test_an_old_pod_that_serves_while_the_new_one_fails_is_running() -> None:
    assert verdict(pod("old", "demo"), proxy({**CRASHED, **waiting("CrashLoopBackOff")})) == (
        "Ready",
        "Ready",
        f"MCP server is running; {CRASHES}",
    )


def test_a_pod_that_fits_nowhere_says_why_without_numbers_that_move() -> None:
    scheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) had untolerated taint. preemption: 0/3",
    }

    assert verdict(proxy(conditions=[scheduled])) == (
        "Pending",
        "Unschedulable",
        "Proxy fits on no node: Insufficient cpu, node(s) had untolerated taint",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            'pods "demo-5d9-abcde" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: 2',
            "ResourceQuota 'small' is exhausted: raise it, or free some of it",
        ),
        (
            'pods "demo-5d9-abcde" is forbidden: violates PodSecurity "restricted:latest": seccompProfile',
            "Pod Security level 'restricted:latest' of the namespace refuses the pod",
        ),
        ('admission webhook "policy.test" denied the request: no', "admission webhook 'policy.test' refuses the pod"),
        ("something else", "kubectl describe its ReplicaSet tells more"),
    ],
)
def test_refused_pods_are_told_with_the_one_that_refuses(text: str, why: str) -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": text}

    assert verdict(deployment={"conditions": [failure]}) == ("Failed", "FailedCreate", f"Proxy pods are refused: {why}")


@pytest.mark.parametrize("updated", [0, 1, 2])
def test_a_rollout_is_named_in_the_same_words_until_it_ends(updated: int) -> None:
    """Each other word would be another write of the status."""
    counts = {"replicas": 3, "updatedReplicas": updated, "readyReplicas": 3}

    assert verdict(pod("old", "demo"), deployment=counts, transport="sse") == (
        "Ready",
        "Ready",
        "MCP server is running; a rollout is in progress",
    )


def test_the_pods_that_a_rollout_has_besides_are_not_counted() -> None:
    pods = [pod("old", "demo"), pod("new", "demo")]

    assert sync(server(replicas=1), running(server(replicas=1)), pods)["status"]["readyReplicas"] == 1


def test_a_container_that_is_being_created_is_pending() -> None:
    assert verdict(proxy(waiting("ContainerCreating"))) == (
        "Pending",
        "ContainerCreating",
        "Proxy waits for its containers to be created: if that lasts, "
        "`kubectl describe pods -l app=mcpserver,toolhive-name=demo -n team-a` tells why",
    )


def test_a_failed_pod_that_is_being_deleted_says_nothing() -> None:
    going = proxy({**CRASHED, **waiting("CrashLoopBackOff")})
    going["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"

    assert verdict(going) == ("Pending", "NoPods", "No pods found for MCP server")


def test_one_restart_is_no_crash_loop() -> None:
    once = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 255, "reason": "Unknown"}}}

    assert verdict(proxy({**once, "state": {"running": {}}})) == ("Pending", "PodsNotReady", "MCP server is starting")


def test_a_pod_with_the_proxys_labels_and_no_owner_does_not_count() -> None:
    foreign = pod("foreign", "demo")
    del foreign["metadata"]["ownerReferences"]

    assert verdict(foreign) == ("Pending", "NoPods", "No pods found for MCP server")


def test_a_server_named_mcpserver_tells_its_pods_apart() -> None:
    owner = server("mcpserver")
    own = pod("mcpserver-0", "mcpserver", app="mcpserver")
    own["metadata"]["ownerReferences"][0]["kind"] = "StatefulSet"

    answer = sync(deleting(owner), related=[own])

    assert answer["finalized"] is True
