"""Children of a workload that were returned before and aren't observed: on their way, refused, another's, or released.

Metacontroller makes a child in the call that returns it. If it fails, its log and an Event say why, but no hook learns
it. An object of another owner is found before (hooks/proxy/ownership.py). Deployments are the exception: one that stays
away is refused, belongs to another owner, or was released.
"""

from __future__ import annotations

from datetime import datetime

from hooks.controllers.workloads.refusals import REFUSED_SECONDS, shown_by
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import DEPLOYMENT, ROLE, ROLE_BINDING
from hooks.kubernetes.objects import is_observed
from hooks.metacontroller.requests import CONTROLLER_UID, SyncRequest
from hooks.proxy.health import runs_without_deployment
from hooks.proxy.names import names_of
from hooks.proxy.state import State

CHILD_RECHECK_SECONDS = 5
"""When to look whether a child is there that Metacontroller makes in the same call."""
BINDING_SECONDS = 120
"""The age of a Role from which its RoleBinding counts as missing: a later call makes it, and calls queue."""
REASONS = ("ChildMissing", "FailedCreate", "ChildReleased")
"""Reasons of a Ready condition that names a missing child."""


def with_missing(state: State, request: SyncRequest, returned: list[tuple[str, str]], now: datetime) -> State:
    """Return the state, and name in it a child that was returned for this spec before and isn't observed.

    One that was named for an earlier spec stays named. A Deployment counts that isn't returned while its pods run.

    Args:
        state: of what is observed.
        request: what is observed.
        returned: kind and name of the children of the answer; the first that is missing is named.
        now: the time of the call.
    """
    if runs_without_deployment(request):
        returned = [*returned, (DEPLOYMENT.kind, names_of(request).deployment)]
    missing = next((child for child in returned if _is_missing(request, child, now)), None)
    if missing is None:
        return state
    kind, name = missing
    note = f"{kind} {name!r} is not there yet"
    before = conditions.find(request.parent, "Ready") or {}
    was_named = before.get("reason") in REASONS and f"{kind} {name!r}" in str(before.get("message"))
    if not was_named and not is_observed(request.parent):
        return state
    if not was_named and state.phase == "Ready":
        return state._replace(reason="ChildMissing", message=f"{state.message}; {note}")
    waited = conditions.seconds_since(request.parent, "Ready", "False", now) or 0
    if not was_named or waited < REFUSED_SECONDS:
        return State("Pending", "ChildMissing", note)
    if kind == DEPLOYMENT.kind:
        return _of_deployment(request, name)
    return State("Failed", "FailedCreate", f"{kind} {name!r} isn't made: {shown_by(request)} shows who refuses it")


def _is_missing(request: SyncRequest, child: tuple[str, str], now: datetime) -> bool:
    """Whether a child isn't observed. A RoleBinding isn't missing while its Role is young: a note costs a write."""
    kind, name = child
    if child in request.children.identities:
        return False
    role = request.children.get(ROLE, name) if kind == ROLE_BINDING.kind else None
    return role is None or conditions.seconds_since_creation(role, now) >= BINDING_SECONDS


def _of_deployment(request: SyncRequest, name: str) -> State:
    """The state of a workload whose Deployment stays away. If the workload's own pods run, Metacontroller released it.

    The message has kind and name as `with_missing` looks for them, so that the next call gives the same answer.
    """
    own, namespace = names_of(request), request.namespace
    shows = f"`kubectl get deployment {name} -n {namespace} --show-labels` shows whether there is one"
    relabel = f"kubectl label deployment/{name} {CONTROLLER_UID}={request.uid} -n {namespace}"
    label = f"toolhive-name={request.name}"
    reason, otherwise = "FailedCreate", f"{shown_by(request)} shows who refuses it"
    if runs_without_deployment(request):
        reason = "ChildReleased"
        otherwise = f"its pods are left over: `kubectl delete replicaset -l {own.selector} -n {namespace}`"
    message = (
        f"Deployment {name!r} isn't among this {own.word}'s objects: {shows}. If it has the label {label}, "
        f"Metacontroller released it: `{relabel}`. If it is another's, rename this {own.word}. If there is none, "
        f"{otherwise}"
    )
    return State("Failed", reason, message)
