"""ProxySpecs, as a controller makes them: a small one, and the changes that a test makes to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.meta import SecretKeyRef
from hooks.api.workload import MetadataOverrides, ProxyDeploymentOverrides
from hooks.kubernetes.objects import Object
from hooks.proxy.backing_services import Webhook
from hooks.proxy.runconfig.permissions import NETWORK
from hooks.proxy.spec import (
    AuthServer,
    Container,
    IncomingAuth,
    OpenTelemetry,
    OutgoingAuth,
    PermissionProfile,
    ProxySpec,
    Remote,
    Tools,
)

CONTAINER = Container(
    image="ghcr.io/acme/mcp-demo:1.2.3",
    args=(),
    env=(),
    secrets=(),
    volumes=(),
    target_port=8080,
    target_port_field="spec.mcpPort",
    service_account="demo-sa",
    permission_profile=PermissionProfile(NETWORK),
    pod_template=None,
)
REMOTE = Remote("https://mcp.acme.test/mcp", {}, ())
OIDC = IncomingAuth(
    issuer="https://auth.acme.test",
    audience="https://mcp.acme.test",
    jwks_url="",
    introspection_url="",
    client_id="",
    client_secret="",
    ca_cert_path="",
    auth_token_file="",
    allow_private_ip=False,
    resource_url="https://mcp.acme.test",
)
OTEL = OpenTelemetry(
    enabled=True,
    endpoint="https://otel.acme.test:4318",
    headers={},
    sensitive_headers=(),
    insecure=False,
    tracing=True,
    metrics=False,
    sampling_rate="0.05",
    resource_attributes={},
    use_legacy_attributes=True,
    ca_bundle=None,
)
WEBHOOK = Webhook(
    name="policy-check",
    url="https://hooks.acme.test/check",
    timeout_nanoseconds=0,
    failure_policy="fail",
    ca=None,
    client_cert=None,
    client_key=None,
    hmac=None,
    insecure_skip_verify=False,
    has_tls=False,
)


def proxy(**changes: Any) -> ProxySpec:
    """A stdio server named demo and its proxy, with these changes."""
    small = ProxySpec(
        name="demo",
        namespace="team-a",
        uid="uid-demo",
        backend=CONTAINER,
        transport="stdio",
        proxy_mode="streamable-http",
        port=8080,
        replicas=None,
        session_affinity="ClientIP",
        endpoint_prefix="",
        incoming_auth=None,
        outgoing_auth=None,
        auth_server=None,
        authorization=None,
        tools=Tools(),
        telemetry=None,
        audit=False,
        webhooks=None,
        session_redis=None,
        rate_limits=None,
        content_digest="",
        trust_proxy_headers=False,
        resources=None,
        deployment_overrides=ProxyDeploymentOverrides(),
        service_overrides=MetadataOverrides(),
        restart=None,
    )
    return replace(small, **changes)


def outgoing(type_: str, **block: Any) -> OutgoingAuth:
    """An external auth config named `ext` of this type."""
    spec = MCPExternalAuthConfigSpec.parse({"type": type_, **({type_: block} if block else {})})
    return OutgoingAuth("ext", type_, spec.block)


def auth_server(**block: Any) -> AuthServer:
    """An embedded authorization server named `as`, with one upstream where `block` names none."""
    upstream = {
        "name": "corp-idp",
        "type": "oidc",
        "oidcConfig": {"issuerUrl": "https://idp.acme.test", "clientId": "cid"},
    }
    given = {"issuer": "https://auth.acme.test", "upstreamProviders": [upstream], **block}
    settings = MCPExternalAuthConfigSpec.parse({"type": "embeddedAuthServer", "embeddedAuthServer": given})
    assert settings.embedded_auth_server is not None
    return AuthServer("as", settings.embedded_auth_server, "spec.authServerRef")


def key(name: str, key_: str) -> SecretKeyRef:
    """A reference to a key of a Secret."""
    return SecretKeyRef(name=name, key=key_)


def from_secret(name: str, key_: str) -> Object:
    """The source of an environment variable from a key of a Secret."""
    return {"valueFrom": {"secretKeyRef": {"name": name, "key": key_}}}
