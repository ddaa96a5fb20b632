"""Shared configs that a workload refers to."""

from __future__ import annotations

import re
from typing import TypeVar

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.meta import Model
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object, raw_spec
from hooks.metacontroller.requests import SyncRequest
from hooks.references.config_hash import config_hash
from hooks.references.resolution import Resolution, failed, waiting
from hooks.references.table import Reference

Spec = TypeVar("Spec", bound=Model)

MAX_FINGERPRINT = 253
DIGEST = "; digest "
"""The text before the digest, with which the message of a config's condition SecretAvailable ends.

ToolHive's own CRDs would drop a status field for the digest, and keep conditions.
"""
_DIGEST = re.compile(rf"{DIGEST}([0-9a-f]{{1,{MAX_FINGERPRINT}}})$")


def resolve_config(request: SyncRequest, reference: Reference, model: type[Spec]) -> Resolution[Spec]:
    """Return the config that a workload refers to, once its controller reports it Ready for its generation.

    One that is being deleted counts like any other: it stays until nothing refers to it.
    """
    name = reference.name_in(request.parent)
    if name is None:
        return Resolution()
    kind, condition = reference.config, reference.condition
    who = f"{kind.kind} {name!r}"
    if name:
        request.related.require(kind)
    config = request.related.get(kind, name)
    if config is None:
        remedy = f"create it, or remove spec.{reference.field}"
        message = f"{who} not found in namespace {request.namespace!r}: {remedy}"
        return failed(condition, reference.reasons.not_found, message)
    not_ready: Resolution[Spec] | None = _not_ready(config, who, reference)
    if not_ready:
        return not_ready
    try:
        spec = model.parse(config.get("spec"))
    except ValidationError as error:  # another version of the hooks let pass what this one can't read
        reason = reference.reasons.not_valid or "SpecInvalid"
        return failed(condition, reason, f"{who}: {'; '.join(spec_errors(error, model))}")
    return Resolution(
        spec,
        conditions.true(condition, reference.reasons.valid, f"{who} is used"),
        name=name,
        hash=str(config["status"].get("configHash") or "")[:MAX_FINGERPRINT],
        digest=_digest(config),
    )


def _digest(config: Object) -> str:
    """The digest of all Secrets and ConfigMaps that a config names, from its status; empty where it names none."""
    available = conditions.find(config, "SecretAvailable") or {}
    found = _DIGEST.search(str(available.get("message")))
    return found[1] if found else ""


def _not_ready(config: Object, who: str, reference: Reference) -> Resolution[Spec] | None:
    """Return why this config can't be used now, by its own status; None where it can."""
    condition = reference.condition
    generation = config["metadata"].get("generation", 0)
    status = config.get("status")
    status = status if isinstance(status, dict) else {}
    observed = status.get("observedGeneration", 0)
    # An edit that changes spec and credential together shall roll the pods once, so its new status is waited for.
    # A deletion counts the generation up and leaves the spec as it was: that status is still true.
    if observed != generation and status.get("configHash") != config_hash(raw_spec(config)):
        message = f"{who} not checked yet: generation {generation}, observed {observed}"
        return waiting(condition, "ConfigNotReconciled", message)
    ready = conditions.find(config, "Ready")
    if ready is None:
        return waiting(condition, "ConfigNotReconciled", f"{who} has no Ready condition yet")
    if ready.get("status") != "True":
        reason = reference.reasons.not_valid or str(ready.get("reason") or "")
        return failed(condition, reason, f"{who}: {ready.get('message')}")
    available = conditions.find(config, "SecretAvailable") or {}
    if available.get("status") == "True" and not _digest(config):
        # Release 0.1.0 published its digest elsewhere. Without one now, pods would roll a second time when it comes.
        return waiting(condition, "ConfigNotReconciled", f"{who} not checked yet by this release of the hooks")
    return None
