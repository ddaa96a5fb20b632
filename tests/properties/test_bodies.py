"""Any bytes get an answer that keeps the rules, or a refusal that is short and quotes nothing."""

from __future__ import annotations

import copy
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks import webhook
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import HOOKS, Hook
from hooks.metacontroller.requests import BrokenRule, Malformed
from tests.neighbours import CANARY, CLUSTER, SECRET
from tests.rules import check_customize, check_sync
from tests.strategies import JSON
from tests.world import (
    BY_KIND,
    CONFIG,
    NOW,
    deleting,
    external_auth,
    running,
    server,
    sync_request,
    tool_config,
    written,
)

FULL = server(
    externalAuthConfigRef={"name": "tx"},
    toolConfigRef={"name": "tools"},
    oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}},
    args=[CANARY],
)
CHILDREN = running(FULL, *CLUSTER)
REQUESTS = [
    sync_request(FULL, CHILDREN, CLUSTER),
    sync_request(deleting(FULL), CHILDREN, CLUSTER),
    sync_request(external_auth(), related=[SECRET]),
    sync_request(deleting(external_auth()), related=[SECRET, FULL]),
    sync_request(tool_config()),
]


def answer(kind: str, hook: Hook, body: bytes) -> Object | None:
    """The answer, or None for a refusal."""
    try:
        return dict(json.loads(webhook.answer(BY_KIND[kind], hook, body, CONFIG, NOW)))
    except (Malformed, BrokenRule) as refusal:
        text = str(refusal)
    assert len(text) < 300
    assert CANARY not in text
    return None


TOKENS = (
    *(b"NaN", b"-Infinity", b"1e999", b"-", b"0" * 30, b"9" * 5_000, b"1" * 400 + b".0", b"null", b"{}", b"[", b"]"),
    *(b'"', b"\\", b'"\\ud800"', b'"\\udc00\\ud800"', b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x00", b"[" * 300),
    *(b'{"a":' * 300, b',"parent":{}', b'"children":{},', b'"spec":{},', b"/**/", b"\xe2\x80\xa8"),
)


@st.composite
def broken_bodies(draw: st.DrawFn) -> tuple[str, Hook, bytes]:
    """A good request in which something was cut off, put in, or written over."""
    request = draw(st.sampled_from(REQUESTS))
    body = written(request)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        how = draw(st.sampled_from(["cut", "insert", "overwrite", "repeat"]))
        token = draw(st.sampled_from(TOKENS) | st.binary(max_size=4))
        if how == "cut":
            body = body[:at]
        elif how == "repeat":
            body = body[:at] + body[max(at - 40, 0) :]
        else:
            body = body[:at] + token + body[at + (len(token) if how == "overwrite" else 0) :]
    return request["parent"]["kind"], draw(st.sampled_from(HOOKS)), body


def faults(kind: str, request: Object, answered: Object) -> list[str]:
    """What is wrong with an answer to a request of this kind, whichever hook gave it."""
    installed = {**request, "controller": composite_controller(BY_KIND[kind])}
    if "relatedResources" in answered:
        return check_customize(installed, answered)
    return check_sync(installed, answered, may_delete=["ConfigMap/demo-authz-inline"])


@given(broken_bodies())
def test_a_broken_body_is_refused_or_gets_an_answer_that_keeps_the_rules(broken: tuple[str, Hook, bytes]) -> None:
    """A body that is broken in a text of a child, say, is a request still."""
    kind, hook, body = broken

    got = answer(kind, hook, body)

    assert got is None or faults(kind, json.loads(body), got) == []


@given(st.sampled_from(sorted(BY_KIND)), st.sampled_from(HOOKS), st.binary(max_size=50) | st.builds(json.dumps, JSON))
def test_a_body_that_is_no_request_is_refused(kind: str, hook: Hook, body: bytes | str) -> None:
    assert answer(kind, hook, body.encode() if isinstance(body, str) else body) is None


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value in this one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, inner in items for place in places(inner, (*at, key)))]


def is_open(place: tuple[Any, ...]) -> bool:
    """Whether anything may be there: not inside objects where the API server itself sees to the types."""
    if place[0] not in ("children", "related") or len(place) < 4:
        return True
    return "toolhive" in place[1] and place[3] in ("spec", "status")


PLACES = [[place for place in places(request)[1:] if is_open(place)] for request in REQUESTS]
ODD = JSON | st.sampled_from([10**400, -(10**18), 2**63, 1.5, "x" * 70, "\u2028<&>", "\x00", "2026-11-23T12:00:00Z"])


@st.composite
def odd_requests(draw: st.DrawFn) -> Object:
    """A good request in which some values are anything, or gone."""
    number = draw(st.integers(0, len(REQUESTS) - 1))
    request = copy.deepcopy(REQUESTS[number])
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(PLACES[number]))
        holder: Any = request
        for step in way:
            holder = holder[step] if _has(holder, step) else None
        if _has(holder, last):
            if draw(st.booleans()):
                holder[last] = draw(ODD)
            else:
                del holder[last]
    return request


def _has(holder: Any, step: Any) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(holder)


@given(odd_requests(), st.sampled_from([None, "customize"]))
def test_a_request_with_odd_values_is_refused_or_gets_an_answer_that_keeps_the_rules(
    request: Object, hook: Hook | None
) -> None:
    parent = request.get("parent")
    kind = parent.get("kind") if isinstance(parent, dict) else None
    known = kind if isinstance(kind, str) and kind in BY_KIND else "MCPServer"

    got = answer(known, hook or ("finalize" if request.get("finalizing") else "sync"), written(request))

    assert got is None or faults(known, request, got) == []


M = 1 << 20
BIG = {
    "a string that never ends": b'{"parent":"' + b"x" * (8 * M),
    "quotes and backslashes": b'"\\' * (4 * M),
    "deep, then quotes and backslashes": b"[" * 300 + b'"\\' * (4 * M),
    "deep, then a string that never ends": b"[" * 300 + b'"' + b"x" * (8 * M),
    "deep": b"[" * (8 * M),
    "deep objects": b'{"a":' * M,
    "a huge integer": b'{"a":' + b"9" * (8 * M) + b"}",
    "a huge fraction": b'{"a":0.' + b"9" * (8 * M) + b"}",
    "one key, over and over": b'{"a":0' + b',"a":0' * M + b"}",
    "blanks": b" " * (8 * M),
    "zeros": b"\x00" * (8 * M),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("body", BIG.values(), ids=BIG)
def test_a_big_bad_body_costs_a_bounded_multiple_of_its_size(body: bytes) -> None:
    tracemalloc.start()
    try:
        assert answer("MCPServer", "sync", body) is None
        assert tracemalloc.get_traced_memory()[1] < 16 * len(body)
    finally:
        tracemalloc.stop()
