"""Shared configs: no secret value gets out, and none is released while a workload refers to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_GROUP, MCP_SERVER
from hooks.kubernetes.kinds import SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import BrokenRule
from hooks.references.table import references_of
from tests.strategies import JSON, specs
from tests.world import (
    CONFIG,
    call,
    config_map,
    deleting,
    external_auth,
    judged,
    made,
    oidc_config,
    parent,
    secret,
    server,
    sync,
    sync_request,
    tool_config,
    webhook_config,
)

KEYED = replace(CONFIG, digest_key=b"the installation's key")
ROWS = {row.field: row for row in references_of(MCP_SERVER) if row.config != MCP_GROUP}
REFERENCES = {
    "MCPExternalAuthConfig": "externalAuthConfigRef",
    "MCPToolConfig": "toolConfigRef",
    "MCPOIDCConfig": "oidcConfigRef",
    "MCPWebhookConfig": "webhookConfigRef",
}
SHARED = st.sampled_from(
    [external_auth("shared"), tool_config("shared"), oidc_config("shared"), webhook_config("shared")]
)
CLAIMS = {field: row.claim for field, row in ROWS.items()}
HOLDS_NAMES = ("tx", "tools", "oidc", "authz", "profiles")


@given(
    st.data(),
    st.sampled_from(sorted({row.config.kind for row in ROWS.values()})),
    st.binary(min_size=1, max_size=40),
    st.booleans(),
    st.booleans(),
    st.sampled_from([CONFIG, KEYED]),
    JSON,
)
def test_no_answer_holds_a_secret(  # noqa: PLR0917  # what is drawn
    data: st.DataObject, kind: str, value: bytes, encoded: bool, goes: bool, config: Any, status: Any
) -> None:
    """`call` looks for the value in the answer: plain, encoded, and hashed."""
    row = next(row for row in ROWS.values() if row.config.kind == kind)
    owner = parent(row.config, "tx", data.draw(specs(kind)))
    canary = b"canary/" + value
    text = base64.b64encode(canary).decode() if encoded else canary.decode(errors="replace")
    holders = [
        {**secret(name), "data": dict.fromkeys({*keys_in(owner["spec"]), "other"}, text)}
        for name in sorted({*names_in(owner["spec"]), *HOLDS_NAMES})
    ]

    sync({**(deleting(owner) if goes else owner), "status": status}, related=holders, config=config)


def names_in(value: Any, field: str = "name") -> Iterator[str]:
    """Every text of a spec that stands in a field of this name."""
    if isinstance(value, dict):
        found = value.get(field)
        if isinstance(found, str) and found:
            yield found
        for inner in value.values():
            yield from names_in(inner, field)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner, field)


def keys_in(value: Any) -> Iterator[str]:
    return names_in(value, "key")


@given(st.data(), st.sampled_from(sorted(ROWS)), st.booleans())
def test_a_server_with_any_config_that_the_schema_admits_is_failed_or_has_a_proxy(
    data: st.DataObject, field: str, with_content: bool
) -> None:
    row = ROWS[field]
    spec = data.draw(specs(row.config.kind))
    content = [
        {**holder, "data": dict.fromkeys({*keys_in(spec), "ca.crt"}, text)}
        for name in sorted({*names_in(spec)})
        for holder, text in ((secret(name), "czNjcjN0"), (config_map(name), "s3cr3t"))
    ]
    config = judged(parent(row.config, "shared", spec), *(content if with_content else []))
    more = {"audience": "https://mcp.acme.test"} if field == "oidcConfigRef" else {}
    more |= {"kind": "MCPExternalAuthConfig"} if field == "authServerRef" else {}

    answer = sync(server(**{field: {"name": "shared", **more}}), related=[config])

    condition = next(each for each in answer["status"]["conditions"] if each["type"] == row.condition)
    has_proxy = any(child["kind"] == "Deployment" for child in answer["children"])
    assert has_proxy == (answer["status"]["phase"] != "Failed")
    assert has_proxy or "shared" in condition["message"]


def accounts(field: str) -> st.SearchStrategy[list[Object]]:
    """ServiceAccounts that claim the config: owned, released, about to be adopted, relabelled, or made by others."""
    label = {CLAIMS[field]: "shared"}
    servers = st.sampled_from(["a", "b", "c"])
    owner = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["MCPServer", "MCPServer", "Deployment"]),
            "apiVersion": st.sampled_from(
                ["toolhive.stacklok.dev/v1alpha1", "toolhive.stacklok.dev/v1beta1", "apps/v1"]
            ),
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


@given(SHARED, st.data(), JSON)
def test_a_config_names_the_servers_that_claim_it(config: Object, data: st.DataObject, status: Any) -> None:
    claims = data.draw(accounts(REFERENCES[config["kind"]]))

    answer = sync({**config, "status": status}, related=claims)

    assert answer["status"].get("referencingServers", []) == claiming(claims)


@st.composite
def neighbourhoods(draw: st.DrawFn) -> tuple[Object, list[Object], list[str]]:
    """A config that is being deleted, what there is around it, and who refers to it."""
    config = draw(SHARED)
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
def test_a_config_is_released_only_when_no_workload_refers_to_it_and_never_at_once(
    neighbourhood: tuple[Object, list[Object], list[str]],
) -> None:
    config, around, users = neighbourhood

    answer = sync(config, related=around)

    assert answer["status"].get("referencingServers", []) == users
    waited = isinstance(config["status"], dict) and "T11:00" in str(config["status"])
    assert answer["finalized"] == (waited and not users)
    assert answer["finalized"] or 0 < answer["resyncAfterSeconds"] <= 60


@given(neighbourhoods(), st.booleans())
def test_a_kind_that_was_not_looked_up_is_not_taken_for_none(
    neighbourhood: tuple[Object, list[Object], list[str]], alive: bool
) -> None:
    config, around, _ = neighbourhood
    metadata = {key: value for key, value in config["metadata"].items() if not alive or key != "deletionTimestamp"}
    request = sync_request({**config, "metadata": metadata}, related=around)
    del request["related"][SERVICE_ACCOUNT.key if alive else MCP_SERVER.key]

    with pytest.raises(BrokenRule):
        call(request)
