"""Names that `render` refuses are those that the API server refuses, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes.dynamic.exceptions import DynamicApiError

from hooks.kubernetes.objects import Object
from hooks.manifests.names import name_faults
from tests.apiserver.objects import custom
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver

METADATA: list[dict[str, Any]] = [
    *({"name": name} for name in ("web", "web.v2-1", "1", "a" * 253, "a" * 254, "My_Server", "web server", "-web")),
    *({"name": name} for name in ("web-", "web..x", ".web", "web\n", "wéb", "<SERVER_NAME>", "${APP}")),
    *({"labels": {key: "x"}} for key in ("a", "A_b.c-1", "acme.test/a", "Acme.test/a", "a b", "a/b/c", "/a", "a/", "")),
    *({"labels": {"a": value}} for value in ("", "A_b.c-1", "x y", "-x", "x" * 63, "x" * 64, "<TEAM>")),
    *({"annotations": {key: "${ANY}\n"}} for key in ("a", "Acme.test/Note", "a b", "a/b/c", "a" * 63, "a" * 64, "é")),
]
KEYS = ("a", "A_b.c-1", ".a", ".", "..", "..a", "a b", "a/b", "a" * 253, "a" * 254, "<KEY>", "é", "")


def refused(cluster: ControlPlane, obj: Object, **place: str) -> bool:
    """Whether the API server refuses an object."""
    try:
        cluster.resource(f"{obj['apiVersion']}/{obj['kind']}").create(body=obj, dry_run="All", **place)
    except DynamicApiError as error:
        if error.status != 422:
            raise
        return True
    return False


@pytest.mark.parametrize("metadata", METADATA, ids=lambda metadata: str(metadata)[:60])
def test_names_labels_and_annotations_are_refused_as_the_api_server_does(
    cluster: ControlPlane, metadata: dict[str, Any]
) -> None:
    config_map: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", **metadata}}
    tools = {**custom("MCPToolConfig", {}), "metadata": config_map["metadata"]}

    assert [refused(cluster, obj, namespace="default") for obj in (config_map, tools)] == [
        bool(name_faults(config_map))
    ] * 2


@pytest.mark.parametrize("key", KEYS, ids=lambda key: str(key)[:20])
@pytest.mark.parametrize("field", ["data", "stringData"])
def test_a_key_of_a_secret_is_refused_as_the_api_server_does(cluster: ControlPlane, field: str, key: str) -> None:
    value = "eA==" if field == "data" else "x"
    secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, field: {key: value}}

    assert refused(cluster, secret, namespace="default") == bool(name_faults(secret))


@pytest.mark.parametrize("name", ["apps", "1-apps", "my_ns", "my.ns", "Apps", "a" * 63, "a" * 64, "${NAMESPACE}"])
def test_a_namespace_is_refused_as_the_api_server_does(cluster: ControlPlane, name: str) -> None:
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    server = custom("MCPServer", {"image": "x"})

    in_it = {**server, "metadata": {"name": "web", "namespace": name}}
    assert refused(cluster, namespace) == bool(name_faults(in_it))
