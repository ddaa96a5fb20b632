"""What of an MCPServer is held as it is when it can't be computed, and what stays or goes besides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, ROLE, SERVICE, STATEFUL_SET
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from tests.world import (
    ACCESS,
    NAMESPACE,
    NOT_ACTIVE,
    OPEN,
    USES_TX,
    child,
    child_names,
    condition,
    deleting,
    external_auth,
    good_config,
    judged,
    made,
    observed,
    pod,
    run_config,
    running,
    secret,
    server,
    settled,
    stamped,
    sync,
    with_metadata,
)


def without_digest(config: Object) -> Object:
    """A judged config as release 0.1.0 left it: its digest stands in a field of the status alone."""
    conditions = [
        {**each, "message": each["message"].partition("; digest ")[0]} for each in config["status"]["conditions"]
    ]
    return {**config, "status": {**config["status"], "conditions": conditions}}


CAUSES = {
    "config missing": (server(**USES_TX), [], "ExternalAuthConfigNotFound", "Failed"),
    "config not judged": (server(**USES_TX), [external_auth()], "ConfigNotReconciled", "Pending"),
    "config with a status that is none": (
        server(**USES_TX),
        [{**external_auth(), "status": ["Ready"]}],
        "ConfigNotReconciled",
        "Pending",
    ),
    "config edited": (
        server(**USES_TX),
        [with_metadata({**good_config(), "spec": external_auth(audience="other")["spec"]}, generation=2)],
        "ConfigNotReconciled",
        "Pending",
    ),
    "config judged by release 0.1.0": (
        server(**USES_TX),
        [without_digest(good_config())],
        "ConfigNotReconciled",
        "Pending",
    ),
    "secret missing": (server(**USES_TX), [judged(external_auth())], "SecretNotFound", "Failed"),
    "secret key missing": (server(**USES_TX), [judged(external_auth(), secret(x="y"))], "SecretKeyNotFound", "Failed"),
    "config invalid": (
        server(**USES_TX),
        [judged(external_auth(tokenUrl="ftp://x"), secret())],
        "SpecInvalid",
        "Failed",
    ),
    "tool config missing": (server(toolConfigRef={"name": "tools"}), [], "ToolConfigNotFound", "Failed"),
    "OIDC ConfigMap missing": (
        server(oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}}),
        [],
        "ConfigMapNotFound",
        "Failed",
    ),
    "spec invalid": (server(port=0), [], "SpecInvalid", "Failed"),
    "spec missing": ({**server(), "spec": None}, [], "SpecInvalid", "Failed"),
}


@pytest.mark.parametrize(("owner", "related", "reason", "phase"), CAUSES.values(), ids=CAUSES)
class TestHold:
    def test_existing_children_are_returned_as_they_were(
        self, owner: Object, related: list[Object], reason: str, phase: str
    ) -> None:
        before, children = settled(server(port=9000))

        answer = sync(owner, children, related)

        assert child_names(answer) == child_names(before)
        for kind, name in ((CONFIG_MAP, "demo-runconfig"), (DEPLOYMENT, "demo"), (SERVICE, "mcp-demo-proxy")):
            assert child(answer, kind, name) == child(before, kind, name)
        ready = condition(answer, "Ready")
        assert ready is not None
        assert (answer["status"]["phase"], ready[:2]) == (phase, ("False", reason))
        assert answer["resyncAfterSeconds"] == 60

    def test_children_that_never_existed_are_not_made(
        self, owner: Object, related: list[Object], reason: str, phase: str
    ) -> None:
        assert child_names(sync(owner, related=related)) == ACCESS

    def test_a_pod_that_runs_on_meanwhile_is_left_alone(
        self, owner: Object, related: list[Object], reason: str, phase: str
    ) -> None:
        deployment = [obj for obj in running(server()) if obj["kind"] == "Deployment"]

        answer = sync(owner, deployment, [*related, pod("demo-1", "demo")])

        assert answer["status"]["phase"] == ("Failed" if phase == "Failed" else "Ready")


def test_the_whole_status_of_a_held_server() -> None:
    """Its address too: a typo must not take it from those who read it there."""
    broken = server(transport="sse", targetPort=30080, port=9000)

    answer = sync(broken, running(server(port=8443)))

    fault = "spec.targetPort: must not be from 30000 to 32767, the range of node ports"
    assert answer["status"] == {
        "phase": "Failed",
        "message": fault,
        "url": "http://mcp-demo-proxy.team-a.svc.cluster.local:8443/sse#demo",
        "observedGeneration": 1,
        "conditions": stamped(
            ("Ready", "False", "SpecInvalid", fault), ("Valid", "False", "SpecInvalid", fault), OPEN, *NOT_ACTIVE
        ),
    }


class TestHeldContent:
    """A tenant can edit Metacontroller's annotation; what we return is written with Metacontroller's rights."""

    def held(self, applied: Any) -> Object:
        owner = server(**USES_TX)
        deployment = made(DEPLOYMENT, "demo", metadata={"annotations": {LAST_APPLIED: applied}}, spec={})
        return child(sync(owner, [deployment]), DEPLOYMENT, "demo")

    BARE = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "demo"}}

    @pytest.mark.parametrize(
        "applied",
        [
            "",
            "{",
            "[]",
            "[" * 100_000,
            json.dumps({**BARE, "kind": "DaemonSet", "spec": {}}),
            json.dumps({**BARE, "apiVersion": "v1", "spec": {}}),
            json.dumps({**BARE, "metadata": {"name": "other"}, "spec": {}}),
            json.dumps({**BARE, "metadata": {"name": "demo", "namespace": "kube-system"}, "spec": {}}),
            json.dumps({**BARE, "metadata": None, "spec": {}}),
            json.dumps({**BARE, "spec": {"replicas": 0}}).replace("0", "1e999"),
            7,
        ],
    )
    def test_an_annotation_that_speaks_of_something_else_changes_nothing(self, applied: Any) -> None:
        held = self.held(applied)

        assert {key: held[key] for key in self.BARE} == self.BARE
        assert held.get("spec", {}) == {}  # as it is

    def test_an_annotation_with_what_no_hook_may_return_loses_it(self) -> None:
        metadata = {
            "name": "demo",
            "namespace": NAMESPACE,
            "uid": "x",
            "ownerReferences": [],
            "finalizers": ["a/b"],
            "labels": {"controller-uid": "x", "n": 1},
            "annotations": {"a": "b", "n": None, LAST_APPLIED: "{}"},
        }
        applied = {**self.BARE, "metadata": metadata, "spec": {"replicas": 1}, "status": {"replicas": 1}}

        assert self.held(json.dumps(applied)) == {
            **self.BARE,
            "metadata": {"name": "demo", "annotations": {"a": "b"}},
            "spec": {"replicas": 1},
        }

    def test_access_is_computed_never_held(self) -> None:
        grab = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "demo-proxy-runner"},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        }
        owner = server(**USES_TX)

        answer = sync(owner, [observed(grab, owner)])

        assert child(answer, ROLE, "demo-proxy-runner") == child(sync(server()), ROLE, "demo-proxy-runner")


def test_a_stranger_with_our_label_is_neither_changed_nor_deleted() -> None:
    owner = server()
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "b"}}

    answer = sync(owner, [*running(owner), observed(theirs, owner)])

    assert child(answer, CONFIG_MAP, "theirs") == theirs


def test_the_runners_statefulset_is_kept_and_never_made() -> None:
    owner = server()
    stateful_set = made(STATEFUL_SET, "demo", spec={"replicas": 1})

    assert "StatefulSet/demo" not in child_names(sync(owner))
    kept = child(sync(owner, [stateful_set]), STATEFUL_SET, "demo")
    assert kept == {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "demo"}}
    assert run_config(sync(owner))["container_labels"]["controller-uid"] == owner["metadata"]["uid"]


def test_services_of_an_older_runner_are_left_to_the_new_one() -> None:
    owner = server()
    headless = made(SERVICE, "mcp-demo-headless", spec={})

    answer = sync(owner, [headless], may_delete=["Service/mcp-demo-headless"])

    assert "Service/mcp-demo-headless" not in child_names(answer)
    assert "Service/mcp-demo-headless" in child_names(sync(server(**USES_TX), [headless]))


def test_policies_go_when_the_spec_has_none_any_more() -> None:
    inline = {"type": "inline", "inline": {"policies": ["permit(principal, action, resource);"]}}
    children = running(server(authzConfig=inline))
    assert "ConfigMap/demo-authz-inline" in [f"{obj['kind']}/{obj['metadata']['name']}" for obj in children]

    answer = sync(server(), children, may_delete=["ConfigMap/demo-authz-inline"])

    assert "ConfigMap/demo-authz-inline" not in child_names(answer)


def test_the_servers_own_account_stays_once_made() -> None:
    named = server(serviceAccount="mine")

    assert "ServiceAccount/demo-sa" not in child_names(sync(named))
    assert "ServiceAccount/demo-sa" in child_names(sync(named, running(server())))


def test_while_it_is_held_a_server_whose_service_has_no_port_has_no_url() -> None:
    children = [{**child, "spec": {}} if child["kind"] == "Service" else child for child in running(server())]

    assert "url" not in sync(server(image="${IMAGE}"), children)["status"]


def test_a_config_whose_deletion_is_asked_for_holds_nothing() -> None:
    """Its generation is another one, its spec is not: the verdict stands."""
    answers = [
        sync(server(**USES_TX), running(server(**USES_TX), good_config()), [config, pod("demo-1", "demo")])
        for config in (good_config(), deleting(good_config()))
    ]

    assert answers[0]["status"]["phase"] == "Ready"
    assert answers[1] == answers[0]
