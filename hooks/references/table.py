"""Every field of a workload's spec that refers to a shared config: customize, claims, finalize and status read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from hooks.api.kinds import (
    MCP_AUTHZ_CONFIG,
    MCP_EXTERNAL_AUTH_CONFIG,
    MCP_GROUP,
    MCP_OIDC_CONFIG,
    MCP_REMOTE_PROXY,
    MCP_SERVER,
    MCP_TELEMETRY_CONFIG,
    MCP_TOOL_CONFIG,
    MCP_WEBHOOK_CONFIG,
)
from hooks.api.meta import GROUP
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, raw_spec


class Reasons(NamedTuple):
    """The reasons of the condition that says whether a config can be used; ToolHive's operator has the same."""

    valid: str
    not_found: str
    not_valid: str = ""
    """The config exists and is not ready; without one, the reason is that of the config's own condition Ready."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of a workload's spec that refers to a shared config of its namespace by name."""

    workload: Kind
    field: str
    config: Kind
    claim: str
    """The label by which the workload's ServiceAccount claims the config."""
    condition: str
    """The condition of the workload that says whether the config can be used."""
    reasons: Reasons
    status_hash: str = ""
    """The field of the workload's status that has the config's hash; empty where there is none."""

    def name_in(self, parent: Object) -> str | None:
        """Return the name in a parent's raw spec, also where the spec is invalid otherwise."""
        reference = raw_spec(parent).get(self.field)
        name = reference.get("name") if isinstance(reference, dict) else None
        return name if isinstance(name, str) else None


_OF_MCP_SERVER = (
    Reference(
        MCP_SERVER,
        field="externalAuthConfigRef",
        config=MCP_EXTERNAL_AUTH_CONFIG,
        claim=f"{GROUP}/external-auth-config",
        condition="ExternalAuthConfigValidated",
        reasons=Reasons("ExternalAuthConfigValid", "ExternalAuthConfigNotFound"),
        status_hash="externalAuthConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="authServerRef",
        config=MCP_EXTERNAL_AUTH_CONFIG,
        claim=f"{GROUP}/auth-server",
        condition="AuthServerRefValidated",
        reasons=Reasons("AuthServerRefValid", "AuthServerRefNotFound", "AuthServerRefInvalidConfig"),
        status_hash="authServerConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="toolConfigRef",
        config=MCP_TOOL_CONFIG,
        claim=f"{GROUP}/tool-config",
        condition="ToolConfigValidated",
        reasons=Reasons("ToolConfigValid", "ToolConfigNotFound"),
        status_hash="toolConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="oidcConfigRef",
        config=MCP_OIDC_CONFIG,
        claim=f"{GROUP}/oidc-config",
        condition="OIDCConfigRefValidated",
        reasons=Reasons("OIDCConfigRefValid", "OIDCConfigRefNotFound", "OIDCConfigRefNotValid"),
        status_hash="oidcConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="telemetryConfigRef",
        config=MCP_TELEMETRY_CONFIG,
        claim=f"{GROUP}/telemetry-config",
        condition="TelemetryConfigRefValidated",
        reasons=Reasons("TelemetryConfigRefValid", "TelemetryConfigRefNotFound", "TelemetryConfigRefInvalid"),
        status_hash="telemetryConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="authzConfigRef",
        config=MCP_AUTHZ_CONFIG,
        claim=f"{GROUP}/authz-config",
        condition="AuthzConfigRefValidated",
        reasons=Reasons("AuthzConfigRefValid", "AuthzConfigRefNotFound", "AuthzConfigRefNotValid"),
        status_hash="authzConfigHash",
    ),
    Reference(
        MCP_SERVER,
        field="groupRef",
        config=MCP_GROUP,
        claim=f"{GROUP}/group",
        condition="GroupRefValidated",
        reasons=Reasons("GroupRefIsValid", "GroupRefNotFound", "GroupRefNotReady"),
    ),
    Reference(
        MCP_SERVER,
        field="webhookConfigRef",
        config=MCP_WEBHOOK_CONFIG,
        claim=f"{GROUP}/webhook-config",
        condition="WebhookConfigValidated",
        reasons=Reasons("WebhookConfigValid", "WebhookConfigNotFound"),
        status_hash="webhookConfigHash",
    ),
)
_OF_MCP_SERVER_ALONE = ("webhookConfigRef",)

REFERENCES = (
    *_OF_MCP_SERVER,
    *(
        replace(reference, workload=MCP_REMOTE_PROXY)
        for reference in _OF_MCP_SERVER
        if reference.field not in _OF_MCP_SERVER_ALONE
    ),
)


def references_of(workload: Kind) -> tuple[Reference, ...]:
    """Return the references that a workload kind has."""
    return tuple(reference for reference in REFERENCES if reference.workload == workload)


def references_to(config: Kind) -> tuple[Reference, ...]:
    """Return the references that name a config kind."""
    return tuple(reference for reference in REFERENCES if reference.config == config)
