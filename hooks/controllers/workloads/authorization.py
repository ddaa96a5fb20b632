"""Which calls are admitted: by spec.authzConfig and its claim mapping, or by what spec.authzConfigRef names."""

from __future__ import annotations

from dataclasses import replace

from hooks.api.access import AuthzConfig
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.runconfig.authorization import make_cedar_config, with_cedar_options
from hooks.proxy.spec import Authorization
from hooks.references.authz import VERSION, authorization, faults, resolve_authz
from hooks.references.configs import resolve_config
from hooks.references.resolution import Resolution, failed
from hooks.references.table import Reference


def resolve_authorization(request: SyncRequest, spec: WorkloadSpec, reference: Reference) -> Resolution[Authorization]:
    """Return the policies that a spec asks for; no value and no condition where it asks for none."""
    if spec.authz_config_ref:
        return _of_shared_config(resolve_config(request, reference, MCPAuthzConfigSpec), reference)
    authz = spec.authz_config
    if authz is None:
        return Resolution()
    if authz.inline:
        policies, entities = authz.inline.policies, authz.inline.entities_json
        cedar = make_cedar_config(VERSION, {"policies": list(policies), "entities_json": entities})
        document = _with_claim_mapping(cedar, authz)
        return Resolution(Authorization(document, policies=policies, entities_json=entities))
    if authz.config_map is None:
        return Resolution()
    found = resolve_authz(request, authz.config_map, reference.condition)
    return found.map(lambda mounted: replace(mounted, document=_with_claim_mapping(mounted.document, authz)))


def _of_shared_config(found: Resolution[MCPAuthzConfigSpec], reference: Reference) -> Resolution[Authorization]:
    """Validate the settings again: a status is text that others can write, and these decide who gets in."""
    if found.value is None:
        return Resolution(condition=found.condition)
    wrong = [f"{where} {fault}" for where, fault in faults(found.value.type, found.value.config)]
    if wrong:
        who = f"{reference.config.kind} {found.name!r}"
        return failed(reference.condition, reference.reasons.not_valid, f"{who}: {'; '.join(wrong)}")
    return found.map(authorization)


def ignored_provider(spec: WorkloadSpec, kind: str) -> Condition | None:
    """Return what release 0.44 says of a field that is of use to a VirtualMCPServer alone."""
    provider = spec.authz_config and spec.authz_config.inline and spec.authz_config.inline.primary_upstream_provider
    if not provider:
        return None
    message = (
        f'spec.authzConfig.inline.primaryUpstreamProvider="{provider}" has no effect on {kind}; '
        "the field only takes effect on VirtualMCPServer with an embedded auth server"
    )
    return conditions.true("AuthzPrimaryUpstreamProviderIgnored", "PrimaryUpstreamProviderIgnored", message)


def _with_claim_mapping(document: Object, authz: AuthzConfig) -> Object:
    """The claims that Cedar's entities are made from: those of the spec win over the document's."""
    claims = {
        "group_claim_name": authz.group_claim_name,
        "role_claim_name": authz.role_claim_name,
        "group_entity_type": authz.group_entity_type,
    }
    return with_cedar_options(document, claims)
