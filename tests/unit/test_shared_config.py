"""What all shared configs have in common: verdict, fingerprint, users, and deletion while in use."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.controllers.configs.config_controller import config_hash
from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.references.claims import claim_value
from hooks.strict_json import cut
from tests.accounts import account_of, using
from tests.world import (
    CONFIG,
    NAMESPACE,
    NOW,
    child,
    condition,
    customize,
    deleting,
    external_auth,
    judged,
    made,
    parent,
    secret,
    server,
    stamped,
    sync,
    tool_config,
    with_metadata,
)

KEYED = replace(CONFIG, digest_key=b"installation key")
UNKEYED_DIGEST = hashlib.sha256(b"uid-secrets-tx-oauth.7.client-secret").hexdigest()
PASSED = "Spec validation passed"


def test_the_status_of_a_good_config() -> None:
    answer = sync(external_auth(), related=[secret()])

    assert answer == {
        "status": {
            "observedGeneration": 1,
            "configHash": config_hash(external_auth()["spec"]),
            "credentialDigest": UNKEYED_DIGEST,
            "conditions": stamped(
                ("Ready", "True", "Ready", "MCPExternalAuthConfig can be used"),
                ("Valid", "True", "ValidationSucceeded", PASSED),
                (
                    "SecretAvailable",
                    "True",
                    "SecretAvailable",
                    f"Secret 'tx-oauth' of namespace 'team-a' has key 'client-secret'; digest {UNKEYED_DIGEST}",
                ),
            ),
        },
        "children": [],
    }


@pytest.mark.parametrize(
    ("related", "reason", "message"),
    [
        (
            [],
            "SecretNotFound",
            "Secret 'tx-oauth' of namespace 'team-a' not found: "
            "create it, or correct spec.tokenExchange.clientSecretRef.name",
        ),
        (
            [secret(other="x")],
            "SecretKeyNotFound",
            "Secret 'tx-oauth' of namespace 'team-a' has no key 'client-secret': "
            "add it, or correct spec.tokenExchange.clientSecretRef.key",
        ),
        (
            [secret(client_secret="")],
            "SecretKeyEmpty",
            "Secret 'tx-oauth' of namespace 'team-a' has nothing at key 'client-secret': put the client secret there",
        ),
    ],
)
def test_a_missing_or_empty_secret_is_named(related: list[Object], reason: str, message: str) -> None:
    answer = sync(external_auth(), related=related)

    assert condition(answer, "SecretAvailable") == ("False", reason, message)
    assert condition(answer, "Ready") == ("False", reason, message)
    assert condition(answer, "Valid") == ("True", "ValidationSucceeded", PASSED)
    assert "credentialDigest" not in answer["status"]
    assert answer["resyncAfterSeconds"] == 60


def test_secrets_are_neither_asked_for_nor_missed_where_they_may_not_be_read() -> None:
    blind = replace(CONFIG, read_secrets=False)

    asked = {rule["resource"] for rule in customize(external_auth(), config=blind)["relatedResources"]}
    assert asked == {"serviceaccounts"}
    answer = sync(external_auth(), config=blind)
    assert condition(answer, "Ready") == ("True", "Ready", "MCPExternalAuthConfig can be used")
    assert condition(answer, "SecretAvailable") is None


def test_a_spec_that_cannot_be_read_is_not_valid() -> None:
    answer = sync(external_auth(audience=7), related=[secret()])

    fault = ("False", "SpecInvalid", "spec.tokenExchange.audience: must be a string, is a number")
    assert (condition(answer, "Valid"), condition(answer, "Ready")) == (fault, fault)


def test_the_digest_is_an_hmac_of_the_value_and_its_place() -> None:
    def digest(of: Object) -> str:
        return str(sync(external_auth(), related=[of], config=KEYED)["status"]["credentialDigest"])

    value = secret(client_secret="s3cr3t", other="a")
    content = hmac.new(
        b"installation key", f"Secret\0{NAMESPACE}\0tx-oauth\0client-secret\0s3cr3t".encode(), hashlib.sha256
    ).hexdigest()
    expected = hashlib.sha256(content.encode()).hexdigest()
    assert digest(value) == expected
    assert digest(with_metadata(secret(client_secret="s3cr3t", other="b"), resourceVersion="9")) == expected
    assert digest(secret(client_secret="another")) != expected


@pytest.mark.parametrize(
    "same", [{"b": 1, "a": [{"y": "1", "x": "2"}]}, {"a": [{"x": "2", "y": "1", "z": None}], "b": 1}]
)
def test_the_hash_is_stable_over_order_and_unset_fields(same: Object) -> None:
    assert config_hash(same) == config_hash({"a": [{"x": "2", "y": "1"}], "b": 1})


def test_the_hash_of_a_deep_spec_is_that_of_the_part_that_is_read() -> None:
    """A parent's spec is cut when its request is read, and a related object's isn't."""
    deep: Object = {}
    for _ in range(300):
        deep = {"a": deep}

    assert config_hash(deep) == config_hash(cut(deep)) != config_hash({"a": {}})


def test_the_hash_changes_with_the_spec() -> None:
    specs = [{}, {"a": "1"}, {"a": 1}, {"a": ["1", "2"]}, {"a": ["2", "1"]}]

    assert len({config_hash(spec) for spec in specs}) == len(specs)


def test_references_are_the_owners_of_the_claiming_accounts() -> None:
    owned = [account_of(using("tx", name)) for name in ("b", "a")]
    others = [
        account_of(using("other", "c")),
        with_metadata(account_of(using("tx", "d")), ownerReferences=[]),
        with_metadata(
            account_of(using("tx", "e")),
            ownerReferences=[{"apiVersion": "apps/v1", "kind": "MCPServer", "name": "e", "controller": True}],
        ),
    ]

    answer = sync(external_auth(), related=[secret(), *owned, *others])

    assert answer["status"]["referencingServers"] == ["a", "b"]


def test_an_account_that_metacontroller_released_still_claims() -> None:
    """Somebody took its label, or gave it another server's: the server that it was made for uses the config."""
    account, others = account_of(using("tx")), server("other")
    labels = {key: value for key, value in account["metadata"]["labels"].items() if key != "controller-uid"}
    moved = {**labels, "controller-uid": others["metadata"]["uid"]}
    owner = account_of(others)["metadata"]["ownerReferences"]
    unowned: list[Object] = []

    for metadata in (
        {"labels": labels, "ownerReferences": unowned},
        {"labels": moved, "ownerReferences": unowned},
        {"labels": moved, "ownerReferences": owner},
    ):
        answer = sync(external_auth(), related=[secret(), with_metadata(account, **metadata)])
        assert answer["status"]["referencingServers"] == ["demo"]


def test_an_account_that_was_made_for_no_server_claims_nothing() -> None:
    owner = account_of(using("tx"))["metadata"]["ownerReferences"]
    label = {"toolhive.stacklok.dev/external-auth-config": "tx"}
    accounts = [
        made(SERVICE_ACCOUNT, "demo-proxy-runner", metadata={"labels": label}),
        made(SERVICE_ACCOUNT, "a" * 200, metadata={"labels": label, "ownerReferences": owner}),
    ]

    assert "referencingServers" not in sync(external_auth(), related=[secret(), *accounts])["status"]


def test_a_server_claims_its_configs_even_where_its_spec_is_invalid() -> None:
    broken = server(port="no", externalAuthConfigRef={"name": "tx"}, toolConfigRef={"name": "tools"})

    labels = account_of(broken)["metadata"]["labels"]

    assert {key: labels[key] for key in labels if key != "controller-uid"} == {
        "toolhive.stacklok.dev/external-auth-config": "tx",
        "toolhive.stacklok.dev/tool-config": "tools",
    }


@pytest.mark.parametrize("name", ["a" * 63, "a" * 64, "a" * 253, "a.b", "A/b c", "-", "é" * 70])
def test_any_name_can_be_claimed(name: str) -> None:
    value = claim_value(name)

    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", value)
    assert (value == name) == (name in ("a" * 63, "a.b"))


def test_names_with_one_beginning_have_claims_of_their_own() -> None:
    assert claim_value("a" * 100) != claim_value("a" * 101)


def test_a_config_that_is_being_deleted_sees_servers_that_claim_nothing_yet() -> None:
    answer = sync(deleting(external_auth()), related=[secret(), using("tx", "new"), using("other", "unrelated")])

    assert answer["status"]["referencingServers"] == ["new"]
    assert answer["finalized"] is False
    assert condition(answer, "DeletionBlocked") == (
        "True",
        "ReferencedByWorkloads",
        "Referenced by 1 MCPServer: new. Delete them or remove their spec.externalAuthConfigRef",
    )
    assert condition(answer, "Ready") == ("True", "Ready", "MCPExternalAuthConfig can be used")


def test_a_blocked_deletion_names_ten_servers_and_their_number() -> None:
    servers = [using("tx", f"s{number:02}") for number in range(12)]

    answer = sync(deleting(external_auth()), related=[secret(), *servers])

    names = ", ".join(f"s{number:02}" for number in range(10))
    assert condition(answer, "DeletionBlocked") == (
        "True",
        "ReferencedByWorkloads",
        f"Referenced by 12 MCPServers: {names} and 2 more. Delete them or remove their spec.externalAuthConfigRef",
    )


@pytest.mark.parametrize("config", [external_auth(), tool_config(toolsFilter=["a"])])
def test_an_unused_config_is_released_but_never_at_once(config: Object) -> None:
    going = deleting(config)
    first = sync(going, related=[secret()])
    assert (first["finalized"], first["resyncAfterSeconds"]) == (False, 2)

    seen = {**going, "status": first["status"]}
    again = sync(seen, related=[secret()], now=NOW + timedelta(seconds=1.5))
    assert (again["finalized"], again["resyncAfterSeconds"]) == (False, 0.5)
    late = sync(seen, related=[secret()], now=NOW + timedelta(seconds=2))
    assert late["finalized"] is True
    assert condition(late, "DeletionBlocked") is None


def test_a_config_is_released_as_soon_as_its_last_reference_ends() -> None:
    going = deleting(external_auth())
    blocked = sync(going, related=[secret(), using("tx")])

    free = sync({**going, "status": blocked["status"]}, related=[secret()], now=NOW + timedelta(minutes=5))

    assert free["finalized"] is True


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (
            {"toolsOverride": {"fetch": {}}},
            ("OverrideEmpty", "spec.toolsOverride['fetch'] must have a name or a description"),
        ),
        (
            {"toolsFilter": ["a", ""]},
            ("FilterInvalid", "spec.toolsFilter[1] must be a tool's name, without commas and line breaks"),
        ),
        (
            {"toolsFilter": ["a,b"]},
            ("FilterInvalid", "spec.toolsFilter[0] must be a tool's name, without commas and line breaks"),
        ),
        ({"toolsFilter": [" a"]}, ("FilterInvalid", "spec.toolsFilter[0] must not begin or end with a blank")),
        (
            {"toolsFilter": ["${TOOL}"]},
            ("FilterInvalid", "spec.toolsFilter[0] still has a placeholder in it: put the value in its place"),
        ),
        ({"toolsFilter": "a"}, ("SpecInvalid", "spec.toolsFilter: must be a list, is a string")),
        (
            {"toolsOverride": {"": {"name": "a"}}},
            ("ToolNameMissing", "spec.toolsOverride has an empty key: it must be the name of a tool"),
        ),
        (
            {"toolsOverride": {"fetch ": {"name": "a"}}},
            ("OverrideInvalid", "spec.toolsOverride['fetch ']: the key must not begin or end with a blank"),
        ),
        (
            {"toolsOverride": {"fetch": {"name": " get"}}},
            ("OverrideInvalid", "spec.toolsOverride['fetch'].name must not begin or end with a blank"),
        ),
        (
            {"toolsOverride": {"fetch": {"name": "g\net"}}},
            ("OverrideInvalid", "spec.toolsOverride['fetch'].name must not have line breaks or control characters"),
        ),
        (
            {"toolsOverride": {"b": {"name": "get"}, "a": {"name": "get"}}},
            ("OverrideRepeated", "spec.toolsOverride gives tools 'a' and 'b' one name: each needs its own"),
        ),
        (
            {"toolsOverride": {"a": {"name": "b"}, "b": {"description": "Stays b."}}},
            ("OverrideRepeated", "spec.toolsOverride gives tools 'a' and 'b' one name: each needs its own"),
        ),
    ],
)
def test_a_tool_config_that_the_runner_would_refuse_is_not_valid(spec: Object, fault: tuple[str, str]) -> None:
    assert condition(sync(tool_config(**spec)), "Valid") == ("False", *fault)


@pytest.mark.parametrize(
    "spec",
    [
        {"toolsOverride": {"a": {"name": "b"}, "b": {"name": "a"}}, "toolsFilter": ["a", "b"]},
        {"toolsOverride": {"a": {"name": "b"}, "b": {"name": "c"}}, "toolsFilter": ["b"]},
        {"toolsOverride": {"a": {"name": "a"}, "b": {"description": "B."}}, "toolsFilter": ["a", "b", "c"]},
        {"toolsFilter": ["a", "a"]},
    ],
)
def test_tools_may_swap_names_and_keep_them(spec: Object) -> None:
    assert condition(sync(tool_config(**spec)), "Valid") == ("True", "ValidationSucceeded", PASSED)


def test_a_filter_by_a_tools_old_name_is_used_as_it_is_and_said() -> None:
    config = tool_config(toolsFilter=["search", "fetch"], toolsOverride={"fetch": {"name": "get"}})

    answer = sync(config)

    assert condition(answer, "Valid") == (
        "True",
        "FilterNameReplaced",
        f"{PASSED}; spec.toolsFilter[1] shows no tool, since spec.toolsOverride renames it to 'get': "
        "filters go by new names",
    )
    assert condition(answer, "Ready") == ("True", "Ready", "MCPToolConfig can be used")


def test_a_reference_of_another_namespace_does_not_count() -> None:
    foreign = with_metadata(using("tx"), namespace="team-b")
    account = with_metadata(made(SERVICE_ACCOUNT, "x", metadata={"labels": {}}), namespace="team-b")

    answer = sync(deleting(external_auth()), related=[secret(), foreign, account])

    assert "referencingServers" not in answer["status"]


@pytest.mark.parametrize(
    ("exchange", "reason", "message"),
    [
        ({"audience": " "}, "AudienceMissing", "spec.tokenExchange.audience must not be empty"),
        ({"clientId": ""}, "ClientIdMissing", "spec.tokenExchange.clientId must be set where clientSecretRef is"),
        (
            {"audience": "api\n"},
            "AudienceInvalid",
            "spec.tokenExchange.audience must not have line breaks or control characters",
        ),
        (
            {"clientId": "<CLIENT_ID>"},
            "ClientIdInvalid",
            "spec.tokenExchange.clientId still has a placeholder in it: put the value in its place",
        ),
        (
            {"audience": "https://api.${DOMAIN}"},
            "AudienceInvalid",
            "spec.tokenExchange.audience still has a placeholder in it: put the value in its place",
        ),
        ({"tokenUrl": "https://:443/x"}, "TokenUrlInvalid", "spec.tokenExchange.tokenUrl has no host"),
        (
            {"tokenUrl": "https://${IDP_HOST}/token"},
            "TokenUrlInvalid",
            "spec.tokenExchange.tokenUrl still has a placeholder in it: put the value in its place",
        ),
        (
            {"scopes": ["a", "b c"]},
            "ScopeInvalid",
            "spec.tokenExchange.scopes[1] must be one scope: printable, without spaces and quotes",
        ),
        ({"scopes": ["a", "b", "a"]}, "ScopeRepeated", "spec.tokenExchange.scopes[2] repeats 'a'"),
        (
            {"externalTokenHeaderName": "X Token:"},
            "HeaderNameInvalid",
            "spec.tokenExchange.externalTokenHeaderName must be an HTTP header's name, such as X-Upstream-Token",
        ),
        (
            {"clientSecretRef": {"name": "", "key": "k"}},
            "SecretNameInvalid",
            "spec.tokenExchange.clientSecretRef.name must be the name of a Secret",
        ),
        (
            {"clientSecretRef": {"name": "s", "key": "a/b"}},
            "SecretKeyInvalid",
            "spec.tokenExchange.clientSecretRef.key must be letters, digits, '-', '_' and '.'",
        ),
    ],
)
def test_a_config_that_no_server_could_use_is_not_valid(exchange: Object, reason: str, message: str) -> None:
    config = external_auth(**exchange)
    answer = sync(config, related=[secret()])

    assert condition(answer, "Valid") == ("False", reason, message)
    server_answer = sync(using("tx"), related=[{**config, "status": answer["status"]}])
    assert condition(server_answer, "ExternalAuthConfigValidated") == (
        "False",
        reason,
        f"MCPExternalAuthConfig 'tx': {message}",
    )
    assert server_answer["status"]["phase"] == "Failed"


class TestOtherTypes:
    """Types of newer ToolHive releases, as far as an MCPServer makes anything of them."""

    REFERENCE = {"name": "tx-oauth", "key": "client-secret"}
    CONFIGS = {
        "unauthenticated": {"type": "unauthenticated"},
        "headerInjection": {
            "type": "headerInjection",
            "headerInjection": {"headerName": "X-Api-Key", "valueSecretRef": REFERENCE},
        },
    }
    BEARER_TOKEN = {"type": "bearerToken", "bearerToken": {"tokenSecretRef": REFERENCE}}

    def config(self, spec: Object) -> Object:
        return judged(parent(MCP_EXTERNAL_AUTH_CONFIG, "tx", spec), secret())

    @pytest.mark.parametrize("type_", ["unauthenticated", "headerInjection"])
    def test_a_type_without_effect_is_good_and_the_server_says_so(self, type_: str) -> None:
        config = self.config(self.CONFIGS[type_])

        answer = sync(using("tx"), related=[config])

        assert condition(config, "Ready") == ("True", "Ready", "MCPExternalAuthConfig can be used")
        assert condition(answer, "ExternalAuthConfigValidated") == (
            "True",
            "NoEffect",
            f"MCPExternalAuthConfig 'tx' of type '{type_}' has no effect on the calls of an MCPServer",
        )
        assert condition(answer, "IncomingAuthentication") is None

    @pytest.mark.parametrize("type_", ["unauthenticated", "headerInjection"])
    def test_a_type_without_effect_changes_no_child(self, type_: str) -> None:
        answer = sync(using("tx"), related=[self.config(self.CONFIGS[type_])])

        for kind, name in ((CONFIG_MAP, "demo-runconfig"), (DEPLOYMENT, "demo")):
            assert child(answer, kind, name) == child(sync(server()), kind, name)

    def test_a_bearer_token_is_for_remote_servers(self) -> None:
        """With it, runner 0.44.0 ends at start."""
        answer = sync(using("tx"), related=[self.config(self.BEARER_TOKEN)])

        assert condition(answer, "ExternalAuthConfigValidated") == (
            "False",
            "TypeNotSupported",
            "MCPExternalAuthConfig 'tx' of type 'bearerToken' acts on calls of remote MCP servers only, and an "
            "MCPServer runs in the cluster: use an MCPRemoteProxy, or remove spec.externalAuthConfigRef",
        )
        assert answer["status"]["phase"] == "Failed"
