"""The generic half of the config kinds that workloads share.

A config has no children. Its controller publishes whether the config is valid (conditions), of which spec it says so
(configHash, observedGeneration), what stands for the content of the Secrets and ConfigMaps that it names, and who
uses it (referencingServers); and it keeps a config that is being deleted for as long as a workload refers to it. Each
kind adds one small file with a `ConfigController`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.meta import Model
from hooks.controllers.configs.availability import availability, faulty_names, named_by, readable
from hooks.controllers.configs.users import Users, deletion_blocked, rules_for_users, users_of
from hooks.controllers.pruned import pruned
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET, Kind
from hooks.kubernetes.objects import Object, raw_spec
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.requests import CustomizeRequest, SyncRequest
from hooks.metacontroller.responses import RESYNC_SECONDS, RelatedRule, SyncResponse
from hooks.references.config_hash import config_hash
from hooks.references.table import Reference
from hooks.text import some

Spec = TypeVar("Spec", bound=Model)

SETTLING_SECONDS = 2  # lastTransitionTime has second precision: 2 guarantees that a full second has passed


@dataclass(frozen=True, slots=True)
class ConfigController(Generic[Spec]):
    """The controller of a config kind."""

    kind: Kind
    model: type[Spec]
    references: tuple[Reference, ...]
    """The fields of workloads that refer to this kind."""
    validate: Callable[[Spec], list[Condition]]
    """Validates a spec that its model could read: the condition Valid, and after it any others about the spec."""

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
        """Return what a config's sync looks at: its users, and the Secrets and ConfigMaps that its spec names."""
        try:
            named = readable(named_by(self.model.parse(request.parent.get("spec"))), installation)
        except ValidationError:
            named = []  # where the spec can't be read, its content isn't looked at
        rules = rules_for_users(request.parent, self.references)
        for kind in (SECRET, CONFIG_MAP):
            names = tuple(each.name for each in named if each.kind == kind and each.name)
            if names:
                rules.append(RelatedRule(kind, request.parent["metadata"]["namespace"], names=names))
        return rules

    def sync(self, request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
        """Return the status of a live config."""
        about_spec, digest = self._conditions(request, installation)
        status = self._status(request, about_spec, digest, users_of(request, self.references), blocked=[], now=now)
        is_ready = status["conditions"][0]["status"] == "True"
        return SyncResponse(status, resync_after_seconds=0 if is_ready else RESYNC_SECONDS)

    def finalize(self, request: SyncRequest, installation: Installation, now: datetime) -> SyncResponse:
        """Keep a config that is being deleted for as long as a workload refers to it.

        It is never released in the first call: a workload created just before the deletion may not have reached
        Metacontroller's cache. The condition's own time says when that call was.
        """
        users = users_of(request, self.references)
        settling = SETTLING_SECONDS - (conditions.seconds_since(request.parent, "DeletionBlocked", "True", now) or 0)
        finalized = not users and settling <= 0
        blocked = [] if finalized else [deletion_blocked(users)]
        about_spec, digest = self._conditions(request, installation)
        return SyncResponse(
            self._status(request, about_spec, digest, users, blocked=blocked, now=now),
            finalized=finalized,
            resync_after_seconds=0 if finalized else RESYNC_SECONDS if users else settling,
        )

    def _conditions(self, request: SyncRequest, installation: Installation) -> tuple[list[Condition], str]:
        """Return the conditions about spec and content, Valid first, and what stands for the content."""
        try:
            spec = self.model.parse(request.parent.get("spec"))
        except ValidationError as error:
            return [conditions.false("Valid", "SpecInvalid", "; ".join(spec_errors(error, self.model)))], ""
        if dropped := pruned(request.parent, self.model):
            return [conditions.false("Valid", "FieldPruned", dropped)], ""
        named = named_by(spec)
        valid, *others = self.validate(spec)
        faults = list(faulty_names(named))
        if valid.status == "True" and faults:
            valid = valid_condition(faults)
        looked_up = readable(named, installation)
        if valid.status != "True" or not looked_up:
            return [valid, *others], ""
        available, digest = availability(request, looked_up, installation.digest_key)
        return [valid, available, *others], digest

    def _status(
        self,
        request: SyncRequest,
        about_spec: list[Condition],
        digest: str,
        users: Users,
        *,
        blocked: list[Condition],
        now: datetime,
    ) -> Object:
        decisive = (each for each in about_spec if each.type in ("Valid", "SecretAvailable"))
        bad = next((condition for condition in decisive if condition.status != "True"), None)
        ready = (
            conditions.false("Ready", bad.reason, f"{bad.message}{users.note}")
            if bad
            else conditions.true("Ready", "Ready", f"{self.kind.kind} can be used{users.note}")
        )
        return {
            "observedGeneration": request.generation,
            "configHash": config_hash(raw_spec(request.parent)),
            **({"credentialDigest": digest} if digest else {}),
            **({"referencingServers": users.listed} if users.listed else {}),
            "conditions": conditions.stamp([ready, *about_spec, *blocked], request.parent, now),
        }


def valid_condition(faults: Iterable[tuple[str, str]], valid: str = "ValidationSucceeded") -> Condition:
    """Return the condition Valid.

    Args:
        faults: reason and message of each thing that is wrong with a spec.
        valid: the reason where nothing is; ToolHive's operator has another one for each kind.
    """
    found = list(faults)
    if not found:
        return conditions.true("Valid", valid, "Spec validation passed")
    return conditions.false("Valid", found[0][0], some(list(dict.fromkeys(message for _, message in found)), "; "))


def with_note(valid: Condition, said: str) -> Condition:
    """Return the same condition, which says more: of what works, and is rarely meant; the same where that is empty."""
    return valid._replace(message=f"{valid.message}; {said.removeprefix('; ')}") if said else valid
