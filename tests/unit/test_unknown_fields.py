"""Fields that the models don't know, kept by another CRD than ours or dropped by ours: none is left out in silence."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object
from tests.world import (
    ACCESS,
    NOT_ACTIVE,
    child_names,
    external_auth,
    good_config,
    judged,
    running,
    secret,
    server,
    stamped,
    sync,
    tool_config,
)

KNOWS = "is not a field that toolhive-hooks knows"
OIDC_REF = {"oidcConfigRefs": [{"name": "corp", "audience": "web"}]}
OIDC_FAULT = f"spec.oidcConfigRefs: {KNOWS}: perhaps oidcConfigRef is meant"
DROPPED = (
    "The manifest that was applied has fields that the API server dropped. Apply it without them; if the spec was "
    "changed since by other means, remove the annotation kubectl.kubernetes.io/last-applied-configuration. "
)


def conditions(status: str, reason: str, message: str, *types: str) -> list[Object]:
    said = {"status": status, "reason": reason, "message": message}
    times = {"observedGeneration": 1, "lastTransitionTime": "2026-11-23T12:00:00Z"}
    return [{"type": type_, **said, **times} for type_ in types]


def failed(reason: str, message: str, *types: str, **more: str) -> Object:
    found = conditions("False", reason, message, "Ready", *(types or ("Valid",)))
    return {"phase": "Failed", "message": message, **more, "observedGeneration": 1, "conditions": found}


def told(answer: Object) -> Object:
    """The status less the conditions about what the spec asks for."""
    return {**answer["status"], "conditions": answer["status"]["conditions"][:2]}


def applied(obj: Object, **spec: Any) -> Object:
    """The object as `kubectl apply` leaves it: the annotation has the manifest, the spec what our CRD knows of it."""
    written = {key: obj[key] for key in ("apiVersion", "kind")}
    written["metadata"] = {"name": obj["metadata"]["name"], "namespace": obj["metadata"]["namespace"]}
    return noted(obj, json.dumps({**written, "spec": {**obj["spec"], **spec}}) + "\n")


def noted(obj: Object, text: str) -> Object:
    obj = copy.deepcopy(obj)
    obj["metadata"].setdefault("annotations", {})[KUBECTL_LAST_APPLIED] = text
    return obj


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (OIDC_REF, OIDC_FAULT),
        ({"quotaRef": {}}, f"spec.quotaRef: {KNOWS}: remove it, or correct its name"),
        (
            {"oidcConfig": {"type": "inline", "inline": {"issuer": "https://idp", "caBundleRef": {}}}},
            f"spec.oidcConfig.inline.caBundleRef: {KNOWS}: remove it, or correct its name",
        ),
        (
            {"env": [{"name": "A", "value": "b"}, {"name": "B", "value": "", "valueFrom": {"x": "s3cr3t"}}]},
            f"spec.env[1].valueFrom: {KNOWS}: remove it, or correct its name",
        ),
        (
            {"resourceOverrides": {"proxyService": {"label's": {}}}},
            f"""spec.resourceOverrides.proxyService["label's"]: {KNOWS}: perhaps labels is meant""",
        ),
        ({"x" * 300: 1}, f"spec['{'x' * 59}…']: {KNOWS}: remove it, or correct its name"),
    ],
)
def test_a_new_server_with_such_a_field_gets_no_proxy(spec: Object, fault: str) -> None:
    answer = sync(server(**spec))

    assert told(answer) == failed("SpecInvalid", fault)
    assert child_names(answer) == ACCESS
    assert 0 < answer["resyncAfterSeconds"] <= 60


def test_a_server_that_gets_one_is_held_as_it_is() -> None:
    before = running(server())

    answer = sync(server(**OIDC_REF), before)

    url = "http://mcp-demo-proxy.team-a.svc.cluster.local:8080"  # the path is the status's, and there is none yet
    assert told(answer) == failed("SpecInvalid", OIDC_FAULT, url=url)
    assert answer["children"] == sync(server(), before)["children"]


@pytest.mark.parametrize(
    ("config", "field", "fault"),
    [
        (external_auth(cacheTtl="x"), "externalAuthConfigRef", "spec.tokenExchange.cacheTtl"),
        (tool_config(toolsOverride={"name": {"name": "a", "icons": {}}}), "toolConfigRef",
         "spec.toolsOverride.name.icons"),
    ],
)  # fmt: skip
def test_a_config_with_such_a_field_is_not_valid_and_holds_its_servers(config: Object, field: str, fault: str) -> None:
    good = judged(external_auth() if field == "externalAuthConfigRef" else tool_config(), secret())
    uses = server(**{field: {"name": config["metadata"]["name"]}})
    before = running(uses, good)

    bad = judged(config, secret())
    answer = sync(uses, before, [bad])

    message = f"{fault}: {KNOWS}: remove it, or correct its name"
    assert bad["status"]["conditions"] == conditions("False", "SpecInvalid", message, "Ready", "Valid")
    assert (answer["status"]["phase"], answer["status"]["message"]) == (
        "Failed",
        f"{config['kind']} '{config['metadata']['name']}': {message}",
    )
    assert answer["children"] == sync(uses, before, [good])["children"]


def test_a_config_that_an_earlier_version_let_pass_holds_its_servers_too() -> None:
    """Its verdict is about this generation, and good: the server looks for itself."""
    uses = server(externalAuthConfigRef={"name": "tx"})
    before = running(uses, good_config())

    answer = sync(uses, before, [{**external_auth(scope="a"), "status": good_config()["status"]}])

    fault = f"spec.tokenExchange.scope: {KNOWS}: perhaps scopes is meant"
    assert answer["status"]["message"] == f"MCPExternalAuthConfig 'tx': {fault}"
    assert answer["children"] == sync(uses, before, [good_config()])["children"]


@pytest.mark.parametrize("value", [None, [], {}, "", 0, False])
def test_null_asks_for_nothing_and_all_else_is_a_field(value: object) -> None:
    """The API server keeps a null where the schema isn't looked at; whether empty means nothing is not ours to say."""
    assert sync(server(quotaRef=value))["status"]["phase"] == ("Pending" if value is None else "Failed")


class TestDropped:
    """What the manifest in kubectl's annotation has and the stored spec can't have."""

    @pytest.mark.parametrize(
        ("spec", "stored", "fault"),
        [
            (OIDC_REF, {}, OIDC_FAULT),
            (
                {"oidcConfig": {"type": "inline", "inline": {"issuer": "https://idp", "clientSecretRef": {}}}},
                {"oidcConfig": {"type": "inline", "inline": {"issuer": "https://idp"}}},
                f"spec.oidcConfig.inline.clientSecretRef: {KNOWS}: perhaps clientSecret is meant",
            ),
            (
                {"env": [{"name": "A", "value": ""}, {"name": "B", "value": "", "valueFrom": {}}]},
                {"env": [{"name": "B", "value": "other"}]},
                f"spec.env[1].valueFrom: {KNOWS}: remove it, or correct its name",
            ),
        ],
    )
    def test_a_dropped_field_is_said_and_the_server_held(self, spec: Object, stored: Object, fault: str) -> None:
        before = running(server())

        answer = sync(applied(server(**stored), **spec), before)

        assert answer["status"]["conditions"][:2] == conditions(
            "False", "FieldPruned", f"{DROPPED}{fault}", "Ready", "Valid"
        )
        assert answer["status"]["phase"] == "Failed"
        assert answer["children"] == sync(server(), before)["children"]
        assert 0 < answer["resyncAfterSeconds"] <= 60

    def test_a_dropped_field_of_a_config_makes_it_not_valid(self) -> None:
        config = judged(applied(tool_config(), toolsFiltre=["a"]))

        message = f"{DROPPED}spec.toolsFiltre: {KNOWS}: perhaps toolsFilter is meant"
        assert config["status"]["conditions"] == conditions("False", "FieldPruned", message, "Ready", "Valid")
        answer = sync(server(toolConfigRef={"name": "tools"}), related=[config])
        message = f"MCPToolConfig 'tools': {message}"
        assert answer["status"]["conditions"] == [
            *conditions("False", "FieldPruned", message, "Ready"),
            *conditions("True", "Valid", "The spec is valid", "Valid"),
            *conditions("True", "Restricted", "The spec asks for a filter of tools", "AccessRestricted"),
            *conditions("False", "FieldPruned", message, "ToolConfigValidated"),
            *stamped(*NOT_ACTIVE),
        ]

    @pytest.mark.parametrize(
        ("spec", "stored"),
        [
            ({"oidcConfig": {"type": "kubernetes"}}, {}),
            ({"port": 9000, "tools": ["a"]}, {"port": 9001}),
            ({"quotaRef": None, "audit": None}, {}),
            ({"oidcConfig": {"inline": {"caBundleRef": {}}}}, {}),
            ({"oidcConfig": {"inline": {"caBundleRef": {}}}}, {"oidcConfig": {"type": "kubernetes"}}),
            ({"env": [{"name": "A", "value": "", "valueFrom": {}}]}, {"env": [{"name": "B", "value": ""}]}),
            ({"podTemplateSpec": {"spec": {"anything": 1}}}, {}),
            ({"port": "9000", "env": {}, "volumes": [1]}, {}),
        ],
        ids=[
            "a known field that was taken out by another client",
            "and one that was changed",
            "nulls",
            "what it stood in was taken out",
            "or replaced",
            "so was the item of a list",
            "podTemplateSpec has fields of its own",
            "values that are stored in no spec",
        ],
    )
    def test_a_field_that_another_client_changed_since_is_not_dropped(self, spec: Object, stored: Object) -> None:
        assert sync(applied(server(**stored), **spec)) == sync(server(**stored))

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "",
                "{",
                "null",
                "[]",
                "1",
                '"spec"',
                "{}",
                '{"spec": 1}',
                '{"spec": []}',
                '{"spec": null}',
                "[" * 10_000,
            ),
            '{"spec": {"a": NaN}}',
            '{"metadata": {"name": "other"}, "spec": {"oidcConfigRefs": {}}}',
            '{"metadata": {"name": {}}, "spec": {"oidcConfigRefs": {}}}',
        ],
    )
    def test_an_annotation_that_is_no_manifest_of_this_object_tells_nothing(self, text: str) -> None:
        """A tenant can write anything there; a copy under another name has the manifest of the first."""
        assert sync(noted(server(), text)) == sync(server())

    def test_a_dropped_field_is_told_by_an_annotation_without_metadata(self) -> None:
        answer = sync(noted(server(), '{"metadata": 1, "spec": {"oidcConfigRefs": {}}}'))

        assert told(answer) == failed("FieldPruned", f"{DROPPED}{OIDC_FAULT}")
