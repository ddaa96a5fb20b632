"""Shared configs: no secret value gets out, and none is released while anybody refers to it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER
from hooks.kubernetes.kinds import SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import BrokenRule
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
    """ServiceAccounts that claim the config: owned, released, about to be adopted, relabelled, or made by others."""
    label = {f"toolhive.stacklok.dev/{CLAIMS[field]}": "shared"}
    servers = st.sampled_from(["a", "b", "c"])
    owner = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["MCPServer", "MCPServer", "Deployment"]),
            "apiVersion": st.sampled_from(["toolhive.stacklok.dev/v1alpha1", "toolhive.stacklok.dev/v2", "apps/v1"]),
            "name": servers,
            "controller": st.sampled_from([True, True, False, None]),
        }
    )
    noted = {LAST_APPLIED: json.dumps({"metadata": {"labels": {**label, "controller-uid": "x"}}})}
    return st.lists(
        st.builds(
            lambda name, owners, labels, annotations: made(
                SERVICE_ACCOUNT,
                name,
                metadata={
                    "labels": {**label, **labels},
                    **({"annotations": annotations} if annotations else {}),
                    **({"ownerReferences": owners} if owners is not None else {}),
                },
            ),
            st.builds("{}{}".format, servers, st.sampled_from(["-proxy-runner", "-proxy-runner", "-sa", ""])),
            st.none() | st.lists(owner, max_size=1),
            st.sampled_from([{}, {"controller-uid": "x"}, {"controller-uid": "y"}]),
            st.sampled_from([noted, {}, {LAST_APPLIED: "[]"}, {LAST_APPLIED: '{"metadata":{"labels":null}}'}]),
        ),
        max_size=3,
        unique_by=lambda account: account["metadata"]["name"],
    )


def claiming(claims: list[Object]) -> list[str]:
    """The MCPServers whose ServiceAccounts these are: one controls them, or Metacontroller noted and released them."""
    found = set()
    for account in claims:
        metadata = account["metadata"]
        controllers = [owner for owner in metadata.get("ownerReferences", []) if owner["controller"]]
        is_owned = any(o["kind"] == "MCPServer" and "stacklok" in o["apiVersion"] for o in controllers)
        is_noted = '"controller-uid"' in metadata.get("annotations", {}).get(LAST_APPLIED, "")
        is_released = not controllers and metadata["labels"].get("controller-uid") != "x" and is_noted
        server_name, is_runners, _ = metadata["name"].partition("-proxy-runner")
        found |= {server_name} if is_runners and (is_owned or is_released) else set()
    return sorted(found)


@given(st.sampled_from([external_auth("shared"), tool_config("shared")]), st.data(), JSON)
def test_a_config_names_the_servers_that_claim_it(config: Object, data: st.DataObject, status: Any) -> None:
    claims = data.draw(accounts(REFERENCES[config["kind"]]))

    answer = sync({**config, "status": status}, related=claims)

    assert answer["status"].get("referencingServers", []) == claiming(claims)


@st.composite
def neighbourhoods(draw: st.DrawFn) -> tuple[Object, list[Object], list[str]]:
    """A config that is being deleted, what there is around it, and who refers to it."""
    config = draw(st.sampled_from([external_auth("shared"), tool_config("shared")]))
    field = REFERENCES[config["kind"]]
    others = st.sampled_from([{}, {field: {"name": "other"}}, {field: None}, {field: "shared"}, {field: {}}])
    users = draw(st.sets(st.sampled_from(["c", "d", "e"])))
    idle = draw(st.sets(st.sampled_from(["f", "g"])))
    servers = [server(name, **{field: {"name": "shared"}}) for name in sorted(users)]
    servers += [server(name, **draw(others)) for name in sorted(idle)]
    going = draw(st.sets(st.sampled_from(sorted(users | idle | {"-"}))))
    servers = [deleting(obj) if obj["metadata"]["name"] in going else obj for obj in servers]
    since = draw(st.sampled_from(["2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z", "2027-01-01T00:00:00Z", "x", None]))
    blocked = {"type": "DeletionBlocked", "status": "True", "reason": "CheckingReferences", "lastTransitionTime": since}
    status = draw(JSON | st.just({"conditions": [blocked]}))
    return {**deleting(config), "status": status}, [*draw(accounts(field)), *servers], sorted(users)


@given(neighbourhoods())
def test_a_config_is_released_only_when_nobody_refers_to_it_and_never_at_once(
    neighbourhood: tuple[Object, list[Object], list[str]],
) -> None:
    config, around, users = neighbourhood

    answer = sync(config, related=around)

    assert answer["status"].get("referencingServers", []) == users
    waited = isinstance(config["status"], dict) and "T11:00" in str(config["status"])
    assert answer["finalized"] == (waited and not users)
    assert answer["finalized"] or 0 < answer["resyncAfterSeconds"] <= 60


@given(neighbourhoods(), st.booleans())
def test_a_kind_that_nobody_looked_up_is_not_taken_for_none(
    neighbourhood: tuple[Object, list[Object], list[str]], alive: bool
) -> None:
    config, around, _ = neighbourhood
    metadata = {key: value for key, value in config["metadata"].items() if not alive or key != "deletionTimestamp"}
    request = sync_request({**config, "metadata": metadata}, related=around)
    del request["related"][SERVICE_ACCOUNT.key if alive else MCP_SERVER.key]

    with pytest.raises(BrokenRule):
        call(request)
