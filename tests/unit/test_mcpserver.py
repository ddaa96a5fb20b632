"""MCPServer: what exists for it, what its status says, and how it is taken down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE, STATEFUL_SET
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from tests.world import (
    ACCESS,
    BINDING,
    CONFIG,
    NAMESPACE,
    NOT_ACTIVE,
    NOW,
    OPEN,
    USES_TX,
    call,
    child,
    child_names,
    condition,
    config_map,
    customize,
    deleting,
    good_config,
    judged,
    made,
    observed,
    pod,
    run_config,
    running,
    server,
    settled,
    stamped,
    sync,
    sync_request,
    tool_config,
    with_metadata,
)

WORKLOAD = ["ConfigMap/demo-runconfig", "Deployment/demo", "Service/mcp-demo-proxy"]


def template(answer: Object) -> Object:
    return child(answer, DEPLOYMENT, "demo")["spec"]["template"]


def test_the_first_answer_has_everything_but_the_binding() -> None:
    answer = sync(server())

    assert child_names(answer) == sorted([*WORKLOAD, *ACCESS])
    assert answer["resyncAfterSeconds"] == 60
    assert answer["status"] == {
        "phase": "Pending",
        "message": "No pods found for MCP server",
        "observedGeneration": 1,
        "conditions": stamped(
            ("Ready", "False", "NoPods", "No pods found for MCP server"),
            ("Valid", "True", "Valid", "The spec is valid"),
            OPEN,
            *NOT_ACTIVE,
        ),
    }


def by_name(resource: str, *names: str, group: str = "") -> Object:
    return {"apiVersion": f"{group}v1", "resource": resource, "namespace": NAMESPACE, "names": list(names)}


RBAC = "rbac.authorization.k8s.io/"
OWN_NAMES = [
    by_name("services", "mcp-demo", "mcp-demo-headless", "mcp-demo-proxy"),
    by_name("configmaps", "demo-authz-inline", "demo-runconfig"),
    by_name("serviceaccounts", "demo-proxy-runner", "demo-sa"),
    by_name("roles", "demo-proxy-runner", group=RBAC),
    by_name("rolebindings", "demo-proxy-runner", group=RBAC),
    by_name("statefulsets", "demo", group="apps/"),
]
"""The rules for what has a name of the server `demo`, and whose owner is looked at."""
PODS = {
    "apiVersion": "v1",
    "resource": "pods",
    "namespace": NAMESPACE,
    "labelSelector": {"matchLabels": {"toolhive-name": "demo"}},
}


def test_customize_asks_for_configs_own_names_and_pods() -> None:
    spec = {
        **USES_TX,
        "toolConfigRef": {"name": "tools"},
        "oidcConfig": {"type": "configMap", "configMap": {"name": "oidc"}},
    }

    rules = customize(server(**spec))["relatedResources"]

    toolhive = {"apiVersion": "toolhive.stacklok.dev/v1beta1", "namespace": NAMESPACE}
    assert rules == [
        {**toolhive, "resource": "mcpexternalauthconfigs", "names": ["tx"]},
        {**toolhive, "resource": "mcptoolconfigs", "names": ["tools"]},
        OWN_NAMES[0],
        by_name("configmaps", "demo-authz-inline", "demo-runconfig", "oidc"),
        *OWN_NAMES[2:],
        PODS,
    ]


def test_customize_asks_for_the_pods_of_a_server_that_is_being_deleted() -> None:
    assert customize(deleting(server(**USES_TX)))["relatedResources"] == [PODS]


def test_customize_never_asks_for_deployments() -> None:
    """Metacontroller compares each of their many events with each rule of each server: it costs N servers N squared."""
    for owner in (server(**USES_TX), deleting(server())):
        rules = customize(owner)["relatedResources"]
        assert [rule for rule in rules if rule["resource"] == "deployments"] == []


@pytest.mark.parametrize("spec", [None, [], {"externalAuthConfigRef": "tx"}, {"oidcConfig": {"type": "configMap"}}])
def test_customize_can_read_any_spec(spec: Any) -> None:
    owner = {**server(), "spec": spec}

    assert customize(owner)["relatedResources"] == [*OWN_NAMES, PODS]


def test_ready_means_that_a_proxy_pod_is_ready() -> None:
    def phase(*pods: Object, without: str = "") -> str:
        children = [obj for obj in running(server()) if obj["kind"] != without]
        return str(sync(server(), children, pods)["status"]["phase"])

    assert phase(pod("demo-1", "demo")) == "Ready"
    assert phase(pod("demo-1", "demo"), without="Deployment") == "Pending"
    assert phase(pod("demo-1", "demo", ready=False)) == "Pending"
    assert phase(pod("demo-0", "demo", app="demo")) == "Pending"
    assert phase(with_metadata(pod("demo-1", "demo"), deletionTimestamp="2026-11-23T12:00:00Z")) == "Pending"


def test_without_sight_of_pods_the_deployment_tells() -> None:
    blind = replace(CONFIG, read_pods=False)
    children = running(server())
    ready = [{**obj, "status": {"readyReplicas": 1}} if obj["kind"] == "Deployment" else obj for obj in children]

    assert customize(server(), config=blind) == {"relatedResources": OWN_NAMES}
    assert customize(deleting(server()), config=blind) == {"relatedResources": []}
    assert sync(server(), children, config=blind)["status"]["phase"] == "Pending"
    assert sync(server(), ready, config=blind)["status"]["phase"] == "Ready"


def test_a_second_sync_on_its_own_output_changes_nothing() -> None:
    owner = server(**USES_TX)
    before, children = settled(owner, good_config())

    again = sync({**owner, "status": before["status"]}, children, [good_config()])

    assert again == before
    assert before["status"]["url"] == "http://mcp-demo-proxy.team-a.svc.cluster.local:8080/mcp"


def test_times_move_with_the_status_of_a_condition_only() -> None:
    pending = sync(server())
    later = NOW + timedelta(hours=1)

    ready = sync({**server(), "status": pending["status"]}, running(server()), [pod("demo-1", "demo")], now=later)

    times = {c["type"]: c["lastTransitionTime"] for c in ready["status"]["conditions"]}
    assert times.pop("Ready") == "2026-11-23T13:00:00Z"
    assert set(times.values()) == {"2026-11-23T12:00:00Z"}


@pytest.mark.parametrize("status", [None, [], {"conditions": "x"}, {"conditions": [1, {}, {"type": "Valid"}]}])
def test_a_spoiled_status_is_made_anew(status: Any) -> None:
    assert sync({**server(), "status": status}) == sync(server())


class TestExternalAuth:
    def test_the_chain_is_complete_and_the_secret_comes_by_reference(self) -> None:
        oidc = {"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "aud"}}
        answer = sync(server(**USES_TX, oidcConfig=oidc), related=[good_config()])

        run = run_config(answer)
        assert [middleware["type"] for middleware in run["middleware_configs"]] == [
            "bodylimit",
            "auth",
            "tokenexchange",
            "mcp-parser",
            "recovery",
        ]
        assert run["middleware_configs"][1]["parameters"] == {"oidc_config": run["oidc_config"]}
        exchange = {
            "token_url": "https://idp.acme.test/token",
            "client_id": "acme-client",
            "client_secret": "",
            "audience": "https://api.acme.test",
            "header_strategy": "replace",
        }
        assert run["middleware_configs"][2]["parameters"] == {"token_exchange_config": exchange}
        assert run["token_exchange_config"] == exchange
        env = template(answer)["spec"]["containers"][0]["env"]
        assert env[0] == {
            "name": "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET",
            "valueFrom": {"secretKeyRef": {"name": "tx-oauth", "key": "client-secret"}},
        }
        assert answer["status"]["externalAuthConfigHash"] == good_config()["status"]["configHash"]
        assert condition(answer, "ExternalAuthConfigValidated") == (
            "True",
            "ExternalAuthConfigValid",
            "MCPExternalAuthConfig 'tx' is used",
        )
        assert condition(answer, "IncomingAuthentication") == (
            "True",
            "Configured",
            "Callers must present a valid token",
        )

    def test_without_oidc_the_condition_says_who_gets_in(self) -> None:
        answer = sync(server(**USES_TX), related=[good_config()])

        assert run_config(answer)["middleware_configs"][1] == {"type": "auth", "parameters": {}}
        assert condition(answer, "IncomingAuthentication") == (
            "False",
            "NotConfigured",
            "Callers aren't authenticated without spec.oidcConfigRef: everyone gets in as a local user, bearer tokens "
            "are exchanged unverified, and calls without one pass through",
        )

    def test_a_server_without_external_auth_has_the_chain_that_every_proxy_has(self) -> None:
        answer = sync(server())

        assert run_config(answer)["middleware_configs"] == [
            {"type": "bodylimit", "parameters": {"max_bytes": 8388608}},
            {"type": "auth", "parameters": {}},
            {"type": "mcp-parser", "parameters": {}},
            {"type": "recovery", "parameters": None},
        ]
        assert condition(answer, "IncomingAuthentication") is None

    def test_tools_come_from_the_tool_config_alone(self) -> None:
        config = judged(tool_config("tools", toolsFilter=["fetch"], toolsOverride={"fetch": {"name": "get"}}))

        answer = sync(
            server(**USES_TX, tools=["ignored"], toolConfigRef={"name": "tools"}), related=[good_config(), config]
        )

        run = run_config(answer)
        tools = {"filter_tools": ["fetch"], "tools_override": {"fetch": {"name": "get", "description": ""}}}
        assert (run["tools_filter"], run["tools_override"]) == (["fetch"], {"fetch": {"name": "get"}})
        assert [m for m in run["middleware_configs"] if m["type"].startswith("tool-")] == [
            {"type": "tool-filter", "parameters": tools},
            {"type": "tool-call-filter", "parameters": tools},
        ]
        assert answer["status"]["toolConfigHash"] == config["status"]["configHash"]


def test_a_missing_config_is_named_with_a_remedy() -> None:
    answer = sync(server(**USES_TX))

    fault = (
        "False",
        "ExternalAuthConfigNotFound",
        "MCPExternalAuthConfig 'tx' not found in namespace 'team-a': create it, or remove spec.externalAuthConfigRef",
    )
    assert condition(answer, "ExternalAuthConfigValidated") == fault
    assert condition(answer, "Ready") == fault
    assert answer["status"]["message"] == fault[2]


def test_a_name_that_services_cannot_have_is_refused_and_existing_children_stay() -> None:
    long = server("d" * 51)
    assert child_names(sync(long)) == []

    runner = f"{'d' * 51}-proxy-runner"
    account = observed({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": runner}}, long)
    answer = sync(long, [account])
    assert child_names(answer) == [f"Role/{runner}", f"ServiceAccount/{runner}", f"ServiceAccount/{'d' * 51}-sa"]
    assert condition(answer, "Valid") == (
        "False",
        "NameNotUsable",
        "metadata.name must be at most 50 characters long: longer ones leave no room in the names of its Services",
    )


class TestConfigFirst:
    def test_the_template_waits_until_the_runconfig_is_seen(self) -> None:
        before = running(server())
        edited = server(args=["--verbose"])

        first = sync(edited, before)
        assert run_config(first)["cmd_args"] == ["--verbose"]
        assert child(first, DEPLOYMENT, "demo") == child(sync(server()), DEPLOYMENT, "demo")

        written = [
            observed(child(first, CONFIG_MAP, "demo-runconfig"), edited) if obj["kind"] == "ConfigMap" else obj
            for obj in before
        ]
        second = sync(edited, written)
        assert template(second) != template(first)
        assert template(second) == template(sync(edited))

    def test_a_deployment_that_is_gone_waits_too(self) -> None:
        left = [obj for obj in running(server()) if obj["kind"] != "Deployment"]

        assert "Deployment/demo" not in child_names(sync(server(args=["x"]), left))
        assert "Deployment/demo" in child_names(sync(server(), left))


class TestReplicas:
    def spec(self, owner: Object, children: list[Object]) -> Object:
        return child(sync(owner, children), DEPLOYMENT, "demo")["spec"]

    @pytest.mark.parametrize("transport", ["stdio", "sse"])
    def test_without_a_number_the_proxy_is_scaled_by_others(self, transport: str) -> None:
        assert "replicas" not in self.spec(server(transport=transport), [])

    def test_a_stdio_server_never_has_two_proxies(self) -> None:
        children = running(server())
        deployment = next(obj for obj in children if obj["kind"] == "Deployment")

        for seen, wanted in ((0, None), (1, None), (3, 1)):
            deployment["spec"]["replicas"] = seen
            assert self.spec(server(), children).get("replicas") == wanted

    def test_a_number_that_we_once_sent_follows_the_observed_one(self) -> None:
        http = server(transport="sse")
        children = running(http)
        deployment = next(obj for obj in children if obj["kind"] == "Deployment")
        applied = json.loads(deployment["metadata"]["annotations"][LAST_APPLIED])
        applied["spec"]["replicas"] = 1
        deployment["metadata"]["annotations"][LAST_APPLIED] = json.dumps(applied)
        deployment["spec"]["replicas"] = 5

        assert self.spec(http, children)["replicas"] == 5

        annotations = deployment["metadata"]["annotations"]
        annotations[LAST_APPLIED] = annotations[LAST_APPLIED].replace("replicas", "repl\\u0069cas")
        assert self.spec(http, children)["replicas"] == 5


class TestFinalize:
    def test_a_deletion_removes_the_proxy_before_the_statefulset(self) -> None:
        owner = server(**USES_TX)
        children = [*running(owner, good_config()), made(STATEFUL_SET, "demo", spec={})]

        answer = sync(deleting(owner), children, [pod("demo-1", "demo")])

        assert child_names(answer) == ["ServiceAccount/demo-sa", "StatefulSet/demo"]
        assert answer["finalized"] is False
        assert answer["status"]["phase"] == "Terminating"
        deleted = "MCP server is being terminated: its proxy is deleted first, then everything else"
        assert answer["status"]["message"] == deleted

    def test_no_child_is_made_for_a_server_that_is_being_deleted(self) -> None:
        owner = server()
        deployment = [obj for obj in running(owner) if obj["kind"] == "Deployment"]

        assert child_names(sync(deleting(owner), deployment)) == []

    def test_once_the_proxy_is_gone_all_the_rest_goes(self) -> None:
        owner = server()
        left = [made(STATEFUL_SET, "demo", spec={}), *(o for o in running(owner) if o["kind"] != "Deployment")]

        answer = sync(deleting(owner), left)

        assert (answer["children"], answer["finalized"]) == ([], False)

    def test_a_slow_deletion_names_the_object_that_it_waits_for_and_not_each_step(self) -> None:
        """A status for each step would be a write, and a call for each config that waits for its last server."""
        owner = deleting(server())
        everything = [made(STATEFUL_SET, "demo", spec={}), *running(server())]
        left = [obj for obj in everything if obj["kind"] != "Deployment"]
        steps = ((everything, [pod("demo-1", "demo")]), (everything, []), (left, []))
        first = sync(owner, *steps[0])["status"]

        owner = {**owner, "status": first}
        assert [sync(owner, *step)["status"] for step in steps] == [first] * 3
        later = NOW + timedelta(seconds=60)
        deployment = "Deployment 'demo' to go: `kubectl delete deployment demo -n team-a`"
        rest = "ConfigMap 'demo-runconfig' to go: `kubectl delete configmap demo-runconfig -n team-a`, and 6 more"
        assert [sync(owner, *step, now=later)["status"]["message"] for step in steps] == [
            f"MCP server is being terminated: waiting for {what}" for what in (deployment, deployment, rest)
        ]

    def test_a_slow_deletion_names_the_pods_of_a_deployment_that_is_no_child(self) -> None:
        """Released, orphaned or gone: the command deletes a Deployment that has the server's labels."""
        answer = sync(deleting(server()), related=[pod("demo-1", "demo")], now=NOW + timedelta(seconds=60))

        assert answer["finalized"] is False
        assert answer["status"]["message"] == (
            "MCP server is being terminated: waiting for the pods of ReplicaSet 'demo-5d89' to stop: "
            "`kubectl delete deployment,replicaset -l app=mcpserver,toolhive-name=demo -n team-a`"
        )

    def test_a_call_a_second_later_with_the_status_of_before_gets_the_same_answer(self) -> None:
        """Metacontroller's cache lags behind its own write; another time in the answer would be another write."""
        ready = sync(server(), running(server()), [pod("demo-1", "demo")])["status"]
        owner = {**deleting(server()), "status": ready}

        answers = [sync(owner, running(server()), now=NOW + timedelta(seconds=later)) for later in (0, 1)]

        assert answers[0]["status"] == answers[1]["status"]

    def test_a_server_that_was_not_ready_for_long_is_no_slow_deletion(self) -> None:
        failed = sync(server(), now=NOW - timedelta(hours=1))["status"]

        answer = sync({**deleting(server()), "status": failed}, running(server()))

        assert (
            answer["status"]["message"]
            == "MCP server is being terminated: its proxy is deleted first, then everything else"
        )

    def test_a_pod_without_its_deployment_is_waited_for(self) -> None:
        answer = sync(deleting(server()), related=[pod("demo-1", "demo")])

        assert (answer["children"], answer["finalized"]) == ([], False)

    def test_finalized_once_nothing_is_left(self) -> None:
        answer = sync(deleting(server()), related=[pod("demo-0", "demo", app="demo")])

        assert (answer["children"], answer["finalized"]) == ([], True)

    def test_a_spec_that_cannot_be_read_blocks_nothing(self) -> None:
        assert sync({**deleting(server()), "spec": None})["finalized"] is True


def test_a_parent_one_status_behind_gets_the_same_answer() -> None:
    """With a cache one write behind, two syncs would else chase each other's transition times for ever."""
    hour_ago = NOW - timedelta(hours=1)
    before = sync(server(**USES_TX), now=hour_ago)["status"]  # Failed, a condition more
    current = sync({**server(), "status": before}, running(server()))["status"]

    statuses = []
    for behind in (before, current, before, current):
        answer = call(sync_request({**server(), "status": behind}, running(server())), now=NOW + timedelta(minutes=1))
        statuses.append(answer["status"])

    assert statuses == [current] * 4


def test_oidc_settings_are_read_from_a_configmap() -> None:
    owner = server(oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}})
    data = {"issuer": "https://idp.acme.test", "audience": "aud", "jwksAllowPrivateIP": "true", "clientId": "c"}

    answer = sync(owner, related=[config_map("oidc", **data)])

    assert run_config(answer)["oidc_config"] == {
        "Issuer": "https://idp.acme.test",
        "Audience": "aud",
        "JWKSURL": "",
        "ClientID": "c",
        "ClientSecret": "",
        "CACertPath": "",
        "AuthTokenFile": "",
        "AllowPrivateIP": True,
        "InsecureAllowHTTP": False,
        "IntrospectionURL": "",
        "ResourceURL": "http://demo.team-a.svc.cluster.local:8080",
        "Scopes": None,
    }
    assert condition(answer, "OIDCConfigRefValidated") == ("True", "Valid", "ConfigMap 'oidc' is used")


class TestPortsChangedByHand:
    """Metacontroller merges ports by their number, so a changed number has to be returned once to be removed."""

    def test_a_services_foreign_port_is_renamed_and_then_left_out(self) -> None:
        owner = server()
        children = running(owner)
        service = next(obj for obj in children if obj["kind"] == "Service")
        ours = service["spec"]["ports"]
        foreign = {"name": "http", "port": 81, "targetPort": 81, "protocol": "TCP"}

        service["spec"]["ports"] = [foreign]
        renamed = [*ours, {**foreign, "name": "not-ours-81"}]
        assert child(sync(owner, children), SERVICE, "mcp-demo-proxy")["spec"]["ports"] == renamed

        service["spec"]["ports"] = renamed
        assert child(sync(owner, children), SERVICE, "mcp-demo-proxy")["spec"]["ports"] == ours

    def test_a_port_under_another_name_is_not_ours_to_remove(self) -> None:
        owner = server()
        children = running(owner)
        service = next(obj for obj in children if obj["kind"] == "Service")
        ours = list(service["spec"]["ports"])
        service["spec"]["ports"].append({"name": "debug", "port": 81})

        assert child(sync(owner, children), SERVICE, "mcp-demo-proxy")["spec"]["ports"] == ours

    def test_a_spoiled_annotation_does_not_keep_a_port_from_being_put_right(self) -> None:
        owner = server()
        children = running(owner)
        service = next(obj for obj in children if obj["kind"] == "Service")
        service["spec"]["ports"][0]["port"] = 81
        service["metadata"]["annotations"][LAST_APPLIED] = '{"spec": {"ports": [{"port": {}}]}}'

        answered = child(sync(owner, children), SERVICE, "mcp-demo-proxy")["spec"]["ports"]
        assert [port["port"] for port in answered] == [8080, 81]

    def test_the_containers_foreign_port_is_renamed_too(self) -> None:
        owner = server()
        children = running(owner)
        deployment = next(obj for obj in children if obj["kind"] == "Deployment")
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        container["ports"] = [{"name": "http", "containerPort": 81}]

        [proxy] = template(sync(owner, children))["spec"]["containers"]

        assert proxy["ports"] == [
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "not-ours-81", "containerPort": 81},
        ]


class TestAChildThatIsMissing:
    def seen(self, *, without: str) -> tuple[Object, list[Object]]:
        owner = server()
        first = sync(owner, related=[pod("demo-1", "demo")])
        behind = {**owner, "status": first["status"]}
        return behind, [obj for obj in running(owner) if f"{obj['kind']}/{obj['metadata']['name']}" != without]

    def test_a_child_that_is_not_there_is_noted_waited_for_and_then_counts_as_refused(self) -> None:
        owner, children = self.seen(without="Service/mcp-demo-proxy")
        running_pod = pod("demo-1", "demo")

        noted = sync(owner, children, [running_pod])
        message = "MCP server is running; Service 'mcp-demo-proxy' is not there yet"
        assert condition(noted, "Ready") == ("True", "ChildMissing", message)
        assert noted["resyncAfterSeconds"] == 5

        waiting = sync({**owner, "status": noted["status"]}, children, [running_pod])
        assert condition(waiting, "Ready") == ("False", "ChildMissing", "Service 'mcp-demo-proxy' is not there yet")
        assert waiting["resyncAfterSeconds"] == 30
        behind = {**owner, "status": waiting["status"]}
        early = sync(behind, children, [running_pod], now=NOW + timedelta(seconds=29))
        assert condition(early, "Ready") == condition(waiting, "Ready")

        refused = sync(behind, children, [running_pod], now=NOW + timedelta(seconds=30))
        assert condition(refused, "Ready") == (
            "False",
            "FailedCreate",
            "Service 'mcp-demo-proxy' isn't made: `kubectl describe mcpserver demo -n team-a` shows who refuses it",
        )
        assert refused["status"]["phase"] == "Failed"
        assert child(refused, SERVICE, "mcp-demo-proxy") == child(waiting, SERVICE, "mcp-demo-proxy")

    def after_the_wait(self, *, without: str, pods: list[Object]) -> Object:
        """The answer once a child has stayed away for half a minute; it doesn't change after that."""
        owner, children = self.seen(without=without)
        for _ in range(2):
            owner = {**owner, "status": sync(owner, children, pods)["status"]}
        answer = sync(owner, children, pods, now=NOW + timedelta(seconds=30))
        again = sync({**owner, "status": answer["status"]}, children, pods, now=NOW + timedelta(minutes=2))
        assert again == answer
        return answer

    LOOK = (
        "Deployment 'demo' isn't among this server's objects: `kubectl get deployment demo -n team-a --show-labels` "
        "shows whether there is one. If it has the label toolhive-name=demo, Metacontroller released it: `kubectl "
        "label deployment/demo controller-uid=uid-mcpservers-demo -n team-a`. If it is another's, rename this server. "
        "If there is none, "
    )

    def test_a_deployment_that_stays_away_may_be_anothers_or_refused(self) -> None:
        theirs = with_metadata(pod("demo-1", "demo"), annotations={})

        answer = self.after_the_wait(without="Deployment/demo", pods=[theirs])

        assert answer["status"]["phase"] == "Failed"
        refused = "`kubectl describe mcpserver demo -n team-a` shows who refuses it"
        assert condition(answer, "Ready") == ("False", "FailedCreate", f"{self.LOOK}{refused}")
        assert answer["resyncAfterSeconds"] == 60

    def test_a_deployment_that_stays_away_while_its_pods_run_was_released(self) -> None:
        answer = self.after_the_wait(without="Deployment/demo", pods=[pod("demo-1", "demo")])

        assert answer["status"]["phase"] == "Failed"
        command = "`kubectl delete replicaset -l app=mcpserver,toolhive-name=demo -n team-a`"
        left_over = f"its pods are left over: {command}"
        assert condition(answer, "Ready") == ("False", "ChildReleased", f"{self.LOOK}{left_over}")

    def test_a_deployment_that_was_named_stays_named_after_an_edit(self) -> None:
        status = self.after_the_wait(without="Deployment/demo", pods=[pod("demo-1", "demo")])["status"]
        edited = {**with_metadata(server(args=["--new"]), generation=2), "status": status}
        _, children = self.seen(without="Deployment/demo")

        answer = sync(edited, children, [pod("demo-1", "demo")], now=NOW + timedelta(minutes=3))

        assert (condition(answer, "Ready"), answer["status"]["observedGeneration"]) == (
            condition({"status": status}, "Ready"),
            2,
        )

    @pytest.mark.parametrize(("age", "reason"), [(0, "Ready"), (119, "Ready"), (120, "ChildMissing")])
    def test_a_binding_is_missing_only_once_its_role_is_old(self, age: int, reason: str) -> None:
        """It is made a call after its Role: a note about that would be another write and another call."""
        owner, children = self.seen(without="RoleBinding/demo-proxy-runner")
        created = f"{NOW - timedelta(seconds=age):%Y-%m-%dT%H:%M:%SZ}"
        children = [with_metadata(each, creationTimestamp=created) for each in children]

        answer = sync(owner, children, [pod("demo-1", "demo")])

        assert "RoleBinding/demo-proxy-runner" in child_names(answer)
        assert (condition(answer, "Ready") or ())[1] == reason

    def test_a_server_that_was_not_ready_for_another_cause_has_its_own_wait(self) -> None:
        owner, children = self.seen(without="Service/mcp-demo-proxy")
        long_pending = sync(server())
        owner = {**owner, "status": long_pending["status"]}

        answer = sync(owner, children, now=NOW + timedelta(hours=1))

        assert condition(answer, "Ready") == ("False", "ChildMissing", "Service 'mcp-demo-proxy' is not there yet")

    def test_a_child_that_a_new_spec_adds_is_not_missing_yet(self) -> None:
        owner, children = self.seen(without="Service/mcp-demo-proxy")

        answer = sync(with_metadata(owner, generation=2), children, [pod("demo-1", "demo")])

        assert condition(answer, "Ready") == ("True", "Ready", "MCP server is running")

    def test_another_child_that_is_missing_after_it_is_noted_anew(self) -> None:
        owner, children = self.seen(without="Service/mcp-demo-proxy")
        noted = sync(owner, children, [pod("demo-1", "demo")])["status"]
        _, children = self.seen(without="Role/demo-proxy-runner")

        answer = sync({**owner, "status": noted}, children, [pod("demo-1", "demo")], may_delete=[BINDING])

        message = "MCP server is running; Role 'demo-proxy-runner' is not there yet"
        assert condition(answer, "Ready") == ("True", "ChildMissing", message)
