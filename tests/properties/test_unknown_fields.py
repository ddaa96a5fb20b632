"""A field that no model knows, anywhere where models know all: never left out in silence, and nothing is lost by it."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object
from tests.neighbours import CLUSTER, KEY, SECRET
from tests.strategies import JSON, SCHEMAS, closed_objects, good_specs
from tests.world import (
    child_names,
    condition,
    config_map,
    external_auth,
    judged,
    observed,
    oidc_config,
    server,
    sync,
    telemetry_config,
    tool_config,
    webhook_config,
    with_metadata,
)

NAMES = st.sampled_from(
    ["oidcConfigRef", "authzConfigRef", "proxyPort", "mcpPort", "Image", "valueFrom", "a b", "", "é"]
)
NAMES |= st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=8)
VALUES = JSON.filter(lambda value: value is not None)
CA = config_map("ca", **{"ca.crt": "-----BEGIN CERTIFICATE-----"})
CONFIGS: dict[str, tuple[Object, Object]] = {
    "MCPExternalAuthConfig": (external_auth(), {"externalAuthConfigRef": {"name": "tx"}}),
    "MCPToolConfig": (
        tool_config(toolsFilter=["a"], toolsOverride={"b": {"name": "a"}, "name": {"description": "c"}}),
        {"toolConfigRef": {"name": "tools"}},
    ),
    "MCPOIDCConfig": (
        oidc_config(clientSecretRef=KEY, caBundleRef={"configMapRef": {"name": "ca"}}),
        {"oidcConfigRef": {"name": "idp", "audience": "a"}},
    ),
    "MCPTelemetryConfig": (
        telemetry_config(sensitiveHeaders=[{"name": "x-key", "secretKeyRef": KEY}]),
        {"telemetryConfigRef": {"name": "otel"}},
    ),
    "MCPWebhookConfig": (webhook_config(tlsConfig={"caSecretRef": KEY}), {"webhookConfigRef": {"name": "gate"}}),
}
"""A good config of each kind whose schema is closed, and what refers to it."""


def with_unknown(data: st.DataObject, obj: Object) -> tuple[Object, str]:
    """The object with one more field somewhere in its spec, and the path of what has it."""
    obj = copy.deepcopy(obj)
    path, place, known = data.draw(st.sampled_from(list(closed_objects(obj["spec"], SCHEMAS[obj["kind"]]))))
    name = data.draw(NAMES)
    assume(name not in known)
    place[name] = data.draw(VALUES)
    return obj, path


def applied(obj: Object, manifest: Object) -> Object:
    text = json.dumps({key: manifest[key] for key in ("apiVersion", "kind", "metadata", "spec")})
    return with_metadata(obj, annotations={KUBECTL_LAST_APPLIED: text})


def names_it(message: str, path: str) -> bool:
    return path in message and "is not a field that toolhive-hooks knows: " in message


@given(good_specs(), st.data())
def test_a_server_is_failed_and_held(spec: Object, data: st.DataObject) -> None:
    good = {**server(), "spec": spec}
    before = [observed(child, good) for child in sync(good, related=CLUSTER)["children"]]
    bad, path = with_unknown(data, good)

    # Kept by the CRD; and dropped by it, as the annotation shows.
    for owner, reason in ((bad, "SpecInvalid"), (applied(good, bad), "FieldPruned")):
        answer = sync(owner, before, CLUSTER)
        found = condition(answer, "Valid")

        assert answer["status"]["phase"] == "Failed"
        assert found is not None
        assert found[:2] == ("False", reason)
        assert names_it(found[2], path)
        assert answer["children"] == sync(good, before, CLUSTER)["children"]
        assert 0 < answer["resyncAfterSeconds"] <= 60
        assert "Deployment/demo" not in child_names(sync(owner, related=CLUSTER))


@pytest.mark.parametrize(("good", "reference"), CONFIGS.values(), ids=CONFIGS)
@given(data=st.data())
def test_a_config_is_not_valid_and_its_servers_are_held(good: Object, reference: Object, data: st.DataObject) -> None:
    owner = server(**reference)
    judged_good = judged(good, SECRET, CA)
    assert condition(judged_good, "Ready") == ("True", "Ready", f"{good['kind']} can be used")
    before = [observed(child, owner) for child in sync(owner, related=[judged_good])["children"]]
    bad, path = with_unknown(data, good)

    for config, reason in ((bad, "SpecInvalid"), (applied(good, bad), "FieldPruned")):
        verdict = judged(config, SECRET, CA)
        answer = sync(owner, before, [verdict])

        ready, valid = verdict["status"]["conditions"]
        assert (ready["status"], valid["status"], valid["reason"]) == ("False", "False", reason)
        assert names_it(valid["message"], path)
        assert answer["status"]["phase"] == "Failed"
        assert answer["children"] == sync(owner, before, [judged_good])["children"]


@given(good_specs(), good_specs(), st.data())
def test_what_other_clients_made_of_a_spec_since_is_never_taken_for_dropped(
    spec: Object, other: Object, data: st.DataObject
) -> None:
    """Any good spec may follow any other: the annotation then tells what was, and all of it could be stored."""
    manifest = {**server(), "spec": data.draw(st.sampled_from([spec, {**spec, "groupRef": None}]))}
    now = {**server(), "spec": other}

    assert sync(applied(now, manifest), related=CLUSTER) == sync(now, related=CLUSTER)
