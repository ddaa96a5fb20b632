"""A CRD of another release, put over ours, hides what protects a server: it must not be opened by that."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from hooks.metacontroller.requests import BrokenRule
from tests.world import condition, run_config, running, server, settled, sync, with_metadata

OIDC = {"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "demo"}}
AUTHZ = {"type": "inline", "inline": {"policies": ["permit (principal, action, resource);"]}}
PROTECTED = {"oidcConfig": OIDC, "authzConfig": AUTHZ, "tools": ["search"]}


def stored(**spec: Any) -> tuple[Object, list[Object]]:
    """A server that was served, with its status and its children."""
    owner = server(**spec)
    answer, children = settled(owner)
    return {**owner, "status": answer["status"]}, children


def hidden(owner: Object, *fields: str) -> Object:
    """The same object as a CRD shows it that doesn't know some fields: nothing else changes."""
    return {**owner, "spec": {key: value for key, value in owner["spec"].items() if key not in fields}}


def edited(owner: Object, *fields: str, **spec: Any) -> Object:
    """The same object once its author took fields out."""
    without = hidden(owner, *fields)
    return with_metadata({**without, "spec": {**without["spec"], **spec}}, generation=2)


def refusal(owner: Object, children: list[Object]) -> str:
    """Why a sync gets no answer: nothing is changed then."""
    with pytest.raises(BrokenRule) as caught:
        sync(owner, children)
    return str(caught.value)


def lost(field: str) -> str:
    return (
        f"lost spec.{field} though no author removed it. The CRD mcpservers.toolhive.stacklok.dev was replaced by one "
        "that hides fields: apply that of toolhive-hooks again, then the manifest"
    )


@pytest.mark.parametrize(
    ("field", "what"),
    [("oidcConfig", "authentication"), ("authzConfig", "authorization"), ("tools", "a filter of tools")],
)
def test_a_protection_that_is_lost_without_a_new_generation_is_refused(field: str, what: str) -> None:
    owner, children = stored(**PROTECTED)

    assert refusal(hidden(owner, field), children) == f"the proxy has {what}, and the spec {lost(field)}"


def written_by(owner: Object, *fields: str, manager: str = "helm") -> Object:
    """The same object with managedFields that name these fields of its spec."""
    names: Object = {f"f:{field}": {} for field in fields}
    status: Object = {"manager": "metacontroller", "subresource": "status", "fieldsV1": {"f:status": {}}}
    return with_metadata(owner, managedFields=[{"manager": manager, "fieldsV1": {"f:spec": names}}, status])


@pytest.mark.parametrize(("field", "what"), [("oidcConfig", "authentication"), ("tools", "a filter of tools")])
def test_a_lost_field_that_managed_fields_name_is_refused_after_an_edit_too(field: str, what: str) -> None:
    owner, children = stored(**PROTECTED)
    owner = written_by(edited(owner, field, image="other"), "image", *PROTECTED)

    assert refusal(owner, children) == f"the proxy has {what}, and the spec {lost(field)}"


def test_managed_fields_that_name_one_field_alone_dont_open_another() -> None:
    """A server may have had an empty list of tools; its managedFields may be a part of what was written."""
    owner, children = stored(oidcConfig=OIDC)

    refused = refusal(written_by(hidden(owner, "oidcConfig"), "tools"), children)

    assert refused == f"the proxy has authentication, and the spec {lost('oidcConfig')}"


def test_a_reference_in_the_place_of_a_field_that_managed_fields_name_counts() -> None:
    owner, children = stored(**PROTECTED)
    owner = written_by(edited(owner, "oidcConfig", oidcConfigRef={"name": "idp", "audience": "a"}), *PROTECTED)

    answer = sync(owner, children)

    assert (answer["status"]["phase"], "oidc_config" in run_config(answer)) == ("Failed", True), "no such config: held"


@pytest.mark.parametrize("spoiled", [[], ["{"]])
def test_without_a_runconfig_no_open_proxy_is_made(spoiled: list[str]) -> None:
    """The hooks may come after the CRD that hides the field, or somebody deletes the RunConfig meanwhile."""
    owner, children = stored(oidcConfig=OIDC)
    for child in children:
        if child["metadata"]["name"] == "demo-runconfig":
            child["data"] = {"runconfig.json": "".join(spoiled)}
    left = [child for child in children if spoiled or child["metadata"]["name"] != "demo-runconfig"]
    bare = edited(written_by(owner, "oidcConfig"), "oidcConfig", image="other")

    message = f"the server was written with authentication, and the spec {lost('oidcConfig')}"
    assert [refusal(bare, observed) for observed in ([], left)] == [message, message]


def test_a_proxy_that_never_had_a_protection_is_not_refused_for_it() -> None:
    owner, children = stored()

    assert sync(written_by(owner, *PROTECTED), children)["status"] == owner["status"]


def test_a_protection_that_an_author_takes_out_is_removed() -> None:
    owner, children = stored(**PROTECTED)

    answer = sync(edited(owner, *PROTECTED), children, may_delete=["ConfigMap/demo-authz-inline"])

    assert run_config(answer).keys().isdisjoint(["oidc_config", "authz_config", "tools_filter"])
    message = "The spec asks for no authentication, no authorization and no filter of tools"
    assert condition(answer, "AccessRestricted") == ("False", "Open", message)


def test_an_edit_that_waits_for_something_else_is_no_hidden_field() -> None:
    """The proxy keeps its authentication while the new spec can't be carried out, and lets go of it afterwards."""
    owner, children = stored(**PROTECTED)
    broken = edited(owner, "oidcConfig", toolConfigRef={"name": "nope"})
    held = sync(broken, children)

    assert (held["status"]["phase"], "oidc_config" in run_config(held)) == ("Failed", True)
    assert sync({**broken, "status": held["status"]}, children)["status"]["phase"] == "Failed"


def test_a_status_of_an_earlier_release_says_nothing_about_access() -> None:
    owner, children = stored(**PROTECTED)
    conditions = [each for each in owner["status"]["conditions"] if each["type"] != "AccessRestricted"]
    earlier = {**owner, "status": {**owner["status"], "conditions": conditions}}

    assert sync(earlier, children)["status"] == owner["status"]
    refused = refusal(hidden(earlier, "oidcConfig"), children)
    assert refused == f"the proxy has authentication, and the spec {lost('oidcConfig')}"


def test_the_condition_says_what_the_spec_asks_for() -> None:
    words = "The spec asks for authentication, authorization, a filter of tools"
    reason = "Restricted"

    assert condition(sync(server(**PROTECTED)), "AccessRestricted") == ("True", reason, words)
    assert condition(sync(server(**PROTECTED, port="x")), "AccessRestricted") == ("True", reason, words)


def test_a_spoiled_runconfig_of_an_open_server_is_not_refused() -> None:
    children = running(server())
    [config_map] = [child for child in children if child["metadata"]["name"] == "demo-runconfig"]
    config_map["data"] = {"runconfig.json": "{"}

    assert sync({**server(), "status": {"observedGeneration": 1}}, children)["status"]["phase"] == "Pending"
