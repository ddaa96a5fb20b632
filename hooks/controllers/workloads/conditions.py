"""What a workload's conditions say about its spec and its references; `status` has those about what runs."""

from __future__ import annotations

from collections.abc import Mapping

from hooks.controllers.workloads.auth_server import logins_condition
from hooks.controllers.workloads.authorization import ignored_provider
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.controllers.workloads.spec import WorkloadSpec
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import outgoing_auth
from hooks.proxy.spec import ProxySpec
from hooks.references.groups import group_condition
from hooks.references.table import Reference


def spec_conditions(
    request: SyncRequest,
    spec: WorkloadSpec,
    proxy: ProxySpec,
    resolutions: Resolutions,
    rows: Mapping[str, Reference],
) -> list[Condition]:
    """Return a condition for each reference that the spec has, and for each part of it that needs a word.

    Args:
        request: a sync of the workload.
        spec: the workload's.
        proxy: what is made of it.
        resolutions: what it refers to.
        rows: the references of its kind, by field.
    """
    others = [outcome.condition for outcome in resolutions.every if outcome is not resolutions.external_auth]
    found = [
        *_external_auth(proxy, resolutions),
        *others,
        _ca_bundle(proxy),
        group_condition(request, rows["groupRef"]),
        logins_condition(proxy.auth_server, spec),
        ignored_provider(spec, proxy.kind),
    ]
    return [condition for condition in found if condition]


def _external_auth(proxy: ProxySpec, resolutions: Resolutions) -> list[Condition | None]:
    """The conditions about external auth: its effect, or why it can't be used."""
    if proxy.outgoing_auth and not resolutions.external_auth.problem:
        return [*outgoing_auth.conditions_of(proxy)]
    return [resolutions.external_auth.condition]


def _ca_bundle(proxy: ProxySpec) -> Condition | None:
    """The MCPOIDCConfig is Ready only with its CA bundle, so one that is used is there."""
    bundle = proxy.incoming_auth.ca_bundle if proxy.incoming_auth else None
    if bundle is None:
        return None
    message = f"CA bundle ConfigMap '{bundle.config_map}' is valid (key: {bundle.key})"
    return conditions.true("CABundleRefValidated", "CABundleRefValid", message)
