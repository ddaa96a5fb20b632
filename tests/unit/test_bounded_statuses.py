"""What a status takes from other objects: bounded, and of names that objects can have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT, SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from tests.world import (
    USES_TX,
    child,
    condition,
    deleting,
    external_auth,
    good_config,
    observed,
    secret,
    server,
    sync,
    with_metadata,
)


def using(config: str, name: str = "demo") -> Object:
    return server(name, externalAuthConfigRef={"name": config})


def account_of(owner: Object) -> Object:
    """The ServiceAccount by which a server claims its configs, as its own sync makes it."""
    return observed(child(sync(owner), SERVICE_ACCOUNT, f"{owner['metadata']['name']}-proxy-runner"), owner)


@pytest.mark.parametrize("name", ["", "A", "-a", "a..b", "a_b", "a\n", "x" * 254, "x" * 100_000, None, 7])
def test_an_owner_whose_name_no_object_can_have_is_passed_over(name: Any) -> None:
    account = account_of(using("tx", "a"))
    [owner] = account["metadata"]["ownerReferences"]
    forged = with_metadata(account, name="forged", ownerReferences=[{**owner, "name": name}])

    answer = sync(external_auth(), related=[secret(), account, forged])

    assert answer["status"]["referencingServers"] == ["a"]


@pytest.mark.parametrize("good", [True, False])
def test_a_list_of_references_that_could_not_be_stored_is_cut_and_says_so(good: bool) -> None:
    account = account_of(using("tx", "a"))
    names = [f"{number:05}-{'x' * 234}" for number in range(10_000)]
    claims = [with_metadata(account, name=f"{name}-proxy-runner") for name in names]

    answer = sync(external_auth(audience="a" if good else ""), related=[secret(), *claims])

    assert len(json.dumps(answer["status"])) < 300 * 1024
    listed = answer["status"]["referencingServers"]
    assert listed == names[: len(listed)]
    assert condition(answer, "Ready") == (
        *(("True", "Ready") if good else ("False", "AudienceMissing")),
        ("MCPExternalAuthConfig can be used" if good else "spec.tokenExchange.audience must not be empty")
        + f"; referencingServers leaves out {10_000 - len(listed)} of 10000 MCPServers, for want of room",
    )


def test_a_deletion_that_is_blocked_by_long_names_still_says_what_to_do() -> None:
    servers = [using("tx", f"{number:02}{'x' * 200}") for number in range(12)]

    message = condition(sync(deleting(external_auth()), related=[secret(), *servers]), "DeletionBlocked")

    names = ", ".join(server["metadata"]["name"] for server in servers[:3])
    assert message == (
        "True",
        "ReferencedByWorkloads",
        f"Referenced by 12 MCPServers: {names} and 9 more. Delete them or remove their spec.externalAuthConfigRef",
    )


def test_what_a_server_repeats_of_a_config_is_bounded() -> None:
    long = "x" * 500_000
    ready = {"type": "Ready", "status": "False", "reason": long, "message": long}
    bad = {**external_auth(), "status": {"observedGeneration": 1, "configHash": long, "conditions": [ready]}}

    status = sync(server(**USES_TX), related=[bad])["status"]

    assert len(json.dumps(status)) < 8 * 1024
    reasons = {each["type"]: each["reason"] for each in status["conditions"]}
    assert reasons == {"Ready": "Unknown", "Valid": "Valid", "ExternalAuthConfigValidated": "Unknown"}


def test_what_a_server_takes_from_a_good_config_is_bounded() -> None:
    config = good_config()
    config["status"] |= {"configHash": "x" * 500_000, "credentialDigest": "y" * 500_000}

    answer = sync(server(**USES_TX), related=[config])

    assert answer["status"]["externalAuthConfigHash"] == "x" * 253
    annotations = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["toolhive.stacklok.dev/credential-digest"] == "y" * 253
