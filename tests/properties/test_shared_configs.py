"""Shared configs: no secret value gets out, and none is released while anybody refers to it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.controllers.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER, SERVICE_ACCOUNT
from hooks.protocol import BrokenRule, Object
from tests.strategies import JSON, specs
from tests.world import (
    CONFIG,
    call,
    deleting,
    external_auth,
    made,
    parent,
    secret,
    server,
    sync,
    sync_request,
    tool_config,
)

KEYED = replace(CONFIG, digest_key=b"the installation's key")
REFERENCES = {"MCPExternalAuthConfig": "externalAuthConfigRef", "MCPToolConfig": "toolConfigRef"}
CLAIMS = {"externalAuthConfigRef": "external-auth-config", "toolConfigRef": "tool-config"}


@given(
    specs("MCPExternalAuthConfig"),
    st.binary(min_size=1, max_size=40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([CONFIG, KEYED]),
    JSON,
)
def test_no_answer_holds_a_secret(  # noqa: PLR0917  # what is drawn
    spec: Object, value: bytes, encoded: bool, goes: bool, config: Any, status: Any
) -> None:
    """`call` looks for the value in the answer: plain, encoded, and hashed."""
    owner = parent(MCP_EXTERNAL_AUTH_CONFIG, "tx", spec)
    canary = b"canary/" + value
    text = base64.b64encode(canary).decode() if encoded else canary.decode(errors="replace")
    blocks = [block for block in spec.values() if isinstance(block, dict)]
    references = [ref for block in blocks for ref in block.values() if isinstance(ref, dict)]
    holders = [
        {**secret(ref.get("name") or "x"), "data": dict.fromkeys([ref.get("key") or "x", "other"], text)}
        for ref in references
    ]

    sync({**(deleting(owner) if goes else owner), "status": status}, related=holders, config=config)


def accounts(field: str) -> st.SearchStrategy[list[Object]]:
    """ServiceAccounts that claim the config, as Metacontroller may see them: owned, not yet owned, or by others."""
    owner = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["MCPServer", "Deployment"]),
            "apiVersion": st.sampled_from(["toolhive.stacklok.dev/v1alpha1", "apps/v1"]),
            "name": st.sampled_from(["a", "b", "c"]),
        },
        optional={"controller": st.booleans()},
    )
    return st.lists(
        st.builds(
            lambda name, owners: made(
                SERVICE_ACCOUNT,
                f"{name}-proxy-runner",
                metadata={
                    "labels": {f"toolhive.stacklok.dev/{CLAIMS[field]}": "shared"},
                    **({"ownerReferences": owners} if owners is not None else {}),
                },
            ),
            st.sampled_from(["a", "b", "c"]),
            st.none() | st.lists(owner, max_size=2),
        ),
        max_size=3,
        unique_by=lambda account: account["metadata"]["name"],
    )


@st.composite
def neighbourhoods(draw: st.DrawFn) -> tuple[Object, list[Object], set[str]]:
    """A config that is being deleted, what there is around it, and who refers to it."""
    config = draw(st.sampled_from([external_auth("shared"), tool_config("shared")]))
    field = REFERENCES[config["kind"]]
    claims = draw(accounts(field))
    others = st.sampled_from([{}, {field: {"name": "other"}}, {field: None}, {field: "shared"}, {field: {}}])
    users = draw(st.sets(st.sampled_from(["c", "d", "e"])))
    idle = draw(st.sets(st.sampled_from(["f", "g"])))
    servers = [server(name, **{field: {"name": "shared"}}) for name in sorted(users)]
    servers += [server(name, **draw(others)) for name in sorted(idle)]
    going = draw(st.sets(st.sampled_from(sorted(users | idle | {"-"}))))
    servers = [deleting(obj) if obj["metadata"]["name"] in going else obj for obj in servers]
    claimants = {
        owner["name"]
        for account in claims
        for owner in account["metadata"].get("ownerReferences", [])
        if owner.get("controller") and owner["kind"] == "MCPServer" and "stacklok" in owner["apiVersion"]
    }
    since = draw(st.sampled_from(["2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z", "2027-01-01T00:00:00Z", "x", None]))
    blocked = {"type": "DeletionBlocked", "status": "True", "reason": "CheckingReferences", "lastTransitionTime": since}
    status = draw(JSON | st.just({"conditions": [blocked]}))
    return {**deleting(config), "status": status}, [*claims, *servers], users | claimants


@given(neighbourhoods())
def test_a_config_is_released_only_when_nobody_refers_to_it_and_never_at_once(
    neighbourhood: tuple[Object, list[Object], set[str]],
) -> None:
    config, around, users = neighbourhood

    answer = sync(config, related=around)

    assert answer["status"].get("referencingServers", []) == sorted(users)
    waited = isinstance(config["status"], dict) and "T11:00" in str(config["status"])
    assert answer["finalized"] == (waited and not users)
    assert answer["finalized"] or 0 < answer["resyncAfterSeconds"] <= 60


@pytest.mark.parametrize("kind", [MCP_SERVER, SERVICE_ACCOUNT], ids=lambda kind: kind.kind)
@given(neighbourhoods())
def test_a_kind_that_nobody_looked_up_is_not_taken_for_none(
    kind: Any, neighbourhood: tuple[Object, list[Object], set[str]]
) -> None:
    config, around, _ = neighbourhood
    request = sync_request(config, related=around)
    del request["related"][kind.key]

    with pytest.raises(BrokenRule):
        call(request)
