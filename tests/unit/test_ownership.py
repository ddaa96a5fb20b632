"""Names that belong to others, and children that lost their label: what a server gets, keeps and says."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy.names import RUNCONFIG_CHECKSUM
from hooks.proxy.rbac import RULES
from tests.remote import remote
from tests.world import (
    ACCESS,
    BINDING,
    NAMESPACE,
    child,
    child_names,
    condition,
    deleting,
    made,
    observed,
    pod,
    running,
    server,
    settled,
    sync,
    with_metadata,
)

UID = server()["metadata"]["uid"]
RUNNER = "demo-proxy-runner"
NAMES = [
    (STATEFUL_SET, "demo"),
    (SERVICE, "mcp-demo-proxy"),
    (SERVICE, "mcp-demo"),
    (SERVICE, "mcp-demo-headless"),
    (CONFIG_MAP, "demo-runconfig"),
    (SERVICE_ACCOUNT, RUNNER),
    (SERVICE_ACCOUNT, "demo-sa"),
    (ROLE, RUNNER),
    (ROLE_BINDING, RUNNER),
]
"""The names that a server `demo` without inline policies needs, and whose owners it looks at."""
each_name = pytest.mark.parametrize(("kind", "name"), NAMES, ids=lambda value: getattr(value, "kind", value))
TOOLHIVE_LABELS = {"app": "demo", "toolhive": "true", "toolhive-name": "demo"}


def ready(answer: Object) -> tuple[str, str, str]:
    found = condition(answer, "Ready")
    assert found is not None
    return found


def title(obj: Object) -> str:
    return f"{obj['kind']}/{obj['metadata']['name']}"


def without(children: Iterable[Object], *titles: str) -> list[Object]:
    return [obj for obj in children if title(obj) not in titles]


def owned(obj: Object, kind: str, name: str, uid: str = "uid-other", version: str = "apps/v1") -> Object:
    """The object with a controller."""
    owner = {"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": True}
    return with_metadata(obj, ownerReferences=[owner])


def owned_by_server(obj: Object, name: str, uid: str | None = None) -> Object:
    return owned(obj, "MCPServer", name, uid or f"uid-mcpservers-{name}", MCP_SERVER.api_version)


def stripped(obj: Object) -> Object:
    """A child that lost its label, as Metacontroller leaves it: without its owner too."""
    obj = copy.deepcopy(obj)
    del obj["metadata"]["labels"][CONTROLLER_UID], obj["metadata"]["ownerReferences"]
    return obj


class TestBinding:
    """The binding hands out what its Role grants, so it needs our own Role and our own account."""

    def test_a_binding_is_made_once_role_and_account_are_observed(self) -> None:
        children = without(running(server()), BINDING)

        assert BINDING in child_names(sync(server(), children))
        for missing in (f"Role/{RUNNER}", f"ServiceAccount/{RUNNER}"):
            assert BINDING not in child_names(sync(server(), without(children, missing)))

    @pytest.mark.parametrize("missing", [f"Role/{RUNNER}", f"ServiceAccount/{RUNNER}"])
    def test_an_observed_binding_without_role_or_account_is_removed_and_comes_back(self, missing: str) -> None:
        _, children = settled(server())

        answer = sync(server(), without(children, missing), may_delete=[BINDING])

        assert child_names(answer) == [each for each in sorted(map(title, children)) if each != BINDING]
        assert BINDING in child_names(sync(server(), without(children, BINDING)))

    @pytest.mark.parametrize("kind", [ROLE, SERVICE_ACCOUNT], ids=lambda kind: kind.kind)
    def test_a_binding_beside_a_foreign_role_or_account_is_removed(self, kind: Kind) -> None:
        foreign = made(kind, RUNNER, **({"rules": RULES} if kind == ROLE else {}))

        answer = sync(server(), without(running(server()), title(foreign)), [foreign], may_delete=[BINDING])

        assert BINDING not in child_names(answer)
        assert ready(answer)[:2] == ("False", "NameConflict")

    def test_an_adopted_role_gets_its_rules_before_it_is_bound(self) -> None:
        children = without(running(server()), BINDING)
        role = next(obj for obj in children if obj["kind"] == "Role")
        role["rules"] = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]

        answer = sync(server(), children)

        assert child(answer, ROLE, RUNNER)["rules"] == RULES
        assert BINDING not in child_names(answer)

    def test_an_existing_binding_outlives_an_edit_of_its_role(self) -> None:
        children = running(server())
        next(obj for obj in children if obj["kind"] == "Role")["rules"] = []

        assert BINDING in child_names(sync(server(), children))

    @pytest.mark.parametrize("kind", ["Role", "ServiceAccount"])
    def test_an_existing_binding_outlives_the_release_of_its_role_and_account(self, kind: str) -> None:
        children = running(server())
        lost = next(obj for obj in children if title(obj) == f"{kind}/{RUNNER}")

        answer = sync(server(), without(children, title(lost)), [stripped(lost)])

        assert BINDING in child_names(answer)
        assert ready(answer)[:2] == ("False", "ChildReleased")

    def test_a_binding_whose_released_role_grants_other_rights_is_removed(self) -> None:
        children = running(server())
        lost = stripped(next(obj for obj in children if obj["kind"] == "Role"))
        lost["rules"] = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]

        answer = sync(server(), without(children, title(lost)), [lost], may_delete=[BINDING])

        assert BINDING not in child_names(answer)

    def test_a_server_that_is_being_deleted_has_no_binding(self) -> None:
        assert child_names(sync(deleting(server()), running(server()))) == []


class TestNameConflict:
    @each_name
    @pytest.mark.parametrize("owner", [None, "Deployment"])
    def test_a_server_that_comes_second_gets_no_proxy_no_binding_and_no_url(
        self, kind: Kind, name: str, owner: str | None
    ) -> None:
        taken = made(kind, name)
        taken = owned(taken, owner, "theirs") if owner else taken

        answer = sync(server(), related=[taken, pod("demo-1", "demo")])

        assert child_names(answer) == [obj for obj in ACCESS if kind != ROLE_BINDING or obj != ACCESS[1]]
        assert answer["status"]["phase"] == "Failed"
        assert "url" not in answer["status"]
        assert answer["resyncAfterSeconds"] == 60
        shown = f"`kubectl get {kind.kind.lower()} {name} -n team-a -o yaml` shows it"
        whose = f"belongs to {owner} 'theirs'" if owner else f"isn't this server's, and no controller owns it ({shown})"
        remedy = f"rename this server, or delete that {owner or kind.kind} if nothing needs it"
        remedy += "" if owner else "; `toolhive-hooks migrate` takes over objects of ToolHive's operator"
        assert ready(answer) == ("False", "NameConflict", f"{kind.kind} {name!r} {whose}: {remedy}")

    @each_name
    def test_a_server_keeps_its_children_while_a_name_conflict_lasts(self, kind: Kind, name: str) -> None:
        children = without(running(server()), f"{kind.kind}/{name}")
        may_delete = [BINDING] if name == RUNNER and kind in (ROLE, SERVICE_ACCOUNT) else []

        answer = sync(server(args=["--new"]), children, [made(kind, name)], may_delete=may_delete)

        kept = {title(obj) for obj in children} - set(may_delete)
        assert kept <= set(child_names(answer)) <= kept | {f"{kind.kind}/{name}"}
        assert [obj for obj in answer["children"] if obj["kind"] == "Deployment"] == [
            obj for obj in sync(server(), running(server()))["children"] if obj["kind"] == "Deployment" != kind.kind
        ]
        assert "url" not in answer["status"]

    @each_name
    def test_a_server_has_all_children_once_the_conflicting_object_is_gone(self, kind: Kind, name: str) -> None:
        lost = sync(server(), related=[made(kind, name)])

        assert child_names(sync({**server(), "status": lost["status"]})) == child_names(sync(server()))

    def test_no_account_is_made_while_a_foreign_binding_waits_for_it(self) -> None:
        theirs = made(ROLE_BINDING, RUNNER)
        account = [obj for obj in running(server()) if title(obj) == f"ServiceAccount/{RUNNER}"]

        assert f"ServiceAccount/{RUNNER}" not in child_names(sync(server(), related=[theirs]))
        assert f"ServiceAccount/{RUNNER}" in child_names(sync(server(), account, [theirs]))

    @pytest.mark.parametrize(
        ("spec", "theirs"),
        [
            ({"serviceAccount": "mine"}, made(SERVICE_ACCOUNT, "demo-sa")),
            ({}, made(CONFIG_MAP, "demo-authz-inline")),
            ({"authzConfig": None}, made(CONFIG_MAP, "demo-authz-inline")),
        ],
    )
    def test_a_foreign_object_under_a_name_that_the_spec_does_not_need_is_no_conflict(
        self, spec: Object, theirs: Object
    ) -> None:
        assert "Deployment/demo" in child_names(sync(server(**spec), related=[theirs]))

    def test_a_foreign_config_map_under_the_name_of_inline_policies_is_a_conflict(self) -> None:
        authz = {"type": "inline", "inline": {"policies": ["permit(principal, action, resource);"]}}

        answer = sync(server(authzConfig=authz), related=[made(CONFIG_MAP, "demo-authz-inline")])

        assert ready(answer) == (
            "False",
            "NameConflict",
            "ConfigMap 'demo-authz-inline' isn't this server's, and no controller owns it "
            "(`kubectl get configmap demo-authz-inline -n team-a -o yaml` shows it): rename this server, or delete "
            "that ConfigMap if nothing needs it; `toolhive-hooks migrate` takes over objects of ToolHive's operator",
        )

    @pytest.mark.parametrize("service", ["mcp-demo", "mcp-demo-headless"])
    def test_services_of_its_own_runner_are_no_conflict(self, service: str) -> None:
        by_runner = [
            owned(made(SERVICE, service), "StatefulSet", "demo"),
            made(SERVICE, service, metadata={"labels": TOOLHIVE_LABELS}),
        ]

        for seen in by_runner:
            assert "Deployment/demo" in child_names(sync(server(), related=[seen]))
        assert ready(sync(server(), related=[owned(by_runner[1], "Deployment", "demo")])) == (
            "False",
            "NameConflict",
            f"Service {service!r} belongs to Deployment 'demo': rename this server, or delete that Deployment if "
            "nothing needs it",
        )

    def test_of_two_servers_whose_service_names_meet_the_second_is_refused(self) -> None:
        """The Service of one is that of the other's runner: the one that was first keeps it."""
        proxy, headless = server("demo-proxy"), server("demo-headless")
        ours = next(obj for obj in running(server()) if obj["kind"] == "Service")
        runners = owned(made(SERVICE, "mcp-demo-proxy"), "StatefulSet", "demo-proxy")
        shared = owned(made(SERVICE, "mcp-demo-headless"), "StatefulSet", "demo")

        said = [
            ready(sync(second, related=[first]))[1:]
            for second, first in ((proxy, ours), (server(), runners), (headless, shared))
        ]

        remedy = "rename this server, or delete that {} if nothing needs it"
        assert said == [
            ("NameConflict", f"Service {name!r} belongs to {owner} {who!r}: {remedy.format(owner)}")
            for name, owner, who in (
                ("mcp-demo-proxy", "MCPServer", "demo"),
                ("mcp-demo-proxy", "StatefulSet", "demo-proxy"),
                ("mcp-demo-headless", "StatefulSet", "demo"),
            )
        ]

    def test_an_object_of_an_earlier_server_of_the_name_is_waited_out(self) -> None:
        left = owned_by_server(made(CONFIG_MAP, "demo-runconfig"), "demo", uid="uid-earlier")

        message = "belongs to an earlier MCPServer of this name: wait until it is garbage collected"
        said = ready(sync(server(), related=[left]))
        assert said == ("False", "NameConflict", f"ConfigMap 'demo-runconfig' {message}")

    def test_of_many_conflicts_some_are_named_and_the_rest_counted(self) -> None:
        theirs = [owned(made(kind, name), "K" * 10_000, "n" * 10_000) for kind, name in NAMES]

        message = ready(sync(server(), related=theirs))[2]

        assert message.endswith("; and 7 more")
        assert "StatefulSet 'demo' belongs to " + "K" * 63 + " '" + "n" * 63 + "':" in message

    @pytest.mark.parametrize("owner", [("W`; reboot;`", "w"), ("Widget", "w\n$(reboot)"), ("", "w"), ("Widget", "")])
    def test_an_owner_that_no_object_can_be_is_not_quoted(self, owner: tuple[str, str]) -> None:
        """The API server takes any text there, and people copy commands from messages."""
        theirs = owned(made(ROLE, RUNNER), *owner)

        assert ready(sync(server(), related=[theirs]))[2] == (
            f"Role '{RUNNER}' has an owner of a kind or name that no object can have "
            f"(`kubectl get role {RUNNER} -n team-a -o yaml` shows it): rename this server, or delete that Role if "
            "nothing needs it"
        )

    def test_a_child_that_was_made_a_moment_ago_is_no_conflict(self) -> None:
        """Metacontroller reads children first, and related objects after them."""
        children = running(server())

        for late in children:
            answer = sync(server(), without(children, title(late)), [late], may_delete=[BINDING])
            assert ready(answer)[:2] == ("False", "NoPods")

    def test_a_child_that_is_about_to_be_adopted_is_no_conflict(self) -> None:
        labelled = made(CONFIG_MAP, "demo-runconfig", metadata={"labels": {CONTROLLER_UID: UID}})

        assert ready(sync(server(), related=[labelled]))[1] == "NoPods"


def released_message(*objects: str) -> str:
    count = "1 object of this server has" if len(objects) == 1 else f"{len(objects)} objects of this server have"
    return (
        f"{count} lost the label controller-uid, so Metacontroller released them (nothing was deleted): "
        f"`kubectl label {' '.join(objects)} controller-uid={UID} -n team-a --overwrite`"
    )


class TestReleasedChildren:
    def stateful_set(self) -> Object:
        """As the proxy runner makes it, adopted."""
        labels = {**TOOLHIVE_LABELS, CONTROLLER_UID: UID}
        template = {"metadata": {"labels": labels}}
        return observed(made(STATEFUL_SET, "demo", metadata={"labels": labels}, spec={"template": template}), server())

    def everything(self) -> list[Object]:
        return [*running(server()), self.stateful_set()]

    def test_each_released_child_is_told_with_its_command_and_the_others_are_held(self) -> None:
        children = self.everything()
        looked_at = without(children, "Deployment/demo")
        assert len(looked_at) == 7

        for lost in looked_at:
            rest = without(children, title(lost))
            answer = sync(server(args=["--new"]), rest, [stripped(lost)])

            named = f"{lost['kind'].lower()}/{lost['metadata']['name']}"
            assert ready(answer) == ("False", "ChildReleased", released_message(named))
            assert answer["status"]["phase"] == "Failed"
            assert answer["resyncAfterSeconds"] == 60
            assert {title(obj) for obj in rest} <= set(child_names(answer))
            as_before = child(sync(server(), children), DEPLOYMENT, "demo")
            assert child(answer, DEPLOYMENT, "demo")["spec"] == as_before["spec"]

    def test_all_released_children_are_told_with_one_command(self) -> None:
        lost = [stripped(obj) for obj in self.everything()]

        answer = sync(server(), related=[*lost, pod("demo-1", "demo")])

        assert ready(answer) == (
            "False",
            "ChildReleased",
            released_message(
                "deployment/demo",
                "statefulset/demo",
                "service/mcp-demo-proxy",
                "configmap/demo-runconfig",
                f"serviceaccount/{RUNNER}",
                "serviceaccount/demo-sa",
                f"role/{RUNNER}",
                f"rolebinding/{RUNNER}",
            ),
        )
        assert child_names(answer) == ACCESS

    def test_a_child_without_its_label_is_told_before_metacontroller_lets_go(self) -> None:
        """The owner is taken away in the same sync, and the cache may not know yet."""
        children = running(server())
        lost = next(obj for obj in children if obj["kind"] == "Service")
        del lost["metadata"]["labels"][CONTROLLER_UID]

        assert ready(sync(server(), without(children, title(lost)), [lost]))[1] == "ChildReleased"

    def test_a_child_with_another_servers_label_is_told_as_released(self) -> None:
        children = running(server())
        for lost in without(children, "Deployment/demo"):
            theirs = owned_by_server(with_label(lost, "uid-mcpservers-other"), "other")

            answer = sync(server(), without(children, title(lost)), [theirs])

            named = f"{lost['kind'].lower()}/{lost['metadata']['name']}"
            assert ready(answer) == ("False", "ChildReleased", released_message(named))

    def test_objects_that_the_old_operator_left_are_known_by_their_labels(self) -> None:
        """Metacontroller ran before `migrate`: there is no note of its own."""
        left = [
            with_metadata(stripped(obj), annotations={})
            for obj in running(server())
            if obj["kind"] in ("Deployment", "Service")
        ]

        message = released_message("deployment/demo", "service/mcp-demo-proxy")
        assert ready(sync(server(), related=[*left, pod("demo-1", "demo")])) == ("False", "ChildReleased", message)

    @pytest.mark.parametrize("pods", [[], [with_metadata(pod("demo-1", "demo"), annotations={})]])
    def test_a_deployment_is_relabelled_only_if_pods_of_the_server_run(self, pods: list[Object]) -> None:
        """Metacontroller would adopt another's, and delete it with the server."""
        children = without(running(server()), "Deployment/demo", "Service/mcp-demo-proxy")
        [service] = [obj for obj in running(server()) if obj["kind"] == "Service"]

        answer = sync(server(), children, [stripped(service), *pods])

        assert ready(answer) == ("False", "ChildReleased", released_message("service/mcp-demo-proxy"))


class TestReleasedDeployment:
    """A Deployment isn't looked up. While pods of the server run without it, what they use stays as it is."""

    INLINE = {"type": "inline", "inline": {"policies": ["permit(principal, action, resource);"]}}

    def answer(self, before: Object, after: Object, pods: list[Object]) -> tuple[list[Object], Object]:
        children = without(running(before), "Deployment/demo")
        may_delete = [] if pods else ["ConfigMap/demo-authz-inline"]
        edited = with_metadata(after, generation=2)
        return children, sync({**edited, "status": sync(before)["status"]}, children, pods, may_delete=may_delete)

    @pytest.mark.parametrize("after", [server(proxyPort=9999), server(authzConfig=None), server(args=["--new"])])
    def test_its_pods_keep_what_they_use_after_an_edit(self, after: Object) -> None:
        before = server(authzConfig=self.INLINE)

        children, answer = self.answer(before, after, [pod("demo-1", "demo")])

        used = [obj for obj in children if obj["kind"] in ("ConfigMap", "Service")]
        held = [obj for obj in answer["children"] if obj["kind"] in ("ConfigMap", "Service")]
        applied = [obj for obj in sync(before, running(before))["children"] if obj["kind"] in ("ConfigMap", "Service")]
        assert sorted(map(title, held)) == sorted(map(title, used))
        assert sorted(held, key=title) == sorted(applied, key=title)
        assert "Deployment/demo" not in child_names(answer)
        assert answer["status"]["url"].endswith(":8080/mcp")

    def test_without_such_pods_the_edit_is_carried_out(self) -> None:
        _, answer = self.answer(server(authzConfig=self.INLINE), server(proxyPort=9999), [])

        assert "ConfigMap/demo-authz-inline" not in child_names(answer)
        assert child(answer, SERVICE, "mcp-demo-proxy")["spec"]["ports"][0]["port"] == 9999

    def test_one_that_was_deleted_is_made_again_while_its_pods_still_run(self) -> None:
        children = without(running(server()), "Deployment/demo")

        answer = sync(server(), children, [pod("demo-1", "demo")])

        assert child_names(answer) == child_names(sync(server(), running(server())))

    def test_a_new_server_does_not_wait_for_the_pods_of_an_earlier_one(self) -> None:
        assert "Deployment/demo" in child_names(sync(server(), related=[pod("demo-1", "demo")]))

    @pytest.mark.parametrize(
        "mark", [{"annotations": {}, "serviceAccountName": RUNNER}, {"annotations": {RUNCONFIG_CHECKSUM: "0"}}]
    )
    def test_its_pods_are_known_by_checksum_or_account(self, mark: Object) -> None:
        """The operator of October 2025 wrote no checksum."""
        found = with_metadata(pod("demo-1", "demo"), annotations=mark["annotations"])
        found["spec"] = {"serviceAccountName": mark.get("serviceAccountName")}

        assert sync(deleting(server()), related=[found])["finalized"] is False

    def test_a_statefulset_of_an_older_runner_without_the_label_is_not_released(self) -> None:
        older = made(STATEFUL_SET, "demo", metadata={"labels": TOOLHIVE_LABELS}, spec={"template": {"metadata": {}}})

        assert ready(sync(server(), related=[older]))[1] == "NoPods"

    def test_the_longest_command_is_not_cut_off(self) -> None:
        name, namespace = "n" * 50, "s" * 63
        authz = {"type": "inline", "inline": {"policies": ["permit(principal, action, resource);"]}}
        owner = with_metadata(server(name, authzConfig=authz), namespace=namespace, uid="0" * 36)
        lost = [with_metadata(stripped(obj), namespace=namespace) for obj in running(owner)]

        message = sync(owner, related=lost)["status"]["message"]

        assert len(lost) == 8
        assert message.endswith(f"controller-uid={'0' * 36} -n {namespace} --overwrite`")


def with_label(obj: Object, uid: str) -> Object:
    return with_metadata(obj, labels={**obj["metadata"].get("labels", {}), CONTROLLER_UID: uid})


class TestPodsOfOthers:
    """Pods with the proxy's labels count as its own only when a ReplicaSet of its own Deployment controls them."""

    def of(self, replica_set: str, template_hash: str | None = "5d89", **owner: Any) -> Object:
        found = pod("x", "demo")
        labels = {key: value for key, value in found["metadata"]["labels"].items() if key != "pod-template-hash"}
        labels |= {"pod-template-hash": template_hash} if template_hash else {}
        reference = {"kind": "ReplicaSet", "name": replica_set, "controller": True, **owner}
        return with_metadata(found, labels=labels, ownerReferences=[reference])

    @pytest.mark.parametrize(
        ("replica_set", "template_hash"),
        [
            *[("canary-5d89", "5d89"), ("demo-canary-5d89", "5d89"), ("demo-5d89", "77"), ("demo", "")],
            *[("demo-x;reboot", ""), ("demo-`reboot`", ""), (f"demo-{'x' * 64}", ""), ("demo-", "")],
        ],
    )
    def test_pods_of_another_deployment_count_neither_as_ready_nor_for_a_deletion(
        self, replica_set: str, template_hash: str | None
    ) -> None:
        others = self.of(replica_set, template_hash)

        assert sync(server(), running(server()), [others])["status"]["phase"] == "Pending"
        assert sync(deleting(server()), related=[others])["finalized"] is True

    def test_pods_of_a_foreign_deployment_of_its_name_count_neither_as_ready_nor_for_a_deletion(self) -> None:
        theirs = with_metadata(pod("demo-1", "demo"), annotations={})
        children = without(running(server()), "Deployment/demo")

        assert sync(server(), children, [theirs])["status"]["phase"] == "Pending"
        assert sync(deleting(server()), related=[theirs])["finalized"] is True

    def test_pods_of_its_own_deployment_count_as_ready_and_hold_a_deletion(self) -> None:
        assert sync(server(), running(server()), [self.of("demo-5d89")])["status"]["phase"] == "Ready"
        assert sync(deleting(server()), related=[self.of("demo-5d89")])["finalized"] is False


def test_an_object_of_another_namespace_is_no_conflict() -> None:
    elsewhere = with_metadata(made(ROLE, RUNNER), namespace=f"{NAMESPACE}-2")

    assert ready(sync(server(), related=[elsewhere]))[1] == "NoPods"


def first_and_second(first: Object, second: Object) -> list[tuple[Object, Object]]:
    """Both orders in which two workloads may come."""
    return [(first, second), (second, first)]


class TestServersAndRemoteProxies:
    """An MCPServer and an MCPRemoteProxy whose objects have the same names: the one that was first keeps everything."""

    @pytest.mark.parametrize(
        ("one", "other", "shared", "conflicts", "more"),
        [
            (
                server(),
                remote(),
                ["ConfigMap/demo-runconfig", "Deployment/demo"],
                ["ConfigMap/demo-runconfig"],
                [],
            ),
            (
                server("demo-remote"),
                remote(),
                [
                    *(f"{kind}/demo-remote-proxy-runner" for kind in ("Role", "RoleBinding", "ServiceAccount")),
                    "Service/mcp-demo-remote-proxy",
                ],
                ["Service/mcp-demo-remote-proxy", "ServiceAccount/demo-remote-proxy-runner"],
                ["and 2 more"],
            ),
        ],
        ids=["one name", "demo and demo-remote"],
    )
    def test_of_a_server_and_a_proxy_with_shared_names_the_second_waits(
        self, one: Object, other: Object, shared: list[str], conflicts: list[str], more: list[str]
    ) -> None:
        for first, second in first_and_second(one, other):
            theirs, name = running(first), first["metadata"]["name"]
            _, alone = settled(second)

            lost = sync(second, related=theirs)

            assert {title(obj) for obj in theirs} & {title(obj) for obj in alone} == set(shared)
            what = "server" if second["kind"] == "MCPServer" else "proxy"
            remedy = f"rename this {what}, or delete that {first['kind']} if nothing needs it"
            taken = [title.split("/") for title in conflicts]
            said = [
                f"{kind} {child_name!r} belongs to {first['kind']} {name!r}: {remedy}" for kind, child_name in taken
            ]
            message = "; ".join([*said, *more])
            assert ready(lost) == ("False", "NameConflict", message)
            assert lost["status"]["phase"] == "Failed"
            assert ("url" in lost["status"], lost["resyncAfterSeconds"]) == (False, 60)
            kinds = {kind.partition("/")[0] for kind in child_names(lost)}
            assert kinds <= {"Role", "ServiceAccount"}, "it gets no proxy, and nothing bound to it"
            # A neighbour that failed leaves what it made: the first takes no notice of it.
            made_by_second = [observed(obj, second) for obj in lost["children"] if title(obj) not in shared]
            assert sync(first, theirs, made_by_second) == sync(first, theirs)

    def test_the_second_workload_has_its_children_once_the_first_is_gone(self) -> None:
        for first, second in first_and_second(server(), remote()):
            lost = sync(second, related=running(first))

            again = sync({**second, "status": lost["status"]})

            assert child_names(again) == child_names(sync(second))
            assert ready(again)[1] != "NameConflict"

    def test_the_second_workload_keeps_its_children_while_the_first_takes_a_name(self) -> None:
        """Someone deleted its RunConfig, and the other's was quicker."""
        for first, second in first_and_second(server(), remote()):
            [run_config] = [obj for obj in running(first) if obj["kind"] == "ConfigMap"]
            children = without(running(second), title(run_config))

            answer = sync(second, children, [run_config])

            assert {*map(title, children)} <= {*child_names(answer)}
            assert "url" not in answer["status"]
            assert ready(answer)[1] == "NameConflict"

    def test_pods_of_a_server_are_not_a_remote_proxys(self) -> None:
        theirs = [pod("demo-1", "demo")]

        assert ready(sync(remote(), running(remote()), theirs))[1] == "NoPods"
        assert sync(deleting(remote()), related=[*running(server()), *theirs])["finalized"] is True

    def test_a_service_that_a_servers_runner_made_is_not_the_proxys(self) -> None:
        runners = owned(made(SERVICE, "mcp-demo-remote-proxy"), "StatefulSet", "demo-remote-proxy")

        answer = sync(remote(), related=[runners])

        assert ready(answer) == (
            "False",
            "NameConflict",
            "Service 'mcp-demo-remote-proxy' belongs to StatefulSet 'demo-remote-proxy': rename this proxy, or delete "
            "that StatefulSet if nothing needs it",
        )
        ours = next(obj for obj in running(remote()) if obj["kind"] == "Service")
        assert ready(sync(server("demo-remote-proxy"), related=[ours]))[1] == "NameConflict"

    def test_an_object_of_an_earlier_proxy_of_the_name_is_waited_out(self) -> None:
        left = owned(
            made(CONFIG_MAP, "demo-runconfig"), "MCPRemoteProxy", "demo", "uid-earlier", MCP_SERVER.api_version
        )

        assert ready(sync(remote(), related=[left]))[2] == (
            "ConfigMap 'demo-runconfig' belongs to an earlier MCPRemoteProxy of this name: "
            "wait until it is garbage collected"
        )

    def test_a_proxys_account_of_the_users_leaves_the_names_of_its_rights_free(self) -> None:
        role = made(ROLE, "demo-remote-proxy-runner")

        assert ready(sync(remote(), related=[role]))[1] == "NameConflict"
        assert ready(sync(remote(serviceAccount="mine"), related=[role]))[1] == "NoPods"
