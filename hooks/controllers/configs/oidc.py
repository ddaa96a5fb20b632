"""MCPOIDCConfig: the issuer by whose tokens callers authenticate."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.kinds import MCP_OIDC_CONFIG
from hooks.api.mcpoidcconfig import InlineOIDCConfig, MCPOIDCConfigSpec
from hooks.controllers.configs.ca_bundles import bundle_faults
from hooks.controllers.configs.config_controller import ConfigController, valid_condition, with_note
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.proxy.names import OIDC_CA_VOLUME_PREFIX
from hooks.references.oidc import IN_CLUSTER_ISSUER, issuer_note, settings_faults
from hooks.references.table import references_to

INLINE = "spec.inline"
ACCOUNTS = "spec.kubernetesServiceAccount"


def validate(spec: MCPOIDCConfigSpec) -> list[Condition]:
    """Validate the settings as the proxy does: it would not start with some, and with others refuse every caller."""
    if spec.inline is None:
        account = spec.kubernetes_service_account
        settings: Object = account.model_dump(by_alias=True) if account else {}
        settings["issuer"] = settings.get("issuer") or IN_CLUSTER_ISSUER
        valid = valid_condition(_settings_faults(settings, ACCOUNTS, insecure_allow_http=False), "ConfigValid")
        return [with_note(valid, _unused(settings))] if valid.status == "True" else [valid]
    settings = spec.inline.model_dump(by_alias=True)
    valid = valid_condition(_faults(spec.inline, settings), "ConfigValid")
    if valid.status != "True":
        return [valid]
    if spec.inline.protected_resource_allow_private_ip:
        said = f"{INLINE}.protectedResourceAllowPrivateIP has no effect: use jwksAllowPrivateIP"
        valid = with_note(valid, said)
    return [with_note(valid, issuer_note(settings, f"{INLINE}.issuer"))]


def _unused(settings: Object) -> str:
    """A note about fields that seem to narrow whose tokens count: the runner compares issuer and audience alone."""
    fields = [f"{ACCOUNTS}.{key}" for key in ("serviceAccount", "namespace") if settings.get(key)]
    if not fields:
        return ""
    have = "has" if len(fields) == 1 else "have"
    return f"{' and '.join(fields)} {have} no effect: a token of any service account for the audience is accepted"


def _faults(inline: InlineOIDCConfig, settings: Object) -> Iterator[tuple[str, str]]:
    if not inline.issuer and not inline.jwks_url:
        yield "IssuerMissing", f"{INLINE} has neither issuer nor jwksUrl: add the issuer"
    yield from _settings_faults(settings, INLINE, insecure_allow_http=inline.insecure_allow_http)
    yield from bundle_faults(inline.ca_bundle_ref, f"{INLINE}.caBundleRef", OIDC_CA_VOLUME_PREFIX)


def _settings_faults(settings: Object, where: str, *, insecure_allow_http: bool) -> Iterator[tuple[str, str]]:
    schemes = ("https", "http") if insecure_allow_http else ("https",)
    for key, fault in settings_faults(settings, schemes):
        is_http = str(settings[key]).lower().startswith("http://")
        remedy = f", or set {where}.insecureAllowHTTP for development" if is_http and where == INLINE else ""
        yield "ConfigInvalid", f"{where}.{key} {fault}{remedy}"


CONTROLLER = ConfigController(MCP_OIDC_CONFIG, MCPOIDCConfigSpec, references_to(MCP_OIDC_CONFIG), validate).controller()
