"""The generic half of the config kinds that MCPServers share.

A config has no children. Its controller publishes whether the config is good (conditions), which spec that verdict is
about (configHash, observedGeneration) and who uses it (referencingServers); and it keeps a config that is being deleted
for as long as a server refers to it. What a kind adds is a `SharedConfig`: one small file each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

import orjson
from pydantic import ValidationError

from hooks.api.meta import Model, spec_errors
from hooks.controllers import conditions
from hooks.controllers.claims import CLAIM_LABELS, claim_value, claimant, referenced
from hooks.controllers.conditions import Condition
from hooks.controllers.controller import Config, Controller
from hooks.controllers.kinds import MCP_SERVER, SECRET, SERVICE_ACCOUNT
from hooks.protocol import CustomizeRequest, Kind, Object, SyncRequest, is_deleting, raw_spec
from hooks.responses import RelatedRule, SyncResponse

Spec = TypeVar("Spec", bound=Model)

NAMES_IN_A_MESSAGE = 10
SETTLING_SECONDS = 2  # by a clock of whole seconds: at least one has passed
RESYNC_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a config kind's own checks found."""

    conditions: list[Condition]
    """Valid first, then whatever else the config needs to be usable. One that is False makes the config not ready."""
    status: Object = field(default_factory=dict)
    """Further status fields."""


@dataclass(frozen=True, slots=True)
class SharedConfig(Generic[Spec]):
    """What a config kind adds to the generic controller."""

    kind: Kind
    model: type[Spec]
    server_field: str
    """The field of an MCPServer's spec that refers to a config of this kind by name."""
    judge: Callable[[Spec, SyncRequest, Config], Judgement]
    """Checks a config whose spec its model could read, whether or not a server uses it."""
    secrets: Callable[[Object], list[str]] = lambda _spec: []
    """Names of the Secrets that the checks need, from the raw spec."""

    def parse(self, config: Object) -> Spec | str:
        """An observed config's spec, or what is wrong with it."""
        try:
            return self.model.parse(config.get("spec"))
        except ValidationError as error:
            return "; ".join(spec_errors(error))


def controller(shared: SharedConfig[Spec]) -> Controller:
    """The controller of a shared config kind."""
    return Controller(
        parent=shared.kind,
        child_kinds=(),
        customize=partial(_customize, shared),
        sync=partial(_sync, shared),
        finalize=partial(_finalize, shared),
        child_names=lambda _name: (),
    )


def config_hash(spec: Object) -> str:
    """A fingerprint of a config's spec, the same whatever the order of its keys and whether unset fields are named."""
    text = orjson.dumps(spec, option=orjson.OPT_SORT_KEYS)
    if b"null" in text:  # rarely, and then perhaps in a text: the copy does no harm
        text = orjson.dumps(_set_fields(spec), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


def _set_fields(value: object) -> object:
    if isinstance(value, dict):
        return {key: _set_fields(inner) for key, inner in value.items() if inner is not None}
    return [_set_fields(item) for item in value] if isinstance(value, list) else value


def _customize(shared: SharedConfig[Spec], request: CustomizeRequest, config: Config) -> list[RelatedRule]:
    metadata = request.parent["metadata"]
    namespace = metadata["namespace"]
    if is_deleting(request.parent):
        # A server that was created a moment ago may have no ServiceAccount yet; it counts all the same.
        rules = [RelatedRule(MCP_SERVER, namespace)]
    else:
        claim = {CLAIM_LABELS[shared.server_field]: claim_value(metadata["name"])}
        rules = [RelatedRule(SERVICE_ACCOUNT, namespace, labels=claim)]
    secrets = shared.secrets(raw_spec(request.parent)) if config.read_secrets else []
    if secrets:
        rules.append(RelatedRule(SECRET, namespace, names=tuple(secrets)))
    return rules


def _judge(shared: SharedConfig[Spec], request: SyncRequest, config: Config) -> Judgement:
    spec = shared.parse(request.parent)
    if isinstance(spec, str):
        return Judgement([conditions.false("Valid", "SpecInvalid", spec)])
    return shared.judge(spec, request, config)


def _sync(shared: SharedConfig[Spec], request: SyncRequest, config: Config, now: datetime) -> SyncResponse:
    judgement = _judge(shared, request, config)
    status = _status(shared, request, judgement, referencing_servers(shared, request), blocked=[], now=now)
    ready = all(condition.status == "True" for condition in judgement.conditions)
    return SyncResponse(status, resync_after_seconds=0 if ready else RESYNC_SECONDS)


def _finalize(shared: SharedConfig[Spec], request: SyncRequest, config: Config, now: datetime) -> SyncResponse:
    servers = referencing_servers(shared, request)
    settling = SETTLING_SECONDS - (conditions.seconds_since(request.parent, "DeletionBlocked", "True", now) or 0)
    finalized = not servers and settling <= 0
    blocked = [] if finalized else [_deletion_blocked(shared, servers)]
    return SyncResponse(
        _status(shared, request, _judge(shared, request, config), servers, blocked=blocked, now=now),
        finalized=finalized,
        resync_after_seconds=0 if finalized else RESYNC_SECONDS if servers else settling,
    )


def _deletion_blocked(shared: SharedConfig[Spec], servers: list[str]) -> Condition:
    if not servers:
        # Never released in the first call: a server created just before the deletion may not have reached
        # Metacontroller's cache. The condition's own time says when that call was.
        message = "Looking once more for MCPServers that refer to this object before it is released"
        return conditions.true("DeletionBlocked", "CheckingReferences", message)
    names = ", ".join(servers[:NAMES_IN_A_MESSAGE])
    more = f" and {len(servers) - NAMES_IN_A_MESSAGE} more" if len(servers) > NAMES_IN_A_MESSAGE else ""
    count = f"{len(servers)} MCPServer{'s' if len(servers) > 1 else ''}"
    message = f"Referenced by {count}: {names}{more}. Delete them or remove their spec.{shared.server_field}"
    return conditions.true("DeletionBlocked", "ReferencedByWorkloads", message)


def _status(
    shared: SharedConfig[Spec],
    request: SyncRequest,
    judgement: Judgement,
    servers: list[str],
    *,
    blocked: list[Condition],
    now: datetime,
) -> Object:
    bad = next((condition for condition in judgement.conditions if condition.status != "True"), None)
    ready = (
        conditions.false("Ready", bad.reason, bad.message)
        if bad
        else conditions.true("Ready", "Ready", f"{shared.kind.kind} can be used")
    )
    return {
        "observedGeneration": request.generation,
        "configHash": config_hash(raw_spec(request.parent)),
        **judgement.status,
        **({"referencingServers": servers} if servers else {}),
        "conditions": conditions.stamp([ready, *judgement.conditions, *blocked], request.parent, now),
    }


def referencing_servers(shared: SharedConfig[Spec], request: SyncRequest) -> list[str]:
    """Names of the MCPServers that use this config, sorted.

    They are those whose ServiceAccounts claim it, so that the cost grows with the servers that use it and not with all
    there are. For a config that is being deleted they are those of all servers whose spec refers to it.

    Raises:
        BrokenRule: what tells them was not looked up.
    """
    if request.finalizing:
        request.related.require(MCP_SERVER)
        servers = request.related.list(MCP_SERVER)
        return [obj["metadata"]["name"] for obj in servers if referenced(obj, shared.server_field) == request.name]
    request.related.require(SERVICE_ACCOUNT)
    found = {claimant(account) for account in request.related.list(SERVICE_ACCOUNT)}
    return sorted(name for name in found if name)
