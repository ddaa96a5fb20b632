"""Whether calls of the hooks succeed: by Metacontroller's events, and by objects that no controller has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hooks.api.kinds import RESOURCES
from hooks.api.meta import GROUP
from hooks.check.point import Point
from hooks.cluster import EVENT, LiveCluster
from hooks.kubernetes.objects import Object
from hooks.text import one_line, shortened, some, title

TOPIC = "calls"
RECENT_SECONDS = 120
"""An event stays for an hour after its cause is gone."""
_UNSEEN_SECONDS = 30
_LONGEST = 300

_HOOKS = "kubectl get pods -n toolhive-hooks"
REMEDIES = (
    (("connection refused", "no such host", "no route to host"), _HOOKS),
    (
        ("context deadline exceeded", "Client.Timeout exceeded"),
        "the NetworkPolicy must admit Metacontroller's namespace: docs/installing.md",
    ),
    (("status code: 401",), "rotate the token to the end: docs/installing.md#rotation"),
    (("x509:", "tls:"), "kubectl get certificates -n toolhive-hooks, then restart Metacontroller"),
    (("status code: 413",), "raise TOOLHIVE_HOOKS_MAX_BODY_BYTES"),
    (("status code: 400",), "upgrade Metacontroller to 4.17.2 or newer"),
    (("in the request",), "kubectl apply -k metacontroller/, then restart Metacontroller"),
    (("was replaced by one that hides",), "kubectl apply -k crds, then your manifests: docs/upgrading.md"),
    (("would be deleted", "a bug:"), "kubectl logs deployment/toolhive-hooks -n toolhive-hooks, and please report it"),
    (("is forbidden",), "docs/installing.md#least-privilege, or the quota or policy that refuses it"),
)
"""What to do where a SyncError has one of these texts; docs/troubleshooting.md says why."""


def check_calls(live: LiveCluster, now: datetime) -> Iterator[Point]:
    """Whether calls failed lately, and whether there are objects that none was made for."""
    failed = [event for event in live.list(EVENT, fields="reason=SyncError") if _is_ours(event, now)]
    seen: dict[str, list[str]] = {}
    for event in failed:
        involved = event["involvedObject"]
        message = shortened(one_line(str(event.get("message"))), _LONGEST)
        seen.setdefault(message, []).append(
            f"{involved.get('kind')} {involved.get('namespace')}/{involved.get('name')}"
        )
    for message, objects in seen.items():
        yield Point(TOPIC, False, f"for {some(objects)}: {message}", remedy(message))
    unseen = [title(obj) for kind in RESOURCES for obj in live.list(kind) if _is_unseen(obj, now)]
    if unseen:
        text = f"no controller has looked at {some(unseen)}"
        yield Point(TOPIC, False, text, "kubectl logs -n metacontroller statefulset/metacontroller")
    if not failed and not unseen:
        yield Point(TOPIC, True, f"none failed in the last {RECENT_SECONDS // 60} minutes")


def remedy(message: str) -> str:
    """What to do about a failed call."""
    found = (answer for texts, answer in REMEDIES if any(text in message for text in texts))
    return next(found, "docs/troubleshooting.md#syncerror-events")


def _is_ours(event: Object, now: datetime) -> bool:
    last = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    group = str((event.get("involvedObject") or {}).get("apiVersion")).partition("/")[0]
    return group == GROUP and bool(last) and _age(last, now) < RECENT_SECONDS


def _is_unseen(obj: Object, now: datetime) -> bool:
    """Whether an object's spec has been there for a while, and its status is of none or of an older one."""
    observed = (obj.get("status") or {}).get("observedGeneration")
    # When a spec was changed isn't known: the age of the object must do where there is no status yet.
    return observed is None and _age(obj["metadata"]["creationTimestamp"], now) > _UNSEEN_SECONDS


def _age(time: str, now: datetime) -> float:
    return (now - datetime.fromisoformat(time)).total_seconds()
