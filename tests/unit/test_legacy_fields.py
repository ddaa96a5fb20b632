"""Fields of October 2025 in a manifest that met the CRD of ToolHive 0.44: they are gone, and are not forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED
from tests.world import child_names, condition, server, sync

OIDC = {"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "demo"}}


def failed(applied: Any, spec: Any) -> str:
    """What the status says about a spec whose author applied something else; empty where nothing is wrong."""
    manifest = {"metadata": {"name": "demo"}, "spec": {"image": "x", **applied}}
    owner = server(annotations={KUBECTL_LAST_APPLIED: json.dumps(manifest)}, **spec)
    answer = sync(owner)
    said = condition(answer, "Valid")
    assert said is not None
    assert (said[0] == "False") == ("Deployment/demo" not in child_names(answer))
    return said[2] if said[1] == "FieldPruned" else ""


@pytest.mark.parametrize(
    ("field", "value", "current"),
    [
        ("oidcConfig", OIDC, "oidcConfigRef"),
        ("port", 9090, "proxyPort"),
        ("targetPort", 3000, "mcpPort"),
        ("telemetry", {"prometheus": {"enabled": True}}, "telemetryConfigRef"),
        ("tools", ["search"], "toolConfigRef"),
    ],
)
def test_a_field_that_the_crd_dropped_is_named(field: str, value: Any, current: str) -> None:
    said = failed({field: value}, {"proxyPort": 8080})

    assert said == (
        "The manifest that was applied has fields that the API server dropped. Apply it without them; if the spec was "
        "changed since by other means, remove the annotation kubectl.kubernetes.io/last-applied-configuration. "
        f"spec.{field} is not in the spec: the CRD of the cluster doesn't know it; use {current}, or apply the CRDs of "
        "toolhive-hooks"
    )


@pytest.mark.parametrize(
    ("applied", "spec"),
    [
        ({"oidcConfig": OIDC}, {"proxyPort": 8080, "oidcConfig": OIDC}),
        ({"port": 9090}, {"proxyPort": 9090}),
        ({"port": 9090, "proxyPort": 8080}, {"proxyPort": 8080}),
        ({"targetPort": 3000}, {"proxyPort": 8080, "mcpPort": 3000}),
        ({"tools": []}, {"proxyPort": 8080}),
        ({"tools": ["search"]}, {}),
    ],
    ids=["kept", "replaced", "written", "the server's", "empty", "taken out"],
)
def test_a_field_that_is_there_or_was_taken_out_is_not_missed(applied: Any, spec: Any) -> None:
    assert failed(applied, spec) == ""
