"""What a status takes from other objects: bounded, and of names that objects can have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.accounts import account_of, using
from tests.world import (
    ACCESS,
    USES_TX,
    child_names,
    condition,
    deleting,
    external_auth,
    good_config,
    secret,
    server,
    sync,
    with_metadata,
)


@pytest.mark.parametrize("name", ["", "A", "-a", "a..b", "a_b", "a\n", "x" * 254, "x" * 100_000, None, 7])
def test_an_owner_whose_name_no_object_can_have_is_passed_over(name: Any) -> None:
    account = account_of(using("tx", "a"))
    [owner] = account["metadata"]["ownerReferences"]
    forged = with_metadata(account, name="forged", ownerReferences=[{**owner, "name": name}])

    answer = sync(external_auth(), related=[secret(), account, forged])

    assert answer["status"]["referencingServers"] == ["a"]


@pytest.mark.parametrize("good", [True, False])
def test_more_than_fifty_users_are_said_and_not_listed(good: bool) -> None:
    """So that the fifty-second changes nothing: each change of a config wakes all its users."""
    account = account_of(using("tx", "a"))
    claims = [with_metadata(account, name=f"s{number:02}-proxy-runner") for number in range(52)]

    fifty, more, another = (
        sync(external_auth(audience="a" if good else ""), related=[secret(), *claims[:count]]) for count in (50, 51, 52)
    )

    assert fifty["status"]["referencingServers"] == [f"s{number:02}" for number in range(50)]
    assert "referencingServers" not in more["status"]
    assert condition(more, "Ready") == (
        *(("True", "Ready") if good else ("False", "AudienceMissing")),
        ("MCPExternalAuthConfig can be used" if good else "spec.tokenExchange.audience must not be empty")
        + "; more than 50 workloads refer to it",
    )
    assert another == more


def test_a_deletion_that_is_blocked_by_long_names_still_says_what_to_do() -> None:
    servers = [using("tx", f"{number:02}{'x' * 200}") for number in range(12)]

    message = condition(sync(deleting(external_auth()), related=[secret(), *servers]), "DeletionBlocked")

    names = ", ".join(server["metadata"]["name"] for server in servers[:3])
    assert message == (
        "True",
        "ReferencedByWorkloads",
        f"Referenced by 12 MCPServers: {names} and 9 more. Delete them or remove their spec.externalAuthConfigRef",
    )


def test_a_long_verdict_on_a_config_is_not_repeated_by_its_server() -> None:
    long = "x" * 500_000
    ready = {"type": "Ready", "status": "False", "reason": long, "message": long}
    bad = {**external_auth(), "status": {"observedGeneration": 1, "configHash": long, "conditions": [ready]}}

    status = sync(server(**USES_TX), related=[bad])["status"]

    assert len(json.dumps(status)) < 8 * 1024
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    said = {"Ready": "Unknown", "Valid": "Valid", "ExternalAuthConfigValidated": "Unknown"}
    assert reasons.items() >= said.items()


def test_a_long_hash_of_a_config_is_cut_in_its_servers_status() -> None:
    config = good_config()
    config["status"]["configHash"] = "x" * 500_000

    answer = sync(server(**USES_TX), related=[config])

    assert answer["status"]["externalAuthConfigHash"] == "x" * 253


def test_a_digest_that_is_too_long_is_none() -> None:
    config = good_config()
    available = next(each for each in config["status"]["conditions"] if each["type"] == "SecretAvailable")
    available["message"] = f"; digest {'a' * 500_000}"

    answer = sync(server(**USES_TX), related=[config])

    waiting = "MCPExternalAuthConfig 'tx' not checked yet by this release of the hooks"
    assert condition(answer, "ExternalAuthConfigValidated") == ("Unknown", "ConfigNotReconciled", waiting)
    assert child_names(answer) == ACCESS
