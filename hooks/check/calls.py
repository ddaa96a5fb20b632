"""Whether calls of the hooks succeed: by Metacontroller's events, and by objects that no controller has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hooks.api.kinds import RESOURCES
from hooks.api.meta import GROUP
from hooks.check.crds import APPLY
from hooks.check.point import Point
from hooks.cluster import EVENT, LiveCluster
from hooks.kubernetes.objects import Object, is_observed
from hooks.metacontroller.events import RECENT_SECONDS, SYNC_ERROR, about, failing, message_of
from hooks.text import one_line, shortened, some, title

TOPIC = "calls"
_UNSEEN_SECONDS = 30
"""A controller looks at an edit within seconds."""
_LONGEST = 300

_HOOKS = "kubectl get pods -n toolhive-hooks"
_RESTART = "kubectl rollout restart statefulset/metacontroller -n metacontroller"
REMEDIES = (
    (("connection refused", "no such host", "no route to host"), _HOOKS),
    (
        ("context deadline exceeded", "Client.Timeout exceeded"),
        "the NetworkPolicy must admit Metacontroller's namespace: docs/installing.md",
    ),
    (("status code: 401",), f"{_RESTART}: it reads the token only when it starts. Running servers are not touched"),
    (("x509:", "tls:"), f"kubectl get certificates -n toolhive-hooks, then {_RESTART}"),
    (("status code: 413",), "raise TOOLHIVE_HOOKS_MAX_BODY_BYTES"),
    (("status code: 400",), "upgrade Metacontroller to 4.17.2 or newer"),
    (("in the request",), f"kubectl apply -k metacontroller/, then {_RESTART}"),
    (
        ("was replaced by one that hides",),
        f"{APPLY}, then your manifests; `kubectl apply view-last-applied KIND/NAME` shows the last",
    ),
    (("would be deleted", "a bug:"), "kubectl logs deployment/toolhive-hooks -n toolhive-hooks, and please report it"),
    (("is forbidden",), "docs/installing.md#least-privilege, or the quota or policy that refuses it"),
)
"""What to do where a SyncError has one of these texts; docs/troubleshooting.md says why."""


def check_calls(live: LiveCluster, now: datetime) -> Iterator[Point]:
    """Whether calls of the hooks fail, and whether there are objects for which no call was made."""
    unobserved = (obj for kind in RESOURCES for obj in live.list(kind) if not is_observed(obj))
    waiting = {(obj["metadata"]["namespace"], obj["metadata"]["uid"]): obj for obj in unobserved}
    events = [event for event in live.list(EVENT, fields=f"reason={SYNC_ERROR}") if _is_ours(event)]
    failed = failing(events, waiting, now)
    seen: dict[str, list[str]] = {}
    for event in failed:
        involved = event["involvedObject"]
        message = shortened(one_line(message_of(event)), _LONGEST)
        named = f"{involved.get('kind')} {involved.get('namespace')}/{involved.get('name')}"
        seen.setdefault(message, []).append(shortened(named, _LONGEST))
    for message, objects in seen.items():
        yield Point(TOPIC, False, f"for {some(objects)}: {message}", remedy(message))
    known = {about(event) for event in failed}
    unseen = [title(obj) for key, obj in waiting.items() if key not in known and _edited(obj, now) > _UNSEEN_SECONDS]
    if unseen:
        text = f"no controller has looked at {some(unseen)}"
        yield Point(TOPIC, False, text, "kubectl logs -n metacontroller statefulset/metacontroller")
    if not failed and not unseen:
        yield Point(TOPIC, True, f"none failed in the last {RECENT_SECONDS // 60} minutes")


def remedy(message: str) -> str:
    """What to do about a failed call."""
    found = (answer for texts, answer in REMEDIES if any(text in message for text in texts))
    return next(found, "docs/troubleshooting.md#syncerror-events")


def _is_ours(event: Object) -> bool:
    return str((event.get("involvedObject") or {}).get("apiVersion")).partition("/")[0] == GROUP


def _edited(obj: Object, now: datetime) -> float:
    """Seconds since an object was made or edited, by its managed fields; a status is no edit."""
    edits = [each for each in obj["metadata"].get("managedFields") or [] if not each.get("subresource")]
    times = [each["time"] for each in edits if each.get("time")]
    edited = datetime.fromisoformat(max([obj["metadata"]["creationTimestamp"], *times]))
    return (now - edited).total_seconds()
