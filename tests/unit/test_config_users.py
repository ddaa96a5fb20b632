"""The users of a config whose kind several kinds of workloads refer to, by several fields."""

from __future__ import annotations

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_REMOTE_PROXY, MCP_SERVER
from hooks.controllers.configs.users import Users, deletion_blocked, rules_for_users, users_of
from hooks.kubernetes.kinds import SERVICE_ACCOUNT, Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import Objects, SyncRequest
from hooks.references.table import Reasons, Reference
from tests.accounts import claiming
from tests.remote import remote
from tests.world import deleting, external_auth, server, sync

CLAIMS = {"externalAuthConfigRef": "external-auth-config", "authServerRef": "auth-server"}
REFERENCES = tuple(
    Reference(
        workload,
        field,
        MCP_EXTERNAL_AUTH_CONFIG,
        f"toolhive.stacklok.dev/{claim}",
        condition="Validated",
        reasons=Reasons("Valid", "NotFound"),
    )
    for workload in (MCP_SERVER, MCP_REMOTE_PROXY)
    for field, claim in CLAIMS.items()
)


def request(config: Object, *related: tuple[Kind, list[Object]]) -> SyncRequest:
    kinds = {kind.key: {obj["metadata"]["name"]: obj for obj in objects} for kind, objects in related}
    return SyncRequest(config, Objects({}), Objects(kinds), finalizing="deletionTimestamp" in config["metadata"])


def test_a_config_asks_once_for_each_claim_and_each_kind() -> None:
    alive, going = (rules_for_users(config, REFERENCES) for config in (external_auth(), deleting(external_auth())))

    assert [rule.labels for rule in alive] == [
        {"toolhive.stacklok.dev/external-auth-config": "tx"},
        {"toolhive.stacklok.dev/auth-server": "tx"},
    ]
    assert [(rule.kind, rule.labels, rule.names) for rule in going] == [
        (MCP_SERVER, {}, ()),
        (MCP_REMOTE_PROXY, {}, ()),
    ]


def test_users_of_every_kind_and_field_are_listed_once() -> None:
    claims = [
        claiming(server("b"), external_auth_config="tx", auth_server="tx"),
        claiming(server("a"), auth_server="tx"),
        claiming(remote("p"), "-remote-proxy-runner", external_auth_config="tx"),
    ]

    users = users_of(request(external_auth(), (SERVICE_ACCOUNT, claims)), REFERENCES)

    assert users.listed == ["a", "b", "MCPRemoteProxy/p"]


def test_a_blocked_deletion_names_kinds_and_the_fields_in_use() -> None:
    ref = {"name": "tx"}
    servers = [server("a", authServerRef={"kind": "MCPExternalAuthConfig", **ref}), server("idle")]
    proxies = [remote("b", authServerRef=ref)]

    users = users_of(request(deleting(external_auth()), (MCP_SERVER, servers), (MCP_REMOTE_PROXY, proxies)), REFERENCES)

    assert deletion_blocked(users).message == (
        "Referenced by 2 workloads: MCPServer a, MCPRemoteProxy b. Delete them or remove their spec.authServerRef"
    )


def test_users_of_one_kind_are_called_by_it() -> None:
    users = Users([(MCP_REMOTE_PROXY, "a"), (MCP_REMOTE_PROXY, "b")], ["spec.authServerRef", "spec.oidcConfigRef"])

    assert deletion_blocked(users).message == (
        "Referenced by 2 MCPRemoteProxies: a, b. Delete them or remove their spec.authServerRef and spec.oidcConfigRef"
    )


def test_a_config_that_goes_is_kept_by_a_server_that_names_it_as_its_authorization_server() -> None:
    user = server("a", authServerRef={"kind": "MCPExternalAuthConfig", "name": "tx"})

    answer = sync(deleting(external_auth()), related=[user])

    assert (answer["finalized"], answer["status"]["referencingServers"]) == (False, ["a"])
