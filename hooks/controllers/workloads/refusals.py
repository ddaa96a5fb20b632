"""Children of a workload that the API server, or an admission policy, refuses.

Metacontroller reports it in its log and an Event, and to no hook. A hook sees only that a child isn't as it was
returned before.
"""

from __future__ import annotations

from datetime import datetime

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object, is_observed
from hooks.metacontroller.last_applied import last_applied
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.names import names_of
from hooks.proxy.state import State

REFUSED_SECONDS = 30
"""How long a child may stay away, or stay as it was, before it counts as refused."""
CONDITION = "DeploymentUpdated"


def deployment_condition(request: SyncRequest, returned: list[Object], now: datetime) -> Condition | None:
    """Return that the Deployment's pods aren't as they were returned for this spec; None where they are.

    Metacontroller writes them in the same call, so the first time it is a wait. Annotations don't count: they follow
    from shared configs and Secrets too, whose edits leave the generation of the spec as it was.

    Args:
        request: what is observed.
        returned: the children of the answer.
        now: the time of the call.
    """
    name = names_of(request).deployment
    observed = request.children.get(DEPLOYMENT, name)
    wanted = next((child for child in returned if child["kind"] == DEPLOYMENT.kind), None)
    noted = last_applied(observed) if observed else None
    if wanted is None or noted is None or _pods(noted) == _pods(wanted) or not is_observed(request.parent):
        return None
    waited = conditions.seconds_since(request.parent, CONDITION, "False", now) or 0
    if waited < REFUSED_SECONDS:
        return conditions.false(CONDITION, "UpdatePending", f"Deployment {name!r} is not updated yet")
    message = f"Deployment {name!r} isn't updated, and its pods run as before: {shown_by(request)} shows who refuses it"
    return conditions.false(CONDITION, "UpdateRefused", message)


def with_refusal(state: State, not_updated: Condition | None) -> State:
    """Return the state with the refused update in its message: what runs may serve callers all the same."""
    if not_updated is None or not_updated.reason != "UpdateRefused":
        return state
    reason = state.reason if state.phase == "Failed" else not_updated.reason
    return state._replace(reason=reason, message=f"{state.message}; {not_updated.message}")


def shown_by(request: SyncRequest) -> str:
    """Return the command that shows Metacontroller's Event with the API server's answer."""
    return f"`kubectl describe {request.parent['kind'].lower()} {request.name} -n {request.namespace}`"


def _pods(deployment: Object) -> object:
    """The pod template less its annotations; a note that a user edited may have any form."""
    spec = deployment.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    metadata = template.get("metadata") if isinstance(template, dict) else None
    if not isinstance(template, dict) or not isinstance(metadata, dict):
        return None
    return {**template, "metadata": {key: value for key, value in metadata.items() if key != "annotations"}}
