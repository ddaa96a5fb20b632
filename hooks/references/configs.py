"""Shared configs that a workload refers to."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.meta import Model
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import SyncRequest
from hooks.references.resolution import Resolution, failed, waiting
from hooks.references.table import Reference

Spec = TypeVar("Spec", bound=Model)

MAX_FINGERPRINT = 253


def resolve_config(request: SyncRequest, reference: Reference, model: type[Spec]) -> Resolution[Spec]:
    """Return the config that a workload refers to, once its controller reports it Ready for its generation."""
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
        return failed(condition, f"{kind.kind.removeprefix('MCP')}NotFound", message)
    not_ready: Resolution[Spec] | None = _not_ready(config, who, condition)
    if not_ready:
        return not_ready
    try:
        spec = model.parse(config.get("spec"))
    except ValidationError as error:  # another version of the hooks let pass what this one can't read
        return failed(condition, "SpecInvalid", f"{who}: {'; '.join(spec_errors(error, model))}")
    return Resolution(
        spec,
        conditions.true(condition, "Valid", f"{who} is used"),
        name=name,
        hash=_fingerprint(config, "configHash"),
        digest=_fingerprint(config, "credentialDigest"),
    )


def _fingerprint(config: Object, field: str) -> str:
    """A hash in a config's status, cut: anyone who may write there can write a text of any length."""
    return str(config["status"].get(field) or "")[:MAX_FINGERPRINT]


def _not_ready(config: Object, who: str, condition: str) -> Resolution[Spec] | None:
    """What stands against using this config now, by its own status."""
    generation = config["metadata"].get("generation", 0)
    status = config.get("status")
    observed = status.get("observedGeneration", 0) if isinstance(status, dict) else 0
    # An edit that changes spec and credential together shall roll the pods once, so its verdict is waited for.
    if observed != generation:
        message = f"{who} not judged yet: generation {generation}, observed {observed}"
        return waiting(condition, "NotJudgedYet", message)
    ready = conditions.find(config, "Ready")
    if ready is None:
        return waiting(condition, "NotJudgedYet", f"{who} has no Ready condition yet")
    if ready.get("status") != "True":
        return failed(condition, str(ready.get("reason") or ""), f"{who}: {ready.get('message')}")
    return None
