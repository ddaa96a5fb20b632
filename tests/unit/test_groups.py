"""MCPGroup: its members by their claims, and what a member sees of it."""

from __future__ import annotations

import json

from hooks.api.kinds import MCP_REMOTE_PROXY, MCP_SERVER
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object
from hooks.references.claims import claimant
from tests.accounts import claiming
from tests.world import (
    NAMESPACE,
    child_names,
    condition,
    customize,
    deleting,
    group,
    parent,
    server,
    stamped,
    sync,
    with_metadata,
)


def workload(kind: Kind, name: str) -> Object:
    return parent(kind, name, {})


def test_the_status_of_a_group() -> None:
    members = [claiming(server(name), group="team") for name in ("b", "a")]
    others = [claiming(server("c"), group="other")]

    assert sync(group(), related=[*members, *others]) == {
        "status": {
            "observedGeneration": 1,
            "phase": "Ready",
            "servers": ["a", "b"],
            "serverCount": 2,
            "conditions": stamped(
                ("Ready", "True", "Ready", "MCPGroup can be used"),
                (
                    "MCPServersChecked",
                    "True",
                    "ListMCPServersCheckSucceeded",
                    "Members are found by the claims of their ServiceAccounts",
                ),
            ),
        },
        "children": [],
    }


def test_more_than_fifty_members_are_neither_listed_nor_counted() -> None:
    members = [claiming(server(f"s{number}"), group="team") for number in range(51)]

    answer = sync(group(), related=members)

    assert answer["status"].keys() == {"observedGeneration", "phase", "conditions"}
    message = "MCPGroup can be used; more than 50 workloads refer to it"
    assert condition(answer, "Ready") == ("True", "Ready", message)


def test_a_field_that_no_group_has_is_said_and_stops_no_member() -> None:
    wrong = group(descriptoin="The weather team's")

    judged = sync(wrong, related=[claiming(server(), group="team")])

    message = "spec.descriptoin: is not a field that toolhive-hooks knows: perhaps description is meant"
    assert condition(judged, "Ready") == ("False", "SpecInvalid", message)
    assert (judged["status"]["phase"], judged["status"]["servers"]) == ("Failed", ["demo"])
    member = sync(server(groupRef={"name": "team"}), related=[{**wrong, "status": judged["status"]}])
    assert condition(member, "GroupRefValidated") == (
        "False",
        "GroupRefNotReady",
        "MCPGroup 'team' is not ready (current phase: Failed)",
    )
    assert "Deployment/demo" in child_names(member)


def test_a_field_of_a_group_that_the_api_server_dropped_is_said() -> None:
    applied = {"metadata": {"name": "team"}, "spec": {"descriptoin": "The weather team's"}}

    judged = sync(with_metadata(group(), annotations={KUBECTL_LAST_APPLIED: json.dumps(applied)}))

    message = (
        "The manifest that was applied has fields that the API server dropped. Apply it without them; if the spec was "
        "changed since by other means, remove the annotation kubectl.kubernetes.io/last-applied-configuration. "
        "spec.descriptoin: is not a field that toolhive-hooks knows: perhaps description is meant"
    )
    assert condition(judged, "Ready") == ("False", "FieldPruned", message)
    assert judged["status"]["phase"] == "Failed"


def test_a_group_is_released_at_once() -> None:
    answer = sync(deleting(group()), related=[claiming(server(), group="team")])

    assert (answer["finalized"], answer["status"]["servers"]) == (True, ["demo"])


def test_a_group_asks_for_its_members_alone() -> None:
    assert customize(group())["relatedResources"] == [
        {
            "apiVersion": "v1",
            "resource": "serviceaccounts",
            "namespace": NAMESPACE,
            "labelSelector": {"matchLabels": {"toolhive.stacklok.dev/group": "team"}},
        }
    ]


def test_accounts_of_two_kinds_are_told_apart() -> None:
    """A server named after a proxy's account doesn't count as the proxy, nor the other way round."""
    kinds = [MCP_SERVER, MCP_REMOTE_PROXY]
    proxy, remote = workload(MCP_REMOTE_PROXY, "x"), workload(MCP_SERVER, "x-remote")

    assert claimant(claiming(proxy, "-remote-proxy-runner"), kinds) == (MCP_REMOTE_PROXY, "x")
    assert claimant(claiming(remote, "-proxy-runner"), kinds) == (MCP_SERVER, "x-remote")
    assert claimant(claiming(proxy, "-proxy-runner"), kinds) is None
