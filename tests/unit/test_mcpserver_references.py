"""What an MCPServer refers to: all that misses in one message, content that rolls pods, both versions served."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.api.meta import API_VERSION, OLDER_API_VERSION
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from tests.world import (
    USES_TX,
    authz_config,
    child,
    condition,
    customize,
    good_config,
    group,
    judged,
    oidc_config,
    run_config,
    secret,
    server,
    sync,
    telemetry_config,
    tool_config,
    webhook_config,
)

DIGEST = "toolhive.stacklok.dev/credential-digest"
ALL = {
    **USES_TX,
    "authServerRef": {"kind": "MCPExternalAuthConfig", "name": "eas"},
    "toolConfigRef": {"name": "tools"},
    "oidcConfigRef": {"name": "idp", "audience": "demo"},
    "telemetryConfigRef": {"name": "otel"},
    "authzConfigRef": {"name": "rules"},
    "webhookConfigRef": {"name": "gate"},
    "groupRef": {"name": "team"},
}


def digest(answer: Object) -> str | None:
    found: str | None = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["metadata"]["annotations"].get(DIGEST)
    return found


def test_all_that_is_missing_is_said_at_once() -> None:
    answer = sync(server(**ALL))

    missing = {
        "ExternalAuthConfigValidated": "ExternalAuthConfigNotFound",
        "AuthServerRefValidated": "AuthServerRefNotFound",
        "ToolConfigValidated": "ToolConfigNotFound",
        "OIDCConfigRefValidated": "OIDCConfigRefNotFound",
        "TelemetryConfigRefValidated": "TelemetryConfigRefNotFound",
        "AuthzConfigRefValidated": "AuthzConfigRefNotFound",
        "WebhookConfigValidated": "WebhookConfigNotFound",
        "GroupRefValidated": "GroupRefNotFound",
    }
    found = {type_: condition(answer, type_) for type_ in missing}
    assert {type_: said and said[:2] for type_, said in found.items()} == {
        type_: ("False", reason) for type_, reason in missing.items()
    }
    messages = [said[2] for said in found.values() if said]
    assert sorted(answer["status"]["message"].split("; ")) == sorted(messages)
    assert answer["status"]["phase"] == "Failed"


def test_a_config_kind_is_asked_for_where_the_spec_refers_to_it() -> None:
    def kinds(**spec: Any) -> list[tuple[str, list[str]]]:
        rules = customize(server(**spec))["relatedResources"]
        return [(rule["resource"], rule["names"]) for rule in rules if rule["resource"].startswith("mcp")]

    assert kinds() == []
    assert kinds(**ALL) == [
        ("mcpexternalauthconfigs", ["eas", "tx"]),
        ("mcptoolconfigs", ["tools"]),
        ("mcpoidcconfigs", ["idp"]),
        ("mcptelemetryconfigs", ["otel"]),
        ("mcpauthzconfigs", ["rules"]),
        ("mcpgroups", ["team"]),
        ("mcpwebhookconfigs", ["gate"]),
    ]


def test_a_group_keeps_nothing_from_the_server() -> None:
    missing = sync(server(groupRef={"name": "team"}))
    there = sync(server(groupRef={"name": "team"}), related=[judged(group())])

    message = "MCPGroup 'team' not found in namespace 'team-a': create it, or remove spec.groupRef"
    assert condition(missing, "GroupRefValidated") == ("False", "GroupRefNotFound", message)
    assert missing["status"]["phase"] == "Pending"
    assert condition(there, "GroupRefValidated") == ("True", "GroupRefIsValid", "MCPGroup 'team' is valid and ready")


def test_external_auth_alone_gives_the_digest_that_it_always_gave() -> None:
    """Pods that run since an earlier release must not roll for the new configs."""
    config = good_config()
    [available] = [each for each in config["status"]["conditions"] if each["type"] == "SecretAvailable"]

    answer = sync(server(**USES_TX), related=[config])

    assert available["message"].endswith(f"; digest {digest(answer)}")
    assert config["status"]["credentialDigest"] == digest(answer)


def test_the_content_of_every_config_counts() -> None:
    key = {"name": "s", "key": "k"}

    def rolled(value: str, *, oidc: bool = True) -> str | None:
        content = secret("s", k=value)
        configs = [
            judged(oidc_config(clientSecretRef=key), content),
            judged(webhook_config(hmacSecretRef=key), content),
            judged(telemetry_config(sensitiveHeaders=[{"name": "x-key", "secretKeyRef": key}]), content),
        ]
        refs = {"oidcConfigRef": ALL["oidcConfigRef"]} if oidc else {}
        return digest(sync(server(webhookConfigRef={"name": "gate"}, **refs), related=configs))

    content = {rolled("1" * 32), rolled("1" * 32, oidc=False)}
    assert (None in content, len(content)) == (False, 2)
    assert digest(sync(server(authzConfigRef=ALL["authzConfigRef"]), related=[judged(authz_config())])) is None


def test_a_bad_resource_url_in_an_oidc_reference_fails_the_server() -> None:
    ref = {"name": "idp", "audience": "demo", "resourceUrl": "mcp.acme.test"}

    found = condition(sync(server(oidcConfigRef=ref), related=[judged(oidc_config())]), "OIDCConfigRefValidated")

    fault = "spec.oidcConfigRef.resourceUrl must be an https:// or http:// URL"
    assert found == ("False", "OIDCConfigInvalid", fault)


@pytest.mark.parametrize("version", [API_VERSION, OLDER_API_VERSION])
def test_a_parent_of_either_version_is_served(version: str) -> None:
    owner = server(**USES_TX)

    answer = sync({**owner, "apiVersion": version}, related=[good_config()])

    assert answer == sync(owner, related=[good_config()])


@pytest.mark.parametrize("profile", [{"type": "builtin", "name": "none"}, {"type": "builtin", "name": "network"}])
def test_a_permission_profile_says_that_it_restricts_nothing(profile: Any) -> None:
    answer = sync(server(permissionProfile=profile))

    assert condition(answer, "PermissionProfileValidated") == (
        "True",
        "RestrictsNothing",
        "spec.permissionProfile restricts nothing in Kubernetes: a NetworkPolicy restricts what the MCP server "
        "reaches, and securityContext in spec.podTemplateSpec what it may do",
    )
    assert run_config(answer)["permission_profile_name_or_path"] == profile["name"]
    assert condition(sync(server()), "PermissionProfileValidated") is None


@pytest.mark.parametrize("name", ["/etc/passwd", "https://evil.acme.test/profile.json", "../secrets", "$(HOME)"])
def test_no_value_of_a_permission_profile_names_a_file(name: str) -> None:
    answer = sync(server(permissionProfile={"type": "builtin", "name": name}))

    assert answer["status"]["phase"] == "Failed"
    assert condition(answer, "PermissionProfileValidated") == (
        "False",
        "UnknownProfile",
        f"spec.permissionProfile.name: {name!r} is no builtin profile: use 'none' or 'network'",
    )


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"toolsFilter": ["a"]}, ""),
        ({"toolsOverride": {"a": {"name": "b"}}}, ": it has no toolsFilter, so callers see all tools"),
    ],
)
def test_tools_that_a_config_takes_the_place_of_are_named(given: dict[str, Any], note: str) -> None:
    answer = sync(server(tools=["a"], toolConfigRef={"name": "tools"}), related=[judged(tool_config(**given))])

    message = f"MCPToolConfig 'tools' is used; spec.tools has no effect beside it{note}"
    assert condition(answer, "ToolConfigValidated") == ("True", "ToolConfigValid", message)
