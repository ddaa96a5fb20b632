"""With pods of any status, the answer has one that can be stored: bounded, at rest, without what changes by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.kinds import POD, STATEFUL_SET
from hooks.kubernetes.objects import Object
from tests.world import CONFIG, deleting, made, pod, running, server, sync

LARGEST_STATUS = 16 * 1024
TIME = "2026-11-23T11:00:00Z"
POD_NAME = "x7k2q"

REASONS = (
    *("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "CrashLoopBackOff", "CreateContainerConfigError"),
    *("ContainerCreating", "PodInitializing", "OOMKilled", "Completed", "Error", "Evicted", "NodeLost"),
    *(
        "Unschedulable",
        "SchedulingGated",
        "DeletionByTaintManager",
        "NodeShutdown",
        "not CamelCase",
        "",
        "R" * 5000,
        "Ü",
    ),
)
LONG = "x" * 100_000
TEXTS = st.sampled_from(
    (
        *("", LONG, f"pod {POD_NAME} at {TIME}", "0/3 nodes are available: 3 Insufficient cpu. y"),
        f"exceeded quota: {LONG},",
        *(f"couldn't find key {LONG} in Secret a/{LONG}", f'secret "{LONG}" not found', "line\nbreak", "`$(id)`"),
    )
)
NAMES = st.sampled_from(("mcp", "toolhive", "vault-agent-init", "", LONG))
IMAGES = st.sampled_from(("ghcr.io/acme/x:1", "", LONG, "'\"\\", "é"))
CODES = st.integers(-1, 255)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({}, optional=fields)


ENDED = some(exitCode=CODES, reason=st.sampled_from(REASONS), message=TEXTS, finishedAt=st.just(TIME))
STATE = (
    some(waiting=some(reason=st.sampled_from(REASONS), message=TEXTS))
    | some(running=some(startedAt=st.just(TIME)))
    | some(terminated=ENDED)
)
CONTAINERS = st.lists(
    some(
        name=NAMES,
        image=IMAGES,
        ready=st.booleans(),
        started=st.booleans(),
        restartCount=st.integers(0, 1000),
        state=STATE,
        lastState=some(terminated=ENDED),
    ),
    max_size=3,
)
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(("Ready", "ContainersReady", "PodScheduled", "DisruptionTarget", "Mine")),
            "status": st.sampled_from(("True", "False", "Unknown")),
        },
        optional={"reason": st.sampled_from(REASONS), "message": TEXTS, "lastTransitionTime": st.just(TIME)},
    ),
    max_size=4,
)
STATUSES = some(
    phase=st.sampled_from(("Pending", "Running", "Succeeded", "Failed", "Unknown", "")),
    reason=st.sampled_from(REASONS),
    message=TEXTS,
    conditions=CONDITIONS,
    initContainerStatuses=CONTAINERS,
    containerStatuses=CONTAINERS,
)
SPECS = some(
    initContainers=st.lists(some(name=NAMES, restartPolicy=st.sampled_from(("Always", "OnFailure"))), max_size=2)
)


@st.composite
def pods(draw: st.DrawFn) -> list[Object]:
    """Pods of the proxy and of the MCP server, as any kubelet, node controller or tenant may leave them."""
    found = []
    for number in range(draw(st.integers(0, 4))):
        app = draw(st.sampled_from(("mcpserver", "demo")))
        metadata = {key: pod("x", "demo", app=app)["metadata"][key] for key in ("labels", "ownerReferences")}
        metadata["labels"] |= draw(some(**{"controller-revision-hash": st.sampled_from(("a", "b"))}))
        spec, status = draw(st.none() | SPECS), draw(STATUSES)
        obj = made(
            POD, f"demo-{POD_NAME}-{number}", metadata=metadata, **({"spec": spec} if spec else {}), status=status
        )
        found.append(deleting(obj) if draw(st.booleans()) else obj)
    return found


COUNTS = st.integers(0, 3)
STATEFUL_SETS = st.none() | st.builds(
    lambda spec, status: made(STATEFUL_SET, "demo", spec=spec, status=status),
    some(replicas=COUNTS),
    some(replicas=COUNTS, readyReplicas=COUNTS, updateRevision=st.sampled_from(("a", "b"))),
)
DEPLOYMENTS = some(
    replicas=COUNTS,
    readyReplicas=COUNTS,
    updatedReplicas=COUNTS,
    conditions=st.lists(
        st.fixed_dictionaries(
            {"type": st.just("ReplicaFailure"), "status": st.just("True")},
            optional={"reason": st.sampled_from(("FailedCreate", *REASONS)), "message": TEXTS},
        ),
        max_size=1,
    ),
)


@given(pods(), STATEFUL_SETS, DEPLOYMENTS, st.integers(0, 1), st.booleans())
def test_with_pods_of_any_status_the_servers_is_bounded_and_at_rest(
    found: list[Object], stateful_set: Object | None, deployment: Object, replicas: int, reads: bool
) -> None:
    """`call` has the rules: documented reasons, a clock for each wait, no unknown field."""
    owner, config = server(transport="sse"), replace(CONFIG, read_pods=reads)
    children = [stateful_set] if stateful_set else []
    for obj in running(owner):
        if obj["kind"] == "Deployment":
            obj["status"] = deployment
            obj["spec"]["replicas"] = replicas
        children.append(obj)

    answer = sync(owner, children, found, config=config)

    status = answer["status"]
    text = json.dumps(status, ensure_ascii=False)
    assert len(text.encode()) < LARGEST_STATUS
    assert POD_NAME not in text
    assert TIME not in text
    assert (status["phase"] == "Ready") == (status["conditions"][0]["status"] == "True")
    again = sync({**owner, "status": status}, children, found, config=config)
    assert again["status"] == status
