"""The CustomResourceDefinitions in a cluster: how they are installed, statuses, what `kubectl get` prints."""

from __future__ import annotations

import json
import re

import pytest
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from hooks.api.crd import crds
from hooks.api.meta import API_VERSION, GROUP
from hooks.kubernetes.objects import Object
from tests.apiserver.objects import bare, custom, stored
from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.unit.specs import EXTERNAL_AUTH

pytestmark = pytest.mark.apiserver

CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"


def condition(type_: str, status: str, reason: str, message: str) -> Object:
    times = {"lastTransitionTime": "2026-11-23T12:00:00Z", "observedGeneration": 1}
    return {"type": type_, "status": status, "reason": reason, "message": message, **times}


VALID = condition("Valid", "True", "Ok", "")


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

    before = custom("MCPServer", stored("MCPServer", {"image": "mcp:1"}))
    assert bare(created) == before
    assert bare(written) == {**before, "status": status}
    assert bare(edited) == {**before, "spec": {**before["spec"], "image": "mcp:2"}, "status": status}
    assert [obj["metadata"]["generation"] for obj in (created, written, edited)] == [1, 1, 2]


def test_a_status_that_no_controller_would_write_is_refused(cluster: ControlPlane, namespace: str) -> None:
    status = {"phase": "Served", "conditions": [condition("Ready", "Yes", "two words", "")]}

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
    ready = condition("Ready", "True", "Serving", "All is well")
    status = {
        "phase": "Ready",
        "url": "http://mcp-b:80/mcp",
        "readyReplicas": 1,
        "conditions": [condition("Valid", "True", "Ok", ""), ready],
    }
    with_status(cluster, namespace, custom("MCPServer", {"image": "mcp:1"}, "b"), status)
    cluster.resource(f"{API_VERSION}/MCPServer").create(
        body=custom("MCPServer", {"image": "mcp:1"}, "a"), namespace=namespace
    )

    assert table(cluster, namespace, "mcpservers") == (
        "NAME   STATUS   READY   REASON    REPLICAS   URL                   AGE\n"
        "a                                                                  AGE\n"
        "b      Ready    True    Serving   1          http://mcp-b:80/mcp   AGE\n"
    )
    assert table(cluster, namespace, "mcpserver", "-o", "wide") == (
        "NAME   STATUS   READY   REASON    REPLICAS   URL                   MESSAGE       AGE\n"
        "a                                                                                AGE\n"
        "b      Ready    True    Serving   1          http://mcp-b:80/mcp   All is well   AGE\n"
    )


def test_kubectl_shows_external_auth_configs(cluster: ControlPlane, namespace: str) -> None:
    ready = condition("Ready", "False", "SecretNotFound", "Secret x is missing")
    status = {"referencingServers": ["a", "b"], "conditions": [VALID, ready]}
    with_status(cluster, namespace, custom("MCPExternalAuthConfig", EXTERNAL_AUTH), status)

    for name in ("mcpexternalauthconfigs", "extauth", "mcpextauth"):
        assert table(cluster, namespace, name) == (
            "NAME   TYPE            VALID   READY   REASON           REFERENCED BY   AGE\n"
            'demo   tokenExchange   True    False   SecretNotFound   ["a","b"]       AGE\n'
        )
    assert table(cluster, namespace, "extauth", "-o", "wide") == (
        "NAME   TYPE            VALID   READY   REASON           REFERENCED BY   MESSAGE               AGE\n"
        'demo   tokenExchange   True    False   SecretNotFound   ["a","b"]       Secret x is missing   AGE\n'
    )


def test_kubectl_shows_tool_configs(cluster: ControlPlane, namespace: str) -> None:
    status = {"referencingServers": ["a"], "conditions": [VALID, condition("Ready", "True", "Ok", "Can be used")]}
    with_status(cluster, namespace, custom("MCPToolConfig", {"toolsFilter": ["x", "y"]}), status)

    for name in ("mcptoolconfigs", "tc", "toolconfig"):
        assert table(cluster, namespace, name) == (
            'NAME   VALID   READY   REASON   REFERENCED BY   AGE\ndemo   True    True    Ok       ["a"]           AGE\n'
        )
    assert table(cluster, namespace, "tc", "-o", "wide") == (
        "NAME   FILTER      VALID   READY   REASON   REFERENCED BY   MESSAGE       AGE\n"
        'demo   ["x","y"]   True    True    Ok       ["a"]           Can be used   AGE\n'
    )


@pytest.mark.parametrize("ours", crds(), ids=lambda crd: crd["spec"]["names"]["kind"])
def test_both_versions_are_served_and_one_is_stored(cluster: ControlPlane, ours: Object) -> None:
    names = ours["spec"]["names"]
    served = {
        version: {
            resource["kind"] for resource in json.loads(cluster.kubectl("get", "--raw", path).stdout)["resources"]
        }
        for version in ("v1alpha1", "v1beta1")
        if (path := f"/apis/{GROUP}/{version}")
    }
    storage = [version["name"] for version in ours["spec"]["versions"] if version["storage"]]
    in_storage = (cluster.get(CRD, ours["metadata"]["name"]) or {})["status"]["storedVersions"]

    webhooks = names["kind"] == "MCPWebhookConfig"  # of which ToolHive has v1alpha1 alone
    assert names["kind"] in served["v1alpha1"]
    assert (names["kind"] in served["v1beta1"]) == (not webhooks)
    assert storage == in_storage == ["v1alpha1" if webhooks else "v1beta1"]


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_kubectl_is_warned_of_the_older_version(cluster: ControlPlane, namespace: str, version: str) -> None:
    server = custom("MCPServer", {"image": "mcp:1"}, api_version=f"{GROUP}/{version}")

    applied = cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(server))

    assert applied.stdout == "mcpserver.toolhive.stacklok.dev/demo created\n"
    assert applied.stderr == (
        ""
        if version == "v1beta1"
        else "Warning: toolhive.stacklok.dev/v1alpha1 MCPServer is deprecated: apply it as "
        "toolhive.stacklok.dev/v1beta1; 'toolhive-hooks convert' rewrites manifests\n"
    )


FIRST_WRITES = [("v1alpha1", "sse"), ("v1beta1", "streamable-http")]


@pytest.mark.parametrize(("version", "mode"), FIRST_WRITES)
def test_the_default_of_proxy_mode_is_that_of_the_first_write(
    cluster: ControlPlane, namespace: str, version: str, mode: str
) -> None:
    """It is the only default that differs by version; an `apply` of the other version doesn't change it."""
    versions = ("v1alpha1", "v1beta1")
    for image, applied in (("mcp:1", version), *((f"mcp:{other}", other) for other in versions)):
        server = custom("MCPServer", {"image": image}, api_version=f"{GROUP}/{applied}")
        cluster.kubectl("apply", "-n", namespace, "-f", "-", input=json.dumps(server))
        read = [cluster.objects(f"{GROUP}/{other}/MCPServer", namespace)[0]["spec"] for other in versions]
        assert [(spec["image"], spec["proxyMode"]) for spec in read] == [(image, mode)] * 2
        assert {"port", "targetPort", "proxyPort", "mcpPort"} & {*read[0], *read[1]} == set()


@pytest.mark.parametrize(("version", "mode"), FIRST_WRITES)
def test_a_server_that_is_replaced_gets_the_default_of_that_request(
    cluster: ControlPlane, namespace: str, version: str, mode: str
) -> None:
    other = {"v1alpha1": "v1beta1", "v1beta1": "v1alpha1"}[version]
    for command, writes in (("create", other), ("replace", version)):
        server = custom("MCPServer", {"image": "mcp:1"}, api_version=f"{GROUP}/{writes}")
        cluster.kubectl(command, "-n", namespace, "-f", "-", input=json.dumps(server))

    assert cluster.objects(f"{API_VERSION}/MCPServer", namespace)[0]["spec"]["proxyMode"] == mode
