"""What we make of an input in today's dialect, beside what operator 0.44.0 made of it on a real control plane."""

from __future__ import annotations

import json

import pytest

from hooks import go_json
from hooks.kubernetes.objects import Object
from hooks.proxy.config_maps import content_checksum
from tests.reference.cases import run_config_text
from tests.reference.differences import Children
from tests.reference_v1beta1.cases import (
    ACCESS,
    ALL,
    FAILED_HERE,
    FAILED_THERE,
    HERE,
    LIVE,
    SCALED_TO_ZERO,
    STOPPED,
    WORKLOADS,
    admitted,
    operator_children,
    our_statuses,
    ours,
    rendered,
    their_statuses,
    theirs,
    workload,
)
from tests.reference_v1beta1.differences import DIFFERENCES, NOT_OURS, OURS_ALONE, SAYS_MORE

SERVED = [case for case in ALL if case not in FAILED_HERE]
WITH_RUN_CONFIG = [case for case in ALL if case not in FAILED_THERE]


def compared(case: str) -> tuple[Children, Children]:
    """Our children and the operator's, less the listed differences."""
    sides = ours(case), theirs(case)
    for overlook in DIFFERENCES.values():
        for children in sides:
            overlook(children)
    return sides


def conditions(status: Object) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition, by type."""
    return {item["type"]: (item["status"], item["reason"]) for item in status.get("conditions", [])}


def hashes(status: Object) -> set[str]:
    """The status fields that hold a shared config's hash."""
    return {key for key in status if key.endswith(("Hash", "configHash"))}


def test_the_cases_are_those_that_the_operator_was_given() -> None:
    assert [len(ALL), len(FAILED_THERE & set(ALL)), len(FAILED_HERE & set(ALL))] == [115, 12, 13]
    assert len(LIVE) == 50
    remote_proxies = [case for case in ALL if workload(case).startswith("MCPRemoteProxy")]
    assert remote_proxies == [case for case in ALL if case.startswith("proxy-")]
    assert len(remote_proxies) == 27


@pytest.mark.parametrize("case", ALL)
def test_every_kind_and_field_of_an_input_is_served(case: str) -> None:
    objects, unknown, warnings = admitted(case)

    assert (unknown, warnings) == ({}, [])
    assert {obj["kind"] for obj in objects} >= {name.partition("/")[0] for name in their_statuses(case)}


@pytest.mark.parametrize("case", SERVED)
def test_children_are_the_operators_less_the_listed_differences(case: str) -> None:
    made_by_us, made_by_operator = compared(case)

    for name, child in made_by_operator.items():  # one by one first: a short text for what fails
        assert made_by_us.get(name) == child
    assert made_by_us.keys() == made_by_operator.keys()


@pytest.mark.parametrize("case", SERVED)
def test_runconfigs_are_the_operators_in_their_text_too(case: str) -> None:
    made_by_us, made_by_operator = compared(case)

    assert run_config_text(made_by_us, case) == run_config_text(made_by_operator, case)


REMOTE_ONLY = (
    "acts on calls of remote MCP servers only, and an MCPServer runs in the cluster: use an MCPRemoteProxy, or remove "
    "spec.externalAuthConfigRef"
)
ENTERPRISE = (
    "MCPExternalAuthConfig 'obo': spec.type: on-behalf-of (OBO) external auth type requires an enterprise build; the "
    "published proxy runner has no such type: use tokenExchange, if the identity provider knows RFC 8693"
)
CAUSES: dict[str, tuple[str, str, str]] = {
    "auth-server-audience-differs": (
        "AuthServerRefValidated",
        "AuthServerRefInvalidConfig",
        'oidcConfigRef.audience "mcp" must match resourceUrl "https://mcp.acme.test/mcp" when an embedded auth server '
        'is active; set audience to "https://mcp.acme.test/mcp" or set resourceUrl to match audience',
    ),
    "auth-server-ref-wrong-type": (
        "AuthServerRefValidated",
        "AuthServerRefInvalidType",
        "authServerRef 'tx' has type 'tokenExchange', but only embeddedAuthServer is supported: name it in "
        "spec.externalAuthConfigRef, if it is for calls of the MCP server",
    ),
    "auth-server-two-upstreams": (
        "AuthServerRefValidated",
        "MultiUpstreamNotSupported",
        "MCPServer supports only one upstream provider (found 2); use VirtualMCPServer for multi-upstream, or leave "
        "one in spec.embeddedAuthServer.upstreamProviders",
    ),
    "auth-server-without-oidc": (
        "AuthServerRefValidated",
        "AuthServerRefInvalidConfig",
        "OIDC config is required for embedded auth server: OIDCConfigRef must be set on the MCPServer "
        "(spec.oidcConfigRef)",
    ),
    **dict.fromkeys(
        ("aws-sts", "aws-sts-with-auth-server"),
        (
            "ExternalAuthConfigValidated",
            "TypeNotSupported",
            f"MCPExternalAuthConfig 'aws' of type 'awsSts' {REMOTE_ONLY}",
        ),
    ),
    "bearer-token": (
        "ExternalAuthConfigValidated",
        "TypeNotSupported",
        f"MCPExternalAuthConfig 'bt' of type 'bearerToken' {REMOTE_ONLY}",
    ),
    "external-auth-missing": (
        "ExternalAuthConfigValidated",
        "ExternalAuthConfigNotFound",
        "MCPExternalAuthConfig 'nope' not found in namespace 'c-external-auth-missing': create it, or remove "
        "spec.externalAuthConfigRef",
    ),
    "external-auth-secret-missing": (
        "ExternalAuthConfigValidated",
        "SecretNotFound",
        "MCPExternalAuthConfig 'nosec': Secret 'nosec-oauth' of namespace 'c-external-auth-secret-missing' not found: "
        "create it, or correct spec.tokenExchange.clientSecretRef.name",
    ),
    **dict.fromkeys(("obo", "proxy-obo"), ("ExternalAuthConfigValidated", "EnterpriseRequired", ENTERPRISE)),
    "proxy-remote-blocked": (
        "ConfigurationValid",
        "RemoteURLInvalid",
        "spec.remoteUrl: remote URL host is not allowed: IP address 10.0.0.7 falls within blocked range 10.0.0.0/8: "
        "use a public one",
    ),
    "oidc-ref-missing": (
        "OIDCConfigRefValidated",
        "OIDCConfigRefNotFound",
        "MCPOIDCConfig 'nope' not found in namespace 'c-oidc-ref-missing': create it, or remove spec.oidcConfigRef",
    ),
}
"""For each case that can't be served: type, reason and message of the condition that says why."""


def test_every_case_that_cannot_be_served_has_its_cause() -> None:
    assert CAUSES.keys() == FAILED_HERE


@pytest.mark.parametrize("case", sorted(FAILED_HERE))
def test_a_workload_that_cannot_be_served_has_its_accounts_and_rights_alone(case: str) -> None:
    made_by_us, made_by_operator = compared(case)

    access = {name: child for name, child in made_by_operator.items() if name[0] in ACCESS}

    assert {kind for kind, _ in made_by_us} == set(ACCESS)
    assert access in ({}, made_by_us)  # where a config is missing, the operator makes nothing at all


@pytest.mark.parametrize(
    ("case", "type_", "reason", "message"),
    [(case, *cause) for case, cause in CAUSES.items()],
    ids=CAUSES,
)
def test_a_workload_that_cannot_be_served_is_failed_with_the_cause(
    case: str, type_: str, reason: str, message: str
) -> None:
    status = our_statuses(case)[workload(case)]

    [found] = [item for item in status["conditions"] if item["type"] == type_]
    assert (status["phase"], found["status"]) == ("Failed", "False")
    assert (found["reason"], found["message"]) == (reason, message)
    assert [failure.parent for failure in rendered(case).failed if failure.parent.startswith(WORKLOADS)] == [
        workload(case).replace("/", f" c-{case}/")
    ]


@pytest.mark.parametrize("case", ALL)
def test_phase_url_and_hashes_are_the_operators(case: str) -> None:
    """Its pods ran; offline there are none, so that what it calls Ready is Pending here."""
    ours_, theirs_ = our_statuses(case)[workload(case)], their_statuses(case)[workload(case)]

    if case in FAILED_HERE:
        assert (ours_["phase"], ours_.get("url")) == ("Failed", None)
        return
    assert ours_["phase"] == ("Stopped" if case in STOPPED else "Pending")
    assert theirs_["phase"] == ("Stopped" if case in STOPPED else "Pending" if case in SCALED_TO_ZERO else "Ready")
    assert (ours_["url"], hashes(ours_)) == (theirs_["url"], hashes(theirs_))


@pytest.mark.parametrize("case", ALL)
def test_conditions_are_the_operators_wherever_both_say_the_same(case: str) -> None:
    for name, status in their_statuses(case).items():
        said, expected = conditions(our_statuses(case)[name]), conditions(status)
        expected = {type_: verdict for type_, verdict in expected.items() if type_ not in ("Ready", *NOT_OURS)}

        comparable = {type_: SAYS_MORE.get(verdict, verdict) for type_, verdict in said.items()}
        assert {type_: comparable.get(type_) for type_ in expected} == expected, name
        if case not in FAILED_THERE:  # the operator stops at the first fault, and says nothing of the rest
            assert said.keys() - expected.keys() - OURS_ALONE.keys() == set(), name


@pytest.mark.parametrize("case", ALL)
def test_shared_configs_have_a_hash_and_groups_their_members(case: str) -> None:
    for name, expected in their_statuses(case).items():
        if not name.startswith(WORKLOADS):
            status = our_statuses(case)[name]
            keys = ("phase", "servers", "serverCount", "remoteProxies", "remoteProxyCount")

            assert hashes(status) >= hashes(expected), name
            assert {key: status.get(key) for key in keys if key in expected} == {
                key: expected[key] for key in keys if key in expected
            }, name


@pytest.mark.parametrize("case", WITH_RUN_CONFIG)
def test_texts_and_checksums_are_computed_as_the_operator_computes_them(case: str) -> None:
    """Its own RunConfig comes out of our encoder unchanged, and its checksum out of our function."""
    [config_map] = [child for child in operator_children(case) if "runconfig.json" in child.get("data", {})]
    text, metadata = config_map["data"]["runconfig.json"], config_map["metadata"]

    assert go_json.indented(json.loads(text)) == text
    assert (
        content_checksum(config_map["data"], metadata["labels"])
        == (metadata["annotations"]["toolhive.stacklok.dev/content-checksum"])
    )


def test_every_listed_difference_of_conditions_is_there() -> None:
    ours_ = [conditions(status) for case in ALL for status in our_statuses(case).values()]

    assert SAYS_MORE.keys() - {verdict for status in ours_ for verdict in status.values()} == set()


def test_every_difference_is_documented() -> None:
    page = (HERE.parents[1] / "docs/differences.md").read_text()

    assert [title for title in DIFFERENCES if f"## {title}" not in page.splitlines()] == []
    assert [condition for condition in OURS_ALONE if f"`{condition}`" not in page] == []
    assert [reason for _, reason in SAYS_MORE if f"`{reason}`" not in page] == []
