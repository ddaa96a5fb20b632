"""The generic half of the config kinds that workloads share.

A config has no children. Its controller publishes whether the config is good (conditions), which spec that verdict is
about (configHash, observedGeneration) and who uses it (referencingServers); and it keeps a config that is being deleted
for as long as a workload refers to it. Each kind adds one small file with a `ConfigController`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Generic, TypeVar

import orjson
from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.meta import Model, secret_refs
from hooks.controllers.pruned import pruned
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import SECRET, SERVICE_ACCOUNT, Kind
from hooks.kubernetes.names import OBJECT_NAME
from hooks.kubernetes.objects import Object, is_deleting, raw_spec
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RESYNC_SECONDS, RelatedRule, SyncResponse
from hooks.references.claims import claim_value, claimant
from hooks.references.table import Reference

Spec = TypeVar("Spec", bound=Model)

NAMES_IN_A_MESSAGE = 10
BYTES_IN_A_MESSAGE = 700
BYTES_IN_A_STATUS = 256 * 1024
"""How long the list of users may be: an object of 1.5 MiB can't be stored, and its spec needs room too."""
SETTLING_SECONDS = 2  # lastTransitionTime has second precision: 2 guarantees that a full second has passed


@dataclass(frozen=True, slots=True)
class Validation:
    """Conditions and status fields that a config kind's own checks produced."""

    conditions: list[Condition]
    """Valid first, then the others that the config needs to be usable. One that is False makes the config not ready."""
    status: Object = field(default_factory=dict)
    """Further status fields."""


@dataclass(frozen=True, slots=True)
class ConfigController(Generic[Spec]):
    """The controller of a config kind."""

    kind: Kind
    model: type[Spec]
    references: tuple[Reference, ...]
    """The fields of workloads that refer to this kind."""
    validate: Callable[[Spec, SyncRequest, Installation], Validation]
    """Checks a config whose spec its model could read, whether or not a workload uses it."""

    def controller(self) -> Controller:
        """Return it in the form that the webhooks serve."""
        return Controller(
            parent=self.kind,
            child_kinds=(),
            customize=self.customize,
            sync=self.sync,
            finalize=self.finalize,
            child_names=lambda _name: (),
        )

    def customize(self, request: CustomizeRequest, installation: Installation) -> list[RelatedRule]:
        """Return what a config's sync looks at: the claims of its users, and the Secrets that its spec names."""
        metadata = request.parent["metadata"]
        namespace = metadata["namespace"]
        references = self.references
        if is_deleting(request.parent):
            # A workload that was created a moment ago may have no ServiceAccount yet; it counts all the same.
            workloads = dict.fromkeys(reference.workload for reference in references)
            rules = [RelatedRule(workload, namespace) for workload in workloads]
        else:
            claims = [{reference.claim: claim_value(metadata["name"])} for reference in references]
            rules = [RelatedRule(SERVICE_ACCOUNT, namespace, labels=claim) for claim in claims]
        names = self._secret_names(request.parent) if installation.read_secrets else []
        if names:
            rules.append(RelatedRule(SECRET, namespace, names=tuple(names)))
        return rules

    def sync(self, request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
        """Return the status of a live config."""
        validation = self._validate(request, installation)
        status = self._status(request, validation, self.users(request), blocked=[], now=now)
        ready = all(condition.status == "True" for condition in validation.conditions)
        return SyncResponse(status, resync_after_seconds=0 if ready else RESYNC_SECONDS)

    def finalize(self, request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
        """Keep a config that is being deleted for as long as a workload refers to it."""
        users = self.users(request)
        settling = SETTLING_SECONDS - (conditions.seconds_since(request.parent, "DeletionBlocked", "True", now) or 0)
        finalized = not users and settling <= 0
        blocked = [] if finalized else [self._deletion_blocked(users)]
        return SyncResponse(
            self._status(request, self._validate(request, installation), users, blocked=blocked, now=now),
            finalized=finalized,
            resync_after_seconds=0 if finalized else RESYNC_SECONDS if users else settling,
        )

    def users(self, request: SyncRequest) -> list[str]:
        """Return the names of the workloads that use this config, sorted.

        They are those whose ServiceAccounts claim it, so that the cost grows with the workloads that use it and not
        with all there are. For a config that is being deleted they are those of all workloads whose spec
        refers to it: each that has a claim is among them. Anyone who may write a ServiceAccount can give it an owner of
        any name: a name that no object can have is passed over.
        """
        references = self.references
        if request.finalizing:
            request.related.require(*(reference.workload for reference in references))
            return sorted(
                {
                    str(workload["metadata"]["name"])
                    for reference in references
                    for workload in request.related.list(reference.workload)
                    if reference.name_in(workload) == request.name
                }
            )
        request.related.require(SERVICE_ACCOUNT)
        workloads = {reference.workload for reference in references}
        found = {claimant(account, workloads) for account in request.related.list(SERVICE_ACCOUNT)}
        return sorted(name for name in found if name and OBJECT_NAME.fullmatch(name))

    def _secret_names(self, parent: Object) -> list[str]:
        """Names of the Secrets that a config's spec names; a spec that can't be read needs none."""
        try:
            spec = self.model.parse(parent.get("spec"))
        except ValidationError:
            return []
        return [reference.name for _, reference in secret_refs(spec) if reference.name]

    def _validate(self, request: SyncRequest, installation: Installation) -> Validation:
        try:
            spec = self.model.parse(request.parent.get("spec"))
        except ValidationError as error:
            return Validation([conditions.false("Valid", "SpecInvalid", "; ".join(spec_errors(error, self.model)))])
        if dropped := pruned(request.parent, self.model):
            return Validation([conditions.false("Valid", "FieldPruned", dropped)])
        return self.validate(spec, request, installation)

    def _deletion_blocked(self, users: list[str]) -> Condition:
        if not users:
            # Never released in the first call: a workload created just before the deletion may not have reached
            # Metacontroller's cache. The condition's own time says when that call was.
            message = "Looking once more for MCPServers that refer to this object before it is released"
            return conditions.true("DeletionBlocked", "CheckingReferences", message)
        named = _within(BYTES_IN_A_MESSAGE, users[:NAMES_IN_A_MESSAGE])
        names, left = ", ".join(named), len(users) - len(named)
        more = f" and {left} more" if left else ""
        count = f"{len(users)} MCPServer{'s' if len(users) > 1 else ''}"
        fields = " and ".join(f"spec.{reference.field}" for reference in self.references)
        message = f"Referenced by {count}: {names}{more}. Delete them or remove their {fields}"
        return conditions.true("DeletionBlocked", "ReferencedByWorkloads", message)

    def _status(
        self,
        request: SyncRequest,
        validation: Validation,
        users: list[str],
        *,
        blocked: list[Condition],
        now: datetime,
    ) -> Object:
        bad = next((condition for condition in validation.conditions if condition.status != "True"), None)
        listed = _within(BYTES_IN_A_STATUS, users)
        more = len(users) - len(listed)
        note = f"; referencingServers leaves out {more} of {len(users)} MCPServers, for want of room" if more else ""
        ready = (
            conditions.false("Ready", bad.reason, f"{bad.message}{note}")
            if bad
            else conditions.true("Ready", "Ready", f"{self.kind.kind} can be used{note}")
        )
        return {
            "observedGeneration": request.generation,
            "configHash": config_hash(raw_spec(request.parent)),
            **validation.status,
            **({"referencingServers": listed} if listed else {}),
            "conditions": conditions.stamp([ready, *validation.conditions, *blocked], request.parent, now),
        }


def _within(limit: int, names: list[str]) -> list[str]:
    """As many of the first names as fit into so many bytes."""
    ends = accumulate(len(name) + len('"",') for name in names)  # a name is ASCII
    return names[: sum(end <= limit for end in ends)]


def config_hash(spec: Object) -> str:
    """Return a fingerprint of a config's spec: the same whatever the order of its keys, and of unset fields."""
    return hashlib.sha256(orjson.dumps(_set_fields(spec), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _set_fields(value: object) -> object:
    if isinstance(value, dict):
        return {key: _set_fields(inner) for key, inner in value.items() if inner is not None}
    return [_set_fields(item) for item in value] if isinstance(value, list) else value
