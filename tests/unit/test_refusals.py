"""A change of the Deployment that the API server, or an admission policy, refuses: said after half a minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.remote import remote, remote_pod
from tests.world import NOW, child, condition, observed, pod, running, server, sync, with_metadata

Owner = Callable[..., Object]

POD_TEMPLATE = {"spec": {"containers": [{"name": "toolhive", "volumeMounts": [{"name": "no", "mountPath": "/such"}]}]}}
ARGUMENT = {"spec": {"containers": [{"name": "mcp", "args": ["--new"]}]}}
TYPE = "DeploymentUpdated"
REFUSED = (
    "Deployment 'demo' isn't updated, and its pods run as before: "
    "`kubectl describe {} demo -n team-a` shows who refuses it"
)
WAITS = ("False", "UpdatePending", "Deployment 'demo' is not updated yet")

each_kind = pytest.mark.parametrize(
    ("owner", "template", "proxy_pod"),
    [(server, ARGUMENT, pod("demo-1", "demo")), (remote, POD_TEMPLATE, remote_pod())],
    ids=["MCPServer", "MCPRemoteProxy"],
)


def edited(owner: Owner, template: Object, proxy_pod: Object) -> tuple[Object, list[Object]]:
    """A parent whose edit was answered once, and its children, of which the Deployment stayed as it was."""
    children = running(owner())
    parent = with_metadata(owner(podTemplateSpec=template), generation=2)
    answer = sync(parent, children, [proxy_pod])
    assert condition(answer, TYPE) is None, "the first answer brings the change"
    written = [observed(made, parent) for made in answer["children"] if made["kind"] != DEPLOYMENT.kind]
    return {**parent, "status": answer["status"]}, [
        child for child in children if child["kind"] == "Deployment"
    ] + written


@each_kind
def test_an_update_is_waited_for_and_then_counts_as_refused(owner: Owner, template: Object, proxy_pod: Object) -> None:
    parent, children = edited(owner, template, proxy_pod)

    waiting = sync(parent, children, [proxy_pod])
    assert condition(waiting, TYPE) == WAITS
    assert waiting["resyncAfterSeconds"] == 30
    behind = {**parent, "status": waiting["status"]}
    assert condition(sync(behind, children, [proxy_pod], now=NOW + timedelta(seconds=29)), TYPE) == WAITS

    refused = sync(behind, children, [proxy_pod], now=NOW + timedelta(seconds=30))
    message = REFUSED.format(parent["kind"].lower())
    assert condition(refused, TYPE) == ("False", "UpdateRefused", message)
    ready = condition(waiting, "Ready")
    assert ready is not None
    assert ready[0] == "True", "what runs serves its callers"
    assert condition(refused, "Ready") == ("True", "UpdateRefused", f"{ready[2]}; {message}")
    assert refused["resyncAfterSeconds"] == 30
    assert child(refused, DEPLOYMENT, "demo") == child(waiting, DEPLOYMENT, "demo"), "it is asked for again and again"


@each_kind
def test_a_waiting_update_is_forgotten_once_it_is_there(owner: Owner, template: Object, proxy_pod: Object) -> None:
    parent, children = edited(owner, template, proxy_pod)
    waiting = sync(parent, children, [proxy_pod])
    made = [observed(made_child, parent) for made_child in waiting["children"]]

    answer = sync({**parent, "status": waiting["status"]}, made, [proxy_pod], now=NOW + timedelta(seconds=60))

    assert condition(answer, TYPE) is None


@each_kind
def test_a_server_that_is_failed_for_another_cause_says_both(owner: Owner, template: Object, proxy_pod: Object) -> None:
    parent, children = edited(owner, template, proxy_pod)
    crashing = {"state": {"waiting": {"reason": "ImagePullBackOff"}}, "image": "x", "name": "toolhive"}
    bad = {**proxy_pod, "status": {"phase": "Pending", "containerStatuses": [crashing]}}
    behind = {**parent, "status": sync(parent, children, [bad])["status"]}

    answer = sync(behind, children, [bad], now=NOW + timedelta(seconds=30))

    assert answer["status"]["phase"] == "Failed"
    assert condition(answer, "Ready") == (
        "False",
        "ImagePullBackOff",
        "Proxy can't pull image 'x': check its name, and the pull secrets for its registry; "
        + REFUSED.format(parent["kind"].lower()),
    )


def test_an_edited_last_applied_annotation_still_waits_for_the_update() -> None:
    parent, children = edited(remote, POD_TEMPLATE, remote_pod())
    for text in ('{"spec": 7}', '{"spec": {"template": []}}', "{}", "no JSON"):
        key = "metacontroller.k8s.io/last-applied-configuration"
        deployment = next(child for child in children if child["kind"] == DEPLOYMENT.kind)
        deployment["metadata"]["annotations"][key] = text

        found = condition(sync(parent, children, [remote_pod()]), TYPE)

        assert found == (None if text == "no JSON" else WAITS)
