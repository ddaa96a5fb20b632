"""What a workload makes of the shared configs that it names: values for its proxy, and conditions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hooks.api.configs import OIDCConfigRef
from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.api.mcpoidcconfig import MCPOIDCConfigSpec
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec
from hooks.api.meta import Model, SecretKeyRef
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import Objects, SyncRequest
from hooks.proxy.backing_services import Webhooks
from hooks.proxy.spec import Authorization, CABundle, IncomingAuth, OpenTelemetry, SecretHeader, Telemetry
from hooks.references.authz import authorization, read_authz
from hooks.references.configs import resolve_config
from hooks.references.groups import group_condition
from hooks.references.oidc import incoming_auth, reference_faults
from hooks.references.table import REFERENCES, references_of
from hooks.references.telemetry import telemetry
from hooks.references.webhooks import webhooks
from tests.proxies import WEBHOOK
from tests.world import (
    authz_config,
    condition,
    config_map,
    deleting,
    group,
    judged,
    oidc_config,
    secret,
    server,
    sync,
    telemetry_config,
    webhook_config,
)

ROWS = {reference.field: reference for reference in references_of(MCP_SERVER)}
REF = OIDCConfigRef(name="idp", audience="https://mcp.acme.test", scopes=["openid"])
SECRET_REF = SecretKeyRef(name="s", key="k")
IN_SECRET = {"name": "s", "key": "k"}


def request(owner: Object, *related: Object) -> SyncRequest:
    found: dict[str, dict[str, Object]] = {row.config.key: {} for row in REFERENCES}
    for obj in related:
        found[f"{obj['kind']}.{obj['apiVersion']}"][obj["metadata"]["name"]] = obj
    return SyncRequest(owner, Objects({}), Objects(found), finalizing=False)


def test_an_inline_issuer_gives_each_setting_of_the_proxy() -> None:
    config = MCPOIDCConfigSpec.parse(
        oidc_config(
            jwksUrl="https://idp.acme.test/keys",
            introspectionUrl="https://idp.acme.test/i",
            clientId="c",
            clientSecretRef=IN_SECRET,
            caBundleRef={"configMapRef": {"name": "ca", "key": "root.pem"}},
            jwksAuthTokenPath="/tok",
            jwksAllowPrivateIP=True,
            insecureAllowHTTP=True,
        )["spec"]
    )

    assert incoming_auth(config, REF, "http://default") == IncomingAuth(
        issuer="https://idp.acme.test",
        audience="https://mcp.acme.test",
        jwks_url="https://idp.acme.test/keys",
        introspection_url="https://idp.acme.test/i",
        client_id="c",
        client_secret="",
        ca_cert_path="/config/certs/ca/root.pem",
        auth_token_file="/tok",
        allow_private_ip=True,
        resource_url="http://default",
        client_secret_ref=SECRET_REF,
        ca_bundle=CABundle("ca", "root.pem"),
        insecure_allow_http=True,
        scopes=["openid"],
    )


@pytest.mark.parametrize("in_cluster", [None, True, False])
def test_service_accounts_of_the_cluster_are_checked_with_its_files(in_cluster: bool | None) -> None:
    given = {} if in_cluster is None else {"useClusterAuth": in_cluster}
    config = MCPOIDCConfigSpec.parse({"type": "kubernetesServiceAccount", "kubernetesServiceAccount": given})
    mounted = "/var/run/secrets/kubernetes.io/serviceaccount"

    assert incoming_auth(
        config, REF.model_copy(update={"resource_url": "https://own"}), "http://default"
    ) == IncomingAuth(
        issuer="https://kubernetes.default.svc",
        audience="https://mcp.acme.test",
        jwks_url="",
        introspection_url="",
        client_id="",
        client_secret="",
        ca_cert_path="" if in_cluster is False else f"{mounted}/ca.crt",
        auth_token_file="" if in_cluster is False else f"{mounted}/token",
        allow_private_ip=in_cluster is not False,
        resource_url="https://own",
        scopes=["openid"],
    )


def test_each_field_of_a_reference_to_an_issuer_is_judged() -> None:
    ref = OIDCConfigRef(name="idp", audience="${AUD}", resource_url="mcp.acme.test", scopes=["a", " "])

    assert reference_faults(ref, "") == [
        "spec.oidcConfigRef.audience still has a placeholder in it: put the value in its place",
        "spec.oidcConfigRef.resourceUrl must be an https:// or http:// URL",
        "spec.oidcConfigRef.scopes[1] must not be blank",
    ]
    assert reference_faults(REF, "https://oauth2.googleapis.com/tokeninfo") == []


def test_a_telemetry_config_gives_each_setting_of_the_proxy() -> None:
    config = MCPTelemetryConfigSpec.parse(
        {
            **telemetry_config(
                headers={"x-team": "a"},
                sensitiveHeaders=[{"name": "authorization", "secretKeyRef": IN_SECRET}],
                resourceAttributes={"env": "prod"},
                tracing={"enabled": True, "samplingRate": "0.25"},
                caBundleRef={"configMapRef": {"name": "ca", "key": ""}},
                useLegacyAttributes=False,
            )["spec"],
            "prometheus": {"enabled": True},
        }
    )

    assert telemetry(config, "svc") == Telemetry(
        service_name="svc",
        open_telemetry=OpenTelemetry(
            enabled=True,
            endpoint="otel.obs:4318",
            headers={"x-team": "a"},
            sensitive_headers=[SecretHeader("authorization", SECRET_REF)],
            insecure=False,
            tracing=True,
            metrics=False,
            sampling_rate="0.25",
            resource_attributes={"env": "prod"},
            use_legacy_attributes=False,
            ca_bundle=CABundle("ca", "ca.crt"),
        ),
        prometheus=True,
    )
    assert telemetry(MCPTelemetryConfigSpec(), "svc") == Telemetry("svc", None, prometheus=False)


@pytest.mark.parametrize(("type_", "key"), [("cedarv1", "cedar"), ("httpv1", "pdp")])
def test_a_shared_authorization_becomes_a_document_with_sorted_keys(type_: str, key: str) -> None:
    settings = {"b": 1, "a": [{"z": 1, "y": 2}]}

    made = authorization(MCPAuthzConfigSpec(type=type_, config=settings))

    assert made == Authorization({key: settings, "type": type_, "version": "1.0"})
    assert list(made.document) == [key, "type", "version"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'version: "1.0"\ntype: httpv1\npdp:\n  http: {url: https://pdp.acme.test, timeout: 5}\n'
            "  context: {include_args: true}\n  claim_mapping: standard\n",
            {
                "pdp": {
                    "claim_mapping": "standard",
                    "context": {"include_args": True},
                    "http": {"timeout": 5, "url": "https://pdp.acme.test"},
                },
                "type": "httpv1",
                "version": "1.0",
            },
        ),
        (
            '{"version":"1.0","type":"cedarv1","note":"kept","cedar":{"policies":["p"],"group_claim_name":"g"}}',
            {
                "cedar": {"group_claim_name": "g", "policies": ["p"]},
                "note": "kept",
                "type": "cedarv1",
                "version": "1.0",
            },
        ),
        ("{}", "version is required"),
        ("version: a", "type is required"),
        ("version: a\ntype: opa", "type must be cedarv1 or httpv1"),
        ("version: a\ntype: httpv1", "pdp configuration is required for type httpv1"),
        (
            "version: a\ntype: httpv1\npdp: {http: {url: a}}",
            "pdp.http.url must be an https:// or http:// URL; pdp.claim_mapping must be one of mpe, standard",
        ),
    ],
)
def test_an_authorization_document_keeps_its_keys(text: str, expected: Object | str) -> None:
    found = read_authz(text)

    assert found == expected
    assert not isinstance(found, dict) or list(found) == sorted(found)


def test_a_webhook_config_gives_each_setting_of_its_webhooks() -> None:
    tls = {"caSecretRef": IN_SECRET, "insecureSkipVerify": True}
    spec = webhook_config(timeout="1.5s", failurePolicy="ignore", tlsConfig=tls, hmacSecretRef=IN_SECRET)["spec"]
    plain = {"name": "shape", "url": "https://gate.acme.test/shape"}

    assert webhooks(MCPWebhookConfigSpec.parse({**spec, "mutating": [plain]})) == Webhooks(
        validating=[
            replace(
                WEBHOOK,
                name="check",
                url="https://gate.acme.test/check",
                timeout_nanoseconds=1_500_000_000,
                failure_policy="ignore",
                ca=SECRET_REF,
                hmac=SECRET_REF,
                insecure_skip_verify=True,
                has_tls=True,
            )
        ],
        mutating=[replace(WEBHOOK, name="shape", url="https://gate.acme.test/shape")],
    )


RESOLVED: list[tuple[str, type[Model], Object, Object, str]] = [
    ("oidcConfigRef", MCPOIDCConfigSpec, oidc_config(), oidc_config(issuer="x"), "OIDCConfigRefNotValid"),
    (
        "telemetryConfigRef",
        MCPTelemetryConfigSpec,
        telemetry_config(),
        telemetry_config(endpoint="?"),
        "TelemetryConfigRefInvalid",
    ),
    ("authzConfigRef", MCPAuthzConfigSpec, authz_config(), authz_config(policies=[]), "AuthzConfigRefNotValid"),
    ("webhookConfigRef", MCPWebhookConfigSpec, webhook_config(), webhook_config(timeout="1h"), "WebhookTimeoutInvalid"),
]


@pytest.mark.parametrize(("field", "model", "good", "bad", "reason"), RESOLVED, ids=[case[0] for case in RESOLVED])
def test_a_reference_is_resolved_with_the_operators_reasons(
    field: str, model: type[Model], good: Object, bad: Object, reason: str
) -> None:
    name, row = good["metadata"]["name"], ROWS[field]
    owner = server(**{field: {"name": name}})
    who = f"{good['kind']} {name!r}"
    stem = row.reasons.valid.removesuffix("Valid")

    used = resolve_config(request(owner, judged(good)), row, model)
    assert (used.value, used.condition) == (
        model.parse(good["spec"]),
        Condition(row.condition, "True", f"{stem}Valid", f"{who} is used"),
    )
    assert (used.name, len(used.hash), used.digest) == (name, 16, "")
    going = judged(deleting(good), owner)
    assert resolve_config(request(owner, going), row, model).condition == used.condition

    failing = judged(bad)
    message = failing["status"]["conditions"][0]["message"]
    assert resolve_config(request(owner, failing), row, model).problem == Condition(
        row.condition, "False", reason, f"{who}: {message}"
    )
    missing = f"{who} not found in namespace 'team-a': create it, or remove spec.{field}"
    assert resolve_config(request(owner), row, model).problem == Condition(
        row.condition, "False", f"{stem}NotFound", missing
    )
    waiting = f"{who} not checked yet: generation 1, observed 0"
    assert resolve_config(request(owner, good), row, model).problem == Condition(
        row.condition, "Unknown", "ConfigNotReconciled", waiting
    )


def nested(levels: int) -> Object:
    """Settings of an MCPAuthzConfig, which has no schema for them, that many levels below its spec."""
    value: Any = 1
    for _ in range(levels - 1):
        value = [value]
    return {"note": value}


def test_settings_too_deep_for_a_runconfig_fail_the_config_and_its_users() -> None:
    """The API server stores 10,000 levels. A user's call must not end with an error, whatever the config's status."""
    good, deep = authz_config(**nested(148)), authz_config(**nested(300))
    said = "spec.config: is nested deeper than about 150 levels"

    judgement = judged(deep)
    assert condition(judgement, "Ready") == ("False", "SpecInvalid", said)
    assert condition(judged(good), "Ready") == ("True", "Ready", "MCPAuthzConfig can be used")

    owner = server(authzConfigRef={"name": "rules"}, oidcConfigRef={"name": "idp", "audience": "a"})
    row = ROWS["authzConfigRef"]
    of_earlier_release = {**deep, "status": judged(good)["status"]}
    assert sync(owner, related=[of_earlier_release, judged(oidc_config())])["status"]["phase"] == "Failed"
    assert resolve_config(request(owner, of_earlier_release), row, MCPAuthzConfigSpec).problem == Condition(
        row.condition, "False", "AuthzConfigRefNotValid", f"MCPAuthzConfig 'rules': {said}"
    )
    assert resolve_config(request(owner, deep), row, MCPAuthzConfigSpec).problem == Condition(
        row.condition,
        "Unknown",
        "ConfigNotReconciled",
        "MCPAuthzConfig 'rules' not checked yet: generation 1, observed 0",
    )


def test_the_digest_is_read_where_every_schema_keeps_it() -> None:
    """ToolHive's own CRDs drop status.credentialDigest, and referencingServers."""
    ca = config_map("ca", **{"ca.crt": "-----BEGIN CERTIFICATE-----"})
    settings = {"clientSecretRef": {"name": "tx-oauth", "key": "client-secret"}}
    config = judged(
        oidc_config(**settings, caBundleRef={"configMapRef": {"name": "ca", "key": "ca.crt"}}), secret(), ca
    )
    digest = config["status"].pop("credentialDigest")
    owner = server(oidcConfigRef={"name": "idp", "audience": "a"})

    assert resolve_config(request(owner, config), ROWS["oidcConfigRef"], MCPOIDCConfigSpec).digest == digest


@pytest.mark.parametrize(
    ("related", "status", "reason", "message"),
    [
        ([judged(group())], "True", "GroupRefIsValid", "MCPGroup 'team' is valid and ready"),
        ([group()], "False", "GroupRefNotReady", "MCPGroup 'team' is not ready (current phase: Pending)"),
        (
            [deleting(judged(group()))],
            "False",
            "GroupRefNotFound",
            "MCPGroup 'team' is being deleted: name another one, or remove spec.groupRef",
        ),
        (
            [],
            "False",
            "GroupRefNotFound",
            "MCPGroup 'team' not found in namespace 'team-a': create it, or remove spec.groupRef",
        ),
    ],
)
def test_a_member_sees_its_group(related: list[Object], status: str, reason: str, message: str) -> None:
    owner = server(groupRef={"name": "team"})

    found = group_condition(request(owner, *related), ROWS["groupRef"])

    assert found == Condition("GroupRefValidated", status, reason, message)


def test_a_member_of_no_group_says_nothing() -> None:
    assert group_condition(request(server()), ROWS["groupRef"]) is None


def test_each_row_has_a_claim_and_a_condition_of_its_own() -> None:
    for part in ("field", "claim", "condition"):
        values: list[Any] = [getattr(row, part) for row in ROWS.values()]
        assert len(set(values)) == len(values) == 8
