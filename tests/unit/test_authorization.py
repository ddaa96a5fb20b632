"""Which calls an MCPServer admits: where the policies come from, and by which claims."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.world import authz_config, condition, config_map, judged, run_config, server, sync

POLICY = "permit(principal, action, resource);"
CLAIMS = {"groupClaimName": "groups", "roleClaimName": "roles", "groupEntityType": "Team"}
CEDAR_CLAIMS = {"group_claim_name": "groups", "role_claim_name": "roles", "group_entity_type": "Team"}


def inline(**authz: Any) -> dict[str, Any]:
    return {"authzConfig": {"type": "inline", "inline": {"policies": [POLICY]}, **authz}}


def from_config_map(**authz: Any) -> dict[str, Any]:
    return {"authzConfig": {"type": "configMap", "configMap": {"name": "authz"}, **authz}}


def document(**cedar: Any) -> dict[str, Any]:
    return {"version": "1.0", "type": "cedarv1", "cedar": {"policies": [POLICY], "entities_json": "[]", **cedar}}


def authz(spec: dict[str, Any], text: str = "") -> Any:
    """The authorization in the RunConfig of a server with this spec."""
    return run_config(sync(server(**spec), related=[config_map("authz", **{"authz.json": text})]))["authz_config"]


def test_claims_of_the_spec_map_to_cedars_entities() -> None:
    assert authz(inline()) == document()
    assert json.dumps(authz(inline(**CLAIMS))) == json.dumps(document(**CEDAR_CLAIMS))


@pytest.mark.parametrize(
    ("given", "claims", "expected"),
    [
        (document(other=1), {}, document(other=1)),
        (document(group_claim_name="g"), {"groupClaimName": "groups"}, document(group_claim_name="groups")),
        # With a claim of the spec the operator writes what it knows, in its own order.
        (document(other=1, role_claim_name="r"), CLAIMS, document(**CEDAR_CLAIMS)),
    ],
)
def test_claims_of_the_spec_win_over_a_documents(given: Any, claims: Any, expected: Any) -> None:
    assert authz(from_config_map(**claims), json.dumps(given)) == expected


@pytest.mark.parametrize("stray", [{}, {"cedar": {}}])
def test_another_kind_of_document_knows_no_claims(stray: Any) -> None:
    pdp = {"http": {"url": "https://pdp.acme.test"}, "claim_mapping": "standard"}
    given = {"version": "1.0", "type": "httpv1", "pdp": pdp, **stray}

    assert authz(from_config_map(**CLAIMS), json.dumps(given)) == given


def test_policies_by_reference_are_neither_mounted_nor_copied() -> None:
    config = judged(authz_config())

    answer = sync(server(authzConfigRef={"name": "rules"}), related=[config])

    assert run_config(answer)["authz_config"]["cedar"] == {"policies": [POLICY]}
    assert [child["metadata"]["name"] for child in answer["children"] if child["kind"] == "ConfigMap"] == [
        "demo-runconfig"
    ]
    assert answer["status"]["authzConfigHash"] == config["status"]["configHash"]


def test_a_provider_that_has_no_effect_is_said_in_release_044s_words() -> None:
    inline_with = {"policies": [POLICY], "primaryUpstreamProvider": "okta"}
    answer = sync(server(authzConfig={"type": "inline", "inline": inline_with}))

    assert condition(answer, "AuthzPrimaryUpstreamProviderIgnored") == (
        "True",
        "PrimaryUpstreamProviderIgnored",
        'spec.authzConfig.inline.primaryUpstreamProvider="okta" has no effect on MCPServer; '
        "the field only takes effect on VirtualMCPServer with an embedded auth server",
    )


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"type": "opa", "config": {"a": 1}}, "spec.type must be cedarv1 or httpv1"),
        (
            {"type": "cedarv1", "config": {"policies": []}},
            "spec.config.policies must be a list of at least one Cedar policy, each a string",
        ),
    ],
)
def test_a_config_that_only_says_that_it_is_ready_admits_no_one(spec: dict[str, Any], fault: str) -> None:
    config = {**judged(authz_config()), "spec": spec}

    answer = sync(server(authzConfigRef={"name": "rules"}), related=[config])

    message = f"MCPAuthzConfig 'rules': {fault}"
    assert condition(answer, "AuthzConfigRefValidated") == ("False", "AuthzConfigRefNotValid", message)
    assert (answer["status"]["phase"], answer["status"]["message"]) == ("Failed", message)
