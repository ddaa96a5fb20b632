"""Objects from before a rule of the CRD stay writable: a status that can't be written would never be told."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from hooks.api.crd import crds
from hooks.kubernetes.objects import Object
from tests.apiserver.objects import bare
from tests.controlplane import ControlPlane, eventually

pytestmark = pytest.mark.apiserver

# A copy of MCPServer's CRD that may change during the tests: nobody else's objects are of this kind.
GROUP = "older.toolhive.test"
NAMES = {"kind": "OlderServer", "listKind": "OlderServerList", "plural": "olderservers", "singular": "olderserver"}
CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"
SERVER = f"{GROUP}/v1alpha1/OlderServer"
NAMESPACE = "default"

BAD = "bad"
DEFAULTS: Object = {"proxyMode": "sse", "trustProxyHeaders": False, "sessionAffinity": "ClientIP"}
OLDER: dict[str, Object] = {
    f"{'a' * 51}.b": {"image": "mcp:1", "transport": "sse", "port": 8080, **DEFAULTS},
    BAD: {
        "image": "mcp:1",
        "transport": "http",
        "port": 0,
        "env": [{"name": "A"}],
        "resources": {"limits": {"cpu": "banana"}},
        "permissionProfile": {"type": "configmap", "name": "p"},
        "oidcConfig": {"type": "inline"},
        "authzConfig": {"type": "inline"},
        **DEFAULTS,
    },
}
"""By name, specs with the defaults in place: a name and a spec that no new MCPServer may have."""
STATUS: Object = {
    "phase": "Failed",
    "message": "Not usable",
    "observedGeneration": 1,
    "conditions": [
        {
            "type": "Valid",
            "status": "False",
            "reason": "NameNotUsable",
            "message": "Not usable",
            "lastTransitionTime": "2026-11-23T12:00:00Z",
        }
    ],
}


def server(name: str, **fields: Any) -> Object:
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "OlderServer",
        "metadata": {"name": name},
        "spec": OLDER[name],
        **fields,
    }


def schemas() -> tuple[Object, Object]:
    """The copy, with none of the rules for specs and names and with all of them."""
    strict = copy.deepcopy(next(crd for crd in crds() if crd["spec"]["names"]["kind"] == "MCPServer"))
    strict["metadata"]["name"] = f"olderservers.{GROUP}"
    strict["spec"] |= {"group": GROUP, "names": NAMES}
    loose = copy.deepcopy(strict)
    for version in loose["spec"]["versions"]:
        root = version["schema"]["openAPIV3Schema"]
        del root["x-kubernetes-validations"]
        root["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return loose, strict


@pytest.fixture(scope="module")
def servers(cluster: ControlPlane) -> Iterator[Any]:
    """The accessor of MCPServers that were made before their CRD had rules; now it has them."""
    definitions = cluster.resource(CRD)
    loose, strict = schemas()
    name = loose["metadata"]["name"]
    definitions.create(body=loose)
    eventually(lambda: cluster.kubectl("get", name), message="the kind is not served")
    resource = cluster.resource(SERVER)
    for older in OLDER:
        resource.create(body=server(older), namespace=NAMESPACE)
    definitions.patch(name=name, body={"spec": strict["spec"]}, content_type="application/merge-patch+json")
    eventually(lambda: all(map(partial(refuses_another, resource), OLDER)), message="the rules are not in force")
    yield resource
    definitions.delete(name=name)


def refuses_another(resource: Any, older: str) -> bool:
    """Whether a new object with such a name and spec is refused."""
    another = server(older)
    another["metadata"] = {"name": f"new-{older}"}
    try:
        resource.create(body=another, namespace=NAMESPACE, dry_run="All")
    except UnprocessibleEntityError:
        return True
    return False


@pytest.mark.parametrize("name", OLDER)
def test_a_status_can_be_written(servers: Any, name: str) -> None:
    stored = servers.get(name=name, namespace=NAMESPACE).to_dict()

    servers.status.replace(body={**stored, "status": STATUS}, namespace=NAMESPACE)

    assert bare(servers.get(name=name, namespace=NAMESPACE).to_dict()) == server(name, status=STATUS)


@pytest.mark.parametrize("name", OLDER)
def test_a_finalizer_can_be_set_and_taken_away(servers: Any, name: str) -> None:
    for finalizers in (["metacontroller.io/compositecontroller-mcpserver"], None):
        stored = servers.get(name=name, namespace=NAMESPACE).to_dict()
        written = {**stored, "metadata": {**stored["metadata"], "finalizers": finalizers}}
        servers.replace(body=written, namespace=NAMESPACE)

        stored = servers.get(name=name, namespace=NAMESPACE).to_dict()
        assert stored["metadata"].get("finalizers") == finalizers
        assert stored["spec"] == OLDER[name]


@pytest.mark.parametrize("name", OLDER)
def test_another_field_can_be_changed(servers: Any, name: str) -> None:
    """The faults may be put right one by one."""
    stored = servers.get(name=name, namespace=NAMESPACE).to_dict()
    spec = {**OLDER[name], "image": "mcp:2"}

    edited = servers.replace(body={**stored, "spec": spec}, namespace=NAMESPACE, dry_run="All").to_dict()

    assert edited["spec"] == spec


def test_a_field_can_not_go_from_bad_to_worse(servers: Any) -> None:
    stored = servers.get(name=BAD, namespace=NAMESPACE).to_dict()

    with pytest.raises(UnprocessibleEntityError) as refused:
        servers.replace(body={**stored, "spec": {**OLDER[BAD], "port": -1}}, namespace=NAMESPACE, dry_run="All")

    assert "spec.port: Invalid value: -1" in refused.value.summary()
