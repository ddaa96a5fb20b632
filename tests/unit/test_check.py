"""`toolhive-hooks check` of CompositeControllers that no single installation has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.answering import answering
from tests.old_operator import run

pytestmark = pytest.mark.slow

COMPOSITES = "/apis/metacontroller.k8s.io/v1alpha1/compositecontrollers"


def composite(namespace: str, **webhook: str) -> dict[str, object]:
    """One that calls Service toolhive-hooks of a namespace."""
    service = {"name": "toolhive-hooks", "namespace": namespace, **webhook}
    parent = {"apiVersion": "toolhive.stacklok.dev/v1beta1", "resource": "mcpservers"}
    spec = {"parentResource": parent, "hooks": {"sync": {"webhook": {"path": "/mcpserver/sync", "service": service}}}}
    return {"metadata": {"name": namespace}, "spec": spec}


def test_services_of_one_name_in_two_namespaces_are_told_apart(tmp_path: Path) -> None:
    composites = json.dumps({"items": [composite("one"), composite("two", protocol="https")]})
    with answering(tmp_path, {COMPOSITES: (200, composites)}) as (kubeconfig, _):
        result = run("check", kubeconfig, "-o", "json")

    found = [(point["well"], point["text"]) for point in json.loads(result.stdout) if point["topic"] == "TLS"]
    assert found == [
        (True, "off: calls aren't encrypted. Component tls turns it on: docs/installing.md"),
        (None, "not all hooks have a caBundle from a Secret"),
    ]
