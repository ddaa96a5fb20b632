"""MCPWebhookConfig: HTTP services that see each call before the MCP server does. There is v1alpha1 of it alone."""

from __future__ import annotations

from collections.abc import Iterator

from hooks import go_duration
from hooks.api.kinds import MCP_WEBHOOK_CONFIG
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec, WebhookSpec, WebhookTLS
from hooks.api.texts import text_fault
from hooks.api.urls import url_fault
from hooks.controllers.configs.config_controller import ConfigController, valid_condition
from hooks.kubernetes.conditions import Condition
from hooks.references.table import references_to

SHORTEST, LONGEST = 1, 30
"""The timeouts, in seconds, between which runner 0.44.0 starts (pkg/webhook/types.go)."""


def validate(spec: MCPWebhookConfigSpec) -> list[Condition]:
    """Validate each webhook as the proxy does when it starts."""
    given = [(f"spec.validating[{index}]", webhook) for index, webhook in enumerate(spec.validating)]
    given += [(f"spec.mutating[{index}]", webhook) for index, webhook in enumerate(spec.mutating)]
    return [valid_condition(fault for where, webhook in given for fault in _faults(webhook, where))]


def _faults(webhook: WebhookSpec, where: str) -> Iterator[tuple[str, str]]:
    tls = webhook.tls_config or WebhookTLS()
    if fault := text_fault(webhook.name):
        yield "WebhookNameInvalid", f"{where}.name {fault}"
    if fault := url_fault(webhook.url, *(("https", "http") if tls.insecure_skip_verify else ("https",))):
        is_http = webhook.url.lower().startswith("http://")
        remedy = ", or set tlsConfig.insecureSkipVerify for development" if is_http else ""
        yield "WebhookUrlInvalid", f"{where}.url {fault}{remedy}"
    nanoseconds = go_duration.read(webhook.timeout) if webhook.timeout else 0
    second = go_duration.NANOSECONDS["s"]
    if nanoseconds is None or (nanoseconds and not SHORTEST * second <= nanoseconds <= LONGEST * second):
        yield "WebhookTimeoutInvalid", f'{where}.timeout must be a duration from "{SHORTEST}s" to "{LONGEST}s"'
    if (tls.client_cert_secret_ref is None) != (tls.client_key_secret_ref is None):
        # ToolHive's operator drops the one that is there, and the webhook then sees no client certificate.
        message = f"{where}.tlsConfig must have both clientCertSecretRef and clientKeySecretRef, or neither"
        yield "ClientCertificateIncomplete", message


CONTROLLER = ConfigController(
    MCP_WEBHOOK_CONFIG, MCPWebhookConfigSpec, references_to(MCP_WEBHOOK_CONFIG), validate
).controller()
