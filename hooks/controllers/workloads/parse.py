"""A workload's spec, or why there is none to work from."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.kinds import CustomResource
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.mcpserver import MCPServerSpec
from hooks.controllers.pruned import pruned
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import validation

Spec = TypeVar("Spec", MCPServerSpec, MCPRemoteProxySpec)


def parse(request: SyncRequest, kind: CustomResource, model: type[Spec]) -> tuple[Spec | None, list[Condition]]:
    """Return the spec, and what is wrong with it or its object's name.

    Args:
        request: a sync of the workload.
        kind: the workload's.
        model: of its spec.
    """
    unusable = why_name_not_usable(request.name, kind)
    if unusable:
        return None, [conditions.false("Valid", "NameNotUsable", unusable)]
    try:
        spec: Spec = model.parse(request.parent.get("spec"))
    except ValidationError as error:
        return None, [conditions.false("Valid", "SpecInvalid", "; ".join(spec_errors(error, model)))]
    unreadable = validation.unreadable_template(spec.pod_template_spec)
    if unreadable:
        return None, [unreadable]
    dropped = pruned(request.parent, model)
    return spec, [conditions.false("Valid", "FieldPruned", dropped)] if dropped else []


def why_name_not_usable(name: str, kind: CustomResource) -> str:
    """Return which of the CRD's rules for new objects a name breaks, that of one which is older than the CRD."""
    return "; ".join(rule.message for rule in kind.name_rules if not rule.holds(name))
