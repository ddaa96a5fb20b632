"""What holds for every input: rules kept, nothing lost, nothing leaked, nothing that moves by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_TOOL_CONFIG
from hooks.kubernetes.objects import Object
from tests.neighbours import CANARY, CLUSTER, SECRET
from tests.strategies import JSON, specs
from tests.world import (
    BINDING,
    call,
    child_names,
    condition,
    external_auth,
    judged,
    observed,
    parent,
    server,
    settled,
    sync,
    sync_request,
    tool_config,
)

FULL = server(
    externalAuthConfigRef={"name": "tx"},
    toolConfigRef={"name": "tools"},
    oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}},
    authzConfig={"type": "inline", "inline": {"policies": ["permit(p,a,r);"]}},
)


def kept(children: Iterable[Object]) -> list[str]:
    return [f"{obj['kind']}/{obj['metadata']['name']}" for obj in children]


def seen(answer: Object, owner: Object) -> list[Object]:
    return [observed(child, owner) for child in answer["children"]]


@given(specs("MCPServer"))
def test_any_spec_gets_a_stable_answer_that_is_failed_with_a_cause_or_complete(spec: Object) -> None:
    owner = {**server(), "spec": spec}

    first = sync(owner, related=CLUSTER)
    removed = ["ConfigMap/demo-authz-inline"]
    answers = [first]
    for _ in range(4):  # Role and account, their binding, all observed, and once more
        last, before = answers[-1], {**owner, "status": answers[-1]["status"]}
        answers.append(sync(before, seen(last, owner), CLUSTER, may_delete=removed))

    assert answers[-1] == answers[-2]
    if first["status"]["phase"] == "Failed":
        causes = [c for c in first["status"]["conditions"] if c["status"] == "False" and c["type"] != "Ready"]
        assert all(c["message"] and len(c["message"]) <= 1000 for c in causes)
        assert causes
    else:
        assert {"ConfigMap/demo-runconfig", "Deployment/demo", "Service/mcp-demo-proxy"} <= set(child_names(first))


@given(st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)), specs("MCPServer") | st.just(FULL["spec"]))
def test_no_observed_child_is_ever_lost(missing: set[int], gone: set[int], spec: Object) -> None:
    """Any related objects may be missing, and the spec may be another: all that exists is in the answer."""
    _, before = settled(FULL, *CLUSTER)
    stranger = observed({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}}, FULL)
    children = [obj for number, obj in enumerate([*before, stranger]) if number not in gone]
    related = [obj for number, obj in enumerate(CLUSTER) if number not in missing]

    policies, there = "ConfigMap/demo-authz-inline", set(kept(children))
    answer = sync({**FULL, "spec": spec}, children, related, may_delete=[policies, BINDING])

    lost = there - set(child_names(answer))
    may_bind = {"Role/demo-proxy-runner", "ServiceAccount/demo-proxy-runner"} <= there
    assert (BINDING in lost) == (BINDING in there and not may_bind)
    assert lost <= {policies, BINDING}
    if answer["status"]["phase"] == "Failed":
        assert lost <= {BINDING}


@given(st.binary(max_size=8), st.sampled_from([CANARY.encode(), b""]), st.binary(max_size=8))
def test_a_secrets_value_is_used_or_said_to_be_none(before: bytes, middle: bytes, after: bytes) -> None:
    """A value that gets into an HTTP request out of an environment variable is one line of text, and not blank."""
    value = before + middle + after
    holder = {**SECRET, "data": {"client-secret": base64.b64encode(value).decode()}}

    status = sync(external_auth(), related=[holder])["status"]

    try:
        text = value.decode()
        usable = text.strip() != "" and not any(ord(character) < 32 or ord(character) == 127 for character in text)
    except UnicodeDecodeError:
        usable = False
    assert [found["status"] for found in status["conditions"]] == [str(usable), "True", str(usable)]
    assert ("credentialDigest" in status) == usable


@given(specs("MCPToolConfig"))
def test_a_tool_config_is_usable_or_says_why_not(spec: Object) -> None:
    config = judged(parent(MCP_TOOL_CONFIG, "tools", spec))

    answer = sync(server(toolConfigRef={"name": "tools"}), related=[config])

    ready = config["status"]["conditions"][0]["status"] == "True"
    assert answer["status"]["phase"] == ("Pending" if ready else "Failed")
    found = condition(answer, "ToolConfigValidated")
    assert found is not None
    assert found[0] == str(ready)


@given(JSON, JSON, st.sampled_from(["spec", "status"]))
def test_a_parent_whose_parts_are_anything_is_answered(value: Any, other: Any, part: str) -> None:
    """An upgrade, or a tenant with rights on the status, can leave anything there."""
    for owner in (FULL, external_auth(), tool_config()):
        answer = call(sync_request({**owner, "status": other, part: value}, related=[SECRET]))

        assert answer["status"]["conditions"]
