"""A value that can't be a credential is said before an identity provider answers `invalid_client` to every call."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_TELEMETRY_CONFIG
from hooks.kubernetes.kinds import DEPLOYMENT, SECRET
from hooks.kubernetes.objects import Object
from tests.remote import remote
from tests.world import (
    CONFIG,
    NAMESPACE,
    USES_TX,
    child,
    condition,
    external_auth,
    judged,
    made,
    oidc_config,
    parent,
    running,
    secret,
    server,
    sync,
    telemetry_config,
    webhook_config,
)

KEYED = replace(CONFIG, digest_key=b"installation key")
REFERENCE = {"name": "tx-oauth", "key": "client-secret"}
SPECS: dict[str, Object] = {
    "client secret": external_auth()["spec"],
    "bearer token": {"type": "bearerToken", "bearerToken": {"tokenSecretRef": REFERENCE}},
    "header value": {
        "type": "headerInjection",
        "headerInjection": {"headerName": "X-Api-Key", "valueSecretRef": REFERENCE},
    },
}
"""A config for each use of a credential."""
WHERE = "Secret 'tx-oauth' of namespace 'team-a'"
REMEDY = "write it again as one line of text, with `printf %s` in place of `echo`, or kubectl's --from-literal"


def config(use: str) -> Object:
    return parent(MCP_EXTERNAL_AUTH_CONFIG, "tx", SPECS[use])


@pytest.mark.parametrize("use", SPECS)
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (b"s3cr3t\n", "ends with a line break"),
        (b"s3cr3t\r\n", "ends with a line break"),
        (b"s3cr3t\n\n", "ends with a line break"),
        (b"\ns3cr3t", "has line breaks"),
        (b"s3c\nr3t\n", "has line breaks"),
        (b"s3c\rr3t", "has line breaks"),
        (b"s3cr3t\0", "has a control character"),
        (b"s3c\tr3t", "has a control character"),
        (b"s3cr3t\x7f", "has a control character"),
        (b"\x1bs3cr3t", "has a control character"),
        (b"s3cr3t\xff", "is not UTF-8"),
        ("s3cr3t".encode("utf-16"), "is not UTF-8"),
    ],
)
def test_a_value_that_can_be_no_credential_is_said_and_not_quoted(use: str, value: bytes, fault: str) -> None:
    answer = sync(config(use), related=[secret(client_secret=value)], config=KEYED)

    message = f"{WHERE} has a value at key 'client-secret' that {fault}, and can't be a {use}: {REMEDY}"
    expected = ("False", "SecretValueInvalid", message)
    assert (condition(answer, "SecretAvailable"), condition(answer, "Ready")) == (expected, expected)
    assert "credentialDigest" not in answer["status"]
    assert answer["resyncAfterSeconds"] == 60


@pytest.mark.parametrize("value", [b"a,b", b"50%", b"%41"])
def test_a_header_of_a_collector_has_no_commas_and_percent_signs(value: bytes) -> None:
    """It gets into OTEL_EXPORTER_OTLP_HEADERS, where a comma begins another header and %41 is an A."""
    header = {"name": "authorization", "secretKeyRef": REFERENCE}
    otel = {
        "endpoint": "otel:4318",
        "enabled": True,
        "tracing": {"enabled": True},
        "sensitiveHeaders": [header],
    }
    owner = parent(MCP_TELEMETRY_CONFIG, "otel", {"openTelemetry": otel})

    answer = sync(owner, related=[secret(client_secret=value)], config=KEYED)

    message = (
        f"{WHERE} has a value at key 'client-secret' that has one of ',' and '%', with which it would arrive as "
        "another, and can't be a header value: put one there that has neither, as tokens and base64 have"
    )
    assert condition(answer, "SecretAvailable") == ("False", "SecretValueInvalid", message)


@pytest.mark.parametrize("value", [b" ", b"\n", b"\t\r\n ", "\N{NO-BREAK SPACE}".encode()])
def test_a_value_of_blanks_alone_counts_as_empty(value: bytes) -> None:
    answer = sync(external_auth(), related=[secret(client_secret=value)])

    assert condition(answer, "SecretAvailable") == (
        "False",
        "SecretKeyEmpty",
        f"{WHERE} has nothing but blanks at key 'client-secret': put the client secret there",
    )


def test_a_value_that_is_not_base64_is_said() -> None:
    answer = sync(external_auth(), related=[made(SECRET, "tx-oauth", data={"client-secret": "plain text!"})])

    assert condition(answer, "SecretAvailable") == (
        "False",
        "SecretValueInvalid",
        f"{WHERE} has something at key 'client-secret' that is not base64: encode it, or put it into stringData",
    )


BLANK = "; its value begins or ends with a blank, which counts as part of it"


@pytest.mark.parametrize(
    ("use", "value", "notes"),
    [
        ("client secret", "s3cr3t", ""),
        ("client secret", "all ~!\"#$%&\\'() of them", ""),
        ("client secret", " s3cr3t", BLANK),
        ("client secret", "s3cr3t ", BLANK),
        (
            "client secret",
            "gehéim",
            "; its value has other characters than a client secret is made of by RFC 6749, appendix A.2",
        ),
        ("bearer token", "abc.DEF-_~+/==", ""),
        (
            "bearer token",
            "Bearer abc",
            "; its value has other characters than a bearer token is made of by RFC 6750, section 2.1",
        ),
        (
            "bearer token",
            "abc def ",
            f"{BLANK}; its value has other characters than a bearer token is made of by RFC 6750, section 2.1",
        ),
        ("header value", "Basic YTpi", ""),
        (
            "header value",
            "\N{BYTE ORDER MARK}key",
            "; its value has other characters than a header value is made of by RFC 9110, section 5.5",
        ),
    ],
)
def test_a_value_that_works_and_is_rarely_meant_is_used_and_said(use: str, value: str, notes: str) -> None:
    answer = sync(config(use), related=[secret(client_secret=value)], config=KEYED)

    place = f"Secret\0{NAMESPACE}\0tx-oauth\0client-secret\0"
    content = hmac.new(b"installation key", f"{place}{value}".encode(), hashlib.sha256).hexdigest()
    expected = hashlib.sha256(content.encode()).hexdigest()
    assert answer["status"]["credentialDigest"] == expected
    assert condition(answer, "SecretAvailable") == (
        "True",
        "SecretAvailable",
        f"{WHERE} has key 'client-secret'{notes}; digest {expected}",
    )
    assert condition(answer, "Ready") == ("True", "Ready", "MCPExternalAuthConfig can be used")


def test_the_digest_tells_nothing_of_which_credentials_are_the_same() -> None:
    """Nor of a place and a value that run together to the same text."""

    def digest(name: str, key: str, value: bytes) -> str:
        spec = {"type": "bearerToken", "bearerToken": {"tokenSecretRef": {"name": name, "key": key}}}
        owner = parent(MCP_EXTERNAL_AUTH_CONFIG, "tx", spec)
        answer = sync(owner, related=[secret(name, **{key: value})], config=KEYED)
        return str(answer["status"]["credentialDigest"])

    digests = [
        digest("a", "k", b"s3cr3t"),
        digest("b", "k", b"s3cr3t"),
        digest("a", "l", b"s3cr3t"),
        digest("a", "k", b"s3cr3u"),
        digest("a", "ks", b"3cr3t"),
        digest("ak", "s", b"3cr3t"),
    ]
    assert len(set(digests)) == len(digests)
    assert digest("a", "k", b"s3cr3t") == digests[0]


def test_a_server_is_held_while_the_value_is_no_credential_and_rolls_once_it_is() -> None:
    def config_with(value: bytes) -> Object:
        return judged(external_auth(), secret(client_secret=value), by=KEYED)

    before = running(server(**USES_TX), config_with(b"old"))
    held = sync(server(**USES_TX), before, [config_with(b"new\n")])
    mended = sync(server(**USES_TX), before, [config_with(b"new")])

    message = f"MCPExternalAuthConfig 'tx': {WHERE} has a value at key 'client-secret' that ends with a line break"
    assert held["status"]["phase"] == "Failed"
    assert held["status"]["message"] == f"{message}, and can't be a client secret: {REMEDY}"
    first = sync(server(**USES_TX), related=[config_with(b"old")])
    assert child(held, DEPLOYMENT, "demo") == child(first, DEPLOYMENT, "demo")
    assert child(mended, DEPLOYMENT, "demo") == child(
        sync(server(**USES_TX), related=[config_with(b"new")]), DEPLOYMENT, "demo"
    )
    assert child(mended, DEPLOYMENT, "demo") != child(held, DEPLOYMENT, "demo")


USERS: dict[str, tuple[Object, Object]] = {
    "client secret of a token exchange": (server(**USES_TX), config("client secret")),
    "the same before a remote server": (remote(**USES_TX), config("client secret")),
    "bearer token": (remote(**USES_TX), config("bearer token")),
    "client secret for an issuer": (
        server(oidcConfigRef={"name": "idp", "audience": "a"}),
        oidc_config(clientSecretRef=REFERENCE),
    ),
    "header for a collector": (
        server(telemetryConfigRef={"name": "otel"}),
        telemetry_config(sensitiveHeaders=[{"name": "x-key", "secretKeyRef": REFERENCE}]),
    ),
    "key of a webhook": (server(webhookConfigRef={"name": "gate"}), webhook_config(hmacSecretRef=REFERENCE)),
}
"""A workload for each use of a Secret, and the config that names the Secret."""


@pytest.mark.parametrize(("user", "config"), USERS.values(), ids=USERS)
def test_a_new_value_rolls_the_pods(user: Object, config: Object) -> None:
    def annotations(value: str) -> Object:
        judged_config = judged(config, secret(client_secret=value), by=KEYED)
        template = child(sync(user, related=[judged_config]), DEPLOYMENT, "demo")["spec"]["template"]
        found: Object = template["metadata"]["annotations"]
        return found

    old, new = annotations("old" * 16), annotations("new" * 16)

    digest = "toolhive.stacklok.dev/credential-digest"
    assert old == annotations("old" * 16)
    assert old[digest] != new[digest]
    assert {**old, digest: ""} == {**new, digest: ""}
