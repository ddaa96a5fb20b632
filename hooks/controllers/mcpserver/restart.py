"""Restarting a server by annotation, as in the reference; declarative: nothing is written back."""

from __future__ import annotations

from datetime import datetime

from hooks.controllers.mcpserver import names
from hooks.protocol import Object, annotations_of

ROLLING: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
IMMEDIATE: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}


def restarted_at(server: Object) -> str | None:
    """The time of the restart that was asked for, as it was written; None where that is no RFC 3339 time.

    None also for one that the reference noted as done, before it gave the server to these hooks.
    """
    given = annotations_of(server)
    text = given.get(names.RESTARTED_AT)
    asked, done = _time(text), _time(given.get(names.LAST_PROCESSED_RESTART))
    return text if asked and not (done and asked <= done) else None


def last_restart(deployment: Object | None) -> str | None:
    """The restart that the pods have had: it stays with them, or taking the request away would be another."""
    given = deployment["spec"]["template"]["metadata"].get("annotations") if deployment else None
    return (given or {}).get(names.RESTARTED_AT)


def strategy(server: Object, observed: Object | None) -> Object:
    """How the Deployment replaces its pods: gently, but for an immediate restart that isn't complete yet.

    Never Recreate: Metacontroller's merge can't take away the `rollingUpdate` that the API server puts beside it.
    """
    wanted = annotations_of(server).get(names.RESTART_STRATEGY)
    time = restarted_at(server)
    if observed is None or time is None or wanted != "immediate":
        return ROLLING
    begins = last_restart(observed) != time
    goes_on = observed["spec"].get("strategy") == IMMEDIATE and not is_rolled_out(observed)
    return IMMEDIATE if begins or goes_on else ROLLING


def is_rolled_out(deployment: Object) -> bool:
    """As `kubectl rollout status` has it."""
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0) and counts == [wanted] * 3


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
