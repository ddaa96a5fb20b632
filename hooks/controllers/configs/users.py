"""Who uses a shared config: the workloads of any kind whose spec refers to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import SERVICE_ACCOUNT, Kind
from hooks.kubernetes.objects import Object, is_deleting
from hooks.metacontroller.requests import SyncRequest
from hooks.metacontroller.responses import RelatedRule
from hooks.references.claims import claim_value, claimant
from hooks.references.table import Reference

LISTED_AT_MOST = 50
"""Users that a status lists. Each new one there wakes all others, so that with more the list is left out."""
NAMES_IN_A_MESSAGE = 10
BYTES_IN_A_MESSAGE = 700


class Users(NamedTuple):
    """The workloads that use a config, sorted: the MCPServers first."""

    names: Sequence[tuple[Kind, str]]
    fields: Sequence[str] = ()
    """The fields by which they refer to it; known only of a config that is being deleted."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.names)

    @property
    def listed(self) -> list[str]:
        """Return the names for a status: an MCPServer's alone, another's with its kind; none where they are many."""
        if len(self.names) > LISTED_AT_MOST:
            return []
        return [name if kind.kind == "MCPServer" else f"{kind.kind}/{name}" for kind, name in self.names]

    def of_kind(self, kind: str) -> list[str]:
        """Return the names of those of one kind for a status; none where all kinds together are many."""
        return [name for each, name in self.names if each.kind == kind] if len(self.names) <= LISTED_AT_MOST else []

    @property
    def note(self) -> str:
        """Return what to say where there is no list. Not how many there are: that changes with each new one."""
        return f"; more than {LISTED_AT_MOST} workloads refer to it" if len(self.names) > LISTED_AT_MOST else ""


def rules_for_users(config: Object, references: Sequence[Reference]) -> list[RelatedRule]:
    """Return what shows a config's users: their claims, or all workloads where the config is being deleted.

    A workload that was created a moment ago may have no ServiceAccount yet, and keeps the config all the same.
    """
    if is_deleting(config):
        namespace = config["metadata"]["namespace"]
        return [RelatedRule(workload, namespace) for workload in _workloads(references)]
    return rules_for_members(config, references)


def rules_for_members(config: Object, references: Sequence[Reference]) -> list[RelatedRule]:
    """Return what shows the workloads that claim an object."""
    metadata = config["metadata"]
    namespace = metadata["namespace"]
    labels = dict.fromkeys(reference.claim for reference in references)
    value = claim_value(metadata["name"])
    return [RelatedRule(SERVICE_ACCOUNT, namespace, labels={label: value}) for label in labels]


def members_of(request: SyncRequest, references: Sequence[Reference]) -> Users:
    """Return the workloads whose ServiceAccounts claim an object.

    The cost grows with the workloads that use it, and not with all there are.
    """
    workloads = _workloads(references)
    request.related.require(SERVICE_ACCOUNT)
    found = {claimant(account, workloads) for account in request.related.list(SERVICE_ACCOUNT)}
    return Users(_sorted((each for each in found if each), workloads))


def users_of(request: SyncRequest, references: Sequence[Reference]) -> Users:
    """Return the workloads that use a config.

    They are those that claim it; for a config that is being deleted, those of all workloads whose spec refers to it:
    each that has a claim is among them.
    """
    if not request.finalizing:
        return members_of(request, references)
    workloads = _workloads(references)
    request.related.require(*workloads)
    referring = [
        (reference, str(workload["metadata"]["name"]))
        for reference in references
        for workload in request.related.list(reference.workload)
        if reference.name_in(workload) == request.name
    ]
    names = {(reference.workload, name) for reference, name in referring}
    return Users(
        _sorted(names, workloads), list(dict.fromkeys(f"spec.{reference.field}" for reference, _ in referring))
    )


def deletion_blocked(users: Users) -> Condition:
    """Return the condition that says why a config that is being deleted is still there."""
    if not users:
        message = "Checking again for workloads that refer to this object before it is released"
        return conditions.true("DeletionBlocked", "CheckingReferences", message)
    kinds = {kind.kind for kind, _ in users.names}
    noun = next(iter(kinds)) if len(kinds) == 1 else "workload"
    texts = [name if len(kinds) == 1 else f"{kind.kind} {name}" for kind, name in users.names[:NAMES_IN_A_MESSAGE]]
    ends = accumulate(len(text) + len(", ") for text in texts)  # a name is ASCII
    texts = texts[: sum(end <= BYTES_IN_A_MESSAGE for end in ends)]
    count, left = len(users.names), len(users.names) - len(texts)
    more = f" and {left} more" if left else ""
    message = f"Referenced by {count} {noun if count == 1 else _plural(noun)}: {', '.join(texts)}{more}. "
    return conditions.true(
        "DeletionBlocked",
        "ReferencedByWorkloads",
        f"{message}Delete them or remove their {' and '.join(users.fields)}",
    )


def _workloads(references: Iterable[Reference]) -> list[Kind]:
    return list(dict.fromkeys(reference.workload for reference in references))


def _sorted(users: Iterable[tuple[Kind, str]], workloads: Sequence[Kind]) -> list[tuple[Kind, str]]:
    return sorted(users, key=lambda user: (workloads.index(user[0]), user[1]))


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
