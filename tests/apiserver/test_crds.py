"""The CustomResourceDefinitions in a cluster: how they are installed, statuses, what `kubectl get` prints."""

from __future__ import annotations

import re

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from hooks.api.crd import crds
from hooks.api.meta import API_VERSION
from hooks.kubernetes.objects import Object
from tests.apiserver.objects import bare, custom
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.unit.specs import EXTERNAL_AUTH

pytestmark = pytest.mark.apiserver

CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"


def condition(type_: str, status: str, reason: str, message: str) -> Object:
    times = {"lastTransitionTime": "2026-11-23T12:00:00Z", "observedGeneration": 1}
    return {"type": type_, "status": status, "reason": reason, "message": message, **times}


def with_status(cluster: ControlPlane, namespace: str, obj: Object, status: Object) -> Object:
    """Create an object and write its status, as Metacontroller does: two writes, the second to the subresource."""
    resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}")
    created = resource.create(body=obj, namespace=namespace).to_dict()
    return resource.status.replace(body={**created, "status": status}, namespace=namespace).to_dict()


@pytest.mark.parametrize("ours", crds(), ids=lambda crd: crd["spec"]["names"]["kind"])
def test_a_crd_is_established_as_it_was_written(cluster: ControlPlane, ours: Object) -> None:
    stored = cluster.get(CRD, ours["metadata"]["name"])

    assert stored is not None
    assert {c["type"]: c["status"] for c in stored["status"]["conditions"]} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    assert stored["spec"] == {**ours["spec"], "conversion": {"strategy": "None"}}


def test_applying_the_crds_again_changes_nothing(cluster: ControlPlane) -> None:
    applied = cluster.kubectl("apply", "-k", ROOT / "crds")

    assert sorted(applied.stdout.splitlines()) == sorted(
        f"customresourcedefinition.apiextensions.k8s.io/{crd['metadata']['name']} unchanged" for crd in crds()
    )
    assert applied.stderr == ""


def test_a_status_is_written_apart_from_the_spec(cluster: ControlPlane, namespace: str) -> None:
    servers = cluster.resource(f"{API_VERSION}/MCPServer")
    status = {"phase": "Pending", "observedGeneration": 1, "conditions": [condition("Ready", "False", "NoPods", "")]}

    created = servers.create(
        body={**custom("MCPServer", {"image": "mcp:1"}), "status": status}, namespace=namespace
    ).to_dict()
    changed = {**created, "spec": {**created["spec"], "image": "mcp:2"}, "status": status}
    written = servers.status.replace(body=changed, namespace=namespace).to_dict()
    edited = servers.replace(
        body={**written, "spec": changed["spec"], "status": {"phase": "Failed"}}, namespace=namespace
    ).to_dict()

    defaults = {"transport": "stdio", "proxyMode": "sse", "port": 8080, "trustProxyHeaders": False}
    before = custom("MCPServer", {"image": "mcp:1", **defaults})
    assert bare(created) == before
    assert bare(written) == {**before, "status": status}
    assert bare(edited) == {**custom("MCPServer", {"image": "mcp:2", **defaults}), "status": status}
    assert [obj["metadata"]["generation"] for obj in (created, written, edited)] == [1, 1, 2]


def test_a_status_that_no_controller_would_write_is_refused(cluster: ControlPlane, namespace: str) -> None:
    status = {"phase": "Ready", "conditions": [condition("Ready", "Yes", "two words", "")]}

    with pytest.raises(UnprocessibleEntityError) as refused:
        with_status(cluster, namespace, custom("MCPServer", {"image": "mcp:1"}), status)

    assert sorted(re.findall(r"status\.[\w.\[\]]+(?=: )", refused.value.summary())) == [
        "status.conditions[0].reason",
        "status.conditions[0].status",
        "status.phase",
    ]


def table(cluster: ControlPlane, namespace: str, *args: str) -> str:
    """What `kubectl get` prints, with ages left open."""
    return re.sub(r"\d+s$", "AGE", cluster.kubectl("get", "-n", namespace, *args).stdout, flags=re.MULTILINE)


def test_kubectl_shows_servers(cluster: ControlPlane, namespace: str) -> None:
    ready = condition("Ready", "True", "Running", "All is well")
    running = {
        "phase": "Running",
        "url": "http://mcp-b:80",
        "conditions": [condition("Valid", "True", "Ok", ""), ready],
    }
    with_status(cluster, namespace, custom("MCPServer", {"image": "mcp:1"}, "b"), running)
    cluster.resource(f"{API_VERSION}/MCPServer").create(
        body=custom("MCPServer", {"image": "mcp:1"}, "a"), namespace=namespace
    )

    assert table(cluster, namespace, "mcpservers") == (
        "NAME   STATUS    READY   REASON    URL               AGE\n"
        "a                                                    AGE\n"
        "b      Running   True    Running   http://mcp-b:80   AGE\n"
    )
    assert table(cluster, namespace, "mcpserver", "-o", "wide") == (
        "NAME   STATUS    READY   REASON    URL               MESSAGE       AGE\n"
        "a                                                                  AGE\n"
        "b      Running   True    Running   http://mcp-b:80   All is well   AGE\n"
    )


def test_kubectl_shows_external_auth_configs(cluster: ControlPlane, namespace: str) -> None:
    ready = condition("Ready", "False", "SecretNotFound", "Secret x is missing")
    status = {"referencingServers": ["a", "b"], "conditions": [ready]}
    with_status(cluster, namespace, custom("MCPExternalAuthConfig", EXTERNAL_AUTH), status)

    for name in ("mcpexternalauthconfigs", "extauth", "mcpextauth"):
        assert table(cluster, namespace, name) == (
            "NAME   TYPE            READY   REASON           REFERENCED BY   AGE\n"
            'demo   tokenExchange   False   SecretNotFound   ["a","b"]       AGE\n'
        )
    assert table(cluster, namespace, "extauth", "-o", "wide") == (
        "NAME   TYPE            READY   REASON           REFERENCED BY   MESSAGE               AGE\n"
        'demo   tokenExchange   False   SecretNotFound   ["a","b"]       Secret x is missing   AGE\n'
    )


def test_kubectl_shows_tool_configs(cluster: ControlPlane, namespace: str) -> None:
    status = {"referencingServers": ["a"], "conditions": [condition("Ready", "True", "Ok", "Can be used")]}
    with_status(cluster, namespace, custom("MCPToolConfig", {"toolsFilter": ["x", "y"]}), status)

    for name in ("mcptoolconfigs", "tc", "toolconfig"):
        assert table(cluster, namespace, name) == (
            'NAME   READY   REASON   REFERENCED BY   AGE\ndemo   True    Ok       ["a"]           AGE\n'
        )
    assert table(cluster, namespace, "tc", "-o", "wide") == (
        "NAME   FILTER      READY   REASON   REFERENCED BY   MESSAGE       AGE\n"
        'demo   ["x","y"]   True    Ok       ["a"]           Can be used   AGE\n'
    )
