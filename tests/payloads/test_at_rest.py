"""A request that a real Metacontroller 4.17.2 sent with our own children, in a cluster where nothing was left to do."""

import json
from datetime import UTC, datetime
from pathlib import Path

from hooks.kubernetes.objects import Object, kind_and_name
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from tests.world import call

AT_REST = Path(__file__).parent / "at_rest/mcpserver-sync.json"
BODY: Object = json.loads(AT_REST.read_text())["body"]
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def returned_before(observed: Object) -> Object:
    """A child as the hook last returned it: what Metacontroller noted, less what it puts there itself."""
    child: Object = json.loads(observed["metadata"]["annotations"][LAST_APPLIED])
    metadata = child["metadata"]
    del metadata["namespace"], metadata["labels"][CONTROLLER_UID]
    if not metadata["labels"]:
        del metadata["labels"]
    return child


def test_nothing_changes_at_rest() -> None:
    """Neither a child, which would be an update, nor the status, which would be a write and another call."""
    answer = call(BODY, now=LATER)

    observed = [child for objects in BODY["children"].values() for child in objects.values()]
    assert sorted(answer["children"], key=kind_and_name) == sorted(map(returned_before, observed), key=kind_and_name)
    assert {**answer, "children": []} == {"status": BODY["parent"]["status"], "children": []}
