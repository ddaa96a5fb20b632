"""The bare control plane does what the tests on it take for granted."""

import socket
from contextlib import suppress

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually

pytestmark = pytest.mark.apiserver


def config_map(name: str, value: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"key": value}}


def test_an_object_comes_back_as_it_was_written(cluster: ControlPlane, namespace: str) -> None:
    cluster.resource("v1/ConfigMap").create(body=config_map("one", "first"), namespace=namespace)

    assert cluster.get("v1/ConfigMap", "one", namespace)["data"] == {"key": "first"}
    assert cluster.kubectl("get", "configmap", "one", "-n", namespace, "-o", "jsonpath={.data.key}").stdout == "first"
    assert cluster.get("v1/ConfigMap", "two", namespace) is None


def test_the_server_says_which_version_it_is(cluster: ControlPlane) -> None:
    assert "Server Version: v1." in cluster.kubectl("version").stdout


def test_a_tenant_may_edit_its_own_namespace_and_no_other(cluster: ControlPlane, namespace: str) -> None:
    tenant = cluster.tenant(namespace)

    cluster.kubectl("create", "configmap", "mine", "-n", namespace, user=tenant.user)
    refused = cluster.kubectl("create", "configmap", "mine", "-n", "default", user=tenant.user, check=False)

    assert refused.returncode != 0
    assert "forbidden" in refused.stderr
    refused = cluster.kubectl("create", "namespace", "another", user=tenant.user, check=False)
    assert "forbidden" in refused.stderr


def test_a_watch_log_tells_every_write_in_order(cluster: ControlPlane, namespace: str) -> None:
    resource = cluster.resource("v1/ConfigMap")
    resource.create(body=config_map("old", "as before"), namespace=namespace)

    with WatchLog(cluster, ["v1/ConfigMap", "v1/Secret"], namespace) as log:
        resource.create(body=config_map("new", "first"), namespace=namespace)
        resource.patch(name="new", body={"data": {"key": "second"}}, namespace=namespace)
        resource.delete(name="new", namespace=namespace)
        eventually(lambda: log.events(type="DELETED"), message="the deletion was not seen")

    assert [event.type for event in log.events("ConfigMap", "new")] == ["ADDED", "MODIFIED", "DELETED"]
    assert log.history("ConfigMap", "new", lambda item: item["data"]["key"]) == ["first", "second"]
    assert log.history("ConfigMap", "old", lambda item: item["data"]["key"]) == ["as before"]
    versions = [event.resource_version for event in log.events()]
    assert versions == sorted(versions)


def test_a_watch_that_breaks_goes_on_and_misses_nothing(cluster: ControlPlane, namespace: str) -> None:
    resource = cluster.resource("v1/ConfigMap")

    with WatchLog(cluster, ["v1/ConfigMap"], namespace) as log:
        for number in range(100):
            resource.create(body=config_map(f"number-{number}", ""), namespace=namespace)
            if number % 25 == 0:
                with log._lock:
                    for connected in log._sockets:
                        with suppress(OSError):  # one that is broken already
                            socket.socket.shutdown(connected, socket.SHUT_RDWR)
        eventually(lambda: len(log.events()) >= 100, message="events are missing")

    assert [event.name for event in log.events()] == [f"number-{number}" for number in range(100)]


def test_eventually_says_what_was_still_wrong() -> None:
    with pytest.raises(AssertionError, match=r"never comes within 0.1 s: the check returned 0"):
        eventually(lambda: 0, 0.1, "never comes")
