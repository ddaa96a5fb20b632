"""The MCPGroup that a workload belongs to."""

from __future__ import annotations

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.objects import is_deleting
from hooks.metacontroller.requests import SyncRequest
from hooks.references.table import Reference
from hooks.text import one_line, shortened


def group_condition(request: SyncRequest, reference: Reference) -> Condition | None:
    """Return the condition that says whether a workload's group is there, or None where it belongs to none.

    A group that is missing, unready or being deleted keeps no proxy from being made: a proxy takes nothing from it.
    """
    name = reference.name_in(request.parent)
    if name is None:
        return None
    if name:
        request.related.require(reference.config)
    group = request.related.get(reference.config, name)
    condition, reasons, who = reference.condition, reference.reasons, f"{reference.config.kind} {name!r}"
    if group is None:
        where = f"in namespace {request.namespace!r}"
        message = f"{who} not found {where}: create it, or remove spec.{reference.field}"
        return conditions.false(condition, reasons.not_found, message)
    if is_deleting(group):
        message = f"{who} is being deleted: name another one, or remove spec.{reference.field}"
        return conditions.false(condition, reasons.not_found, message)
    status = group.get("status")
    phase = status.get("phase") if isinstance(status, dict) else None
    if phase != "Ready":
        shown = shortened(one_line(str(phase or "Pending")), 20)
        return conditions.false(condition, reasons.not_valid, f"{who} is not ready (current phase: {shown})")
    return conditions.true(condition, reasons.valid, f"{who} is valid and ready")
