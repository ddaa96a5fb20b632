"""Fields of October 2025 that an author applied and the API server dropped: ToolHive 0.44's CRD has none of them."""

from __future__ import annotations

from hooks.api.older_fields import REFERENCES, RENAMED
from hooks.api.workload import DEFAULT_PORT
from hooks.controllers.pruned import WHAT_TO_DO, applied_spec
from hooks.kubernetes.objects import Object, raw_spec


def pruned_legacy_fields(parent: Object) -> str:
    """Find fields of October 2025 in the last applied manifest that the stored spec lost.

    The CRD of ToolHive 0.44 gives each spec a proxyPort. So without one, ours is in place, and a field that is missing
    was taken out by its author.

    Returns:
        What to say to the author; empty where nothing was lost.
    """
    stored = raw_spec(parent)
    wanted = applied_spec(parent) if "proxyPort" in stored else None
    if not isinstance(wanted, dict):
        return ""
    lost = [
        f"spec.{field} is not in the spec: the CRD of the cluster doesn't know it; use {current}, or apply the CRDs of "
        "toolhive-hooks"
        for field, current in (RENAMED | REFERENCES).items()
        if wanted.get(field) and field not in stored and not _is_replaced(current, wanted, stored)
    ]
    return f"{WHAT_TO_DO} {'; '.join(lost)}" if lost else ""


def _is_replaced(current: str, wanted: Object, stored: Object) -> bool:
    """Whether the spec has the current field, and not only because the CRD put its default there."""
    is_default = current == "proxyPort" and stored.get(current) == DEFAULT_PORT and current not in wanted
    return current in stored and not is_default
