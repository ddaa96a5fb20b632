"""Shared configs on a real control plane: exact references, rollout on content, release at once, and cheap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog, eventually
from tests.e2e.installation import TOOLHIVE, Installation, conditions

pytestmark = pytest.mark.e2e


def secret(name: str, value: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"client-secret": value}}


def config(name: str, **exchange: Any) -> dict[str, Any]:
    block = {
        "tokenUrl": "https://idp.example.com/token",
        "clientId": "c",
        "clientSecretRef": {"name": f"{name[:40]}-oauth", "key": "client-secret"},
        "audience": "https://api.example.com",
        **exchange,
    }
    spec = {"type": "tokenExchange", "tokenExchange": block}
    return {"apiVersion": TOOLHIVE, "kind": "MCPExternalAuthConfig", "metadata": {"name": name}, "spec": spec}


def server(name: str, uses: str | None = None, **spec: Any) -> dict[str, Any]:
    reference = {"externalAuthConfigRef": {"name": uses}} if uses else {}
    spec = {"image": "example.test/mcp:1", **reference, **spec}
    return {"apiVersion": TOOLHIVE, "kind": "MCPServer", "metadata": {"name": name}, "spec": spec}


def apply(cluster: ControlPlane, namespace: str, *objects: dict[str, Any]) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input="\n---\n".join(json.dumps(obj) for obj in objects))


def references(installation: Installation, namespace: str, name: str, servers: list[str]) -> None:
    """Wait until a config says that exactly these servers use it."""

    def check() -> bool:
        status = installation.external_auth(namespace, name).get("status", {})
        assert status.get("referencingServers", []) == servers, status
        return True

    eventually(check)


def all_running(installation: Installation, namespace: str, *names: str) -> None:
    def check() -> bool:
        phases = {name: installation.server(namespace, name).get("status", {}).get("phase") for name in names}
        assert set(phases.values()) == {"Ready"}, phases
        return True

    eventually(check)


@contextmanager
def quiet_watch(cluster: ControlPlane, namespace: str) -> Iterator[WatchLog]:
    kinds = [
        "apps/v1/Deployment",
        "v1/ConfigMap",
        "v1/Pod",
        f"{TOOLHIVE}/MCPServer",
        f"{TOOLHIVE}/MCPExternalAuthConfig",
    ]
    with WatchLog(cluster, kinds, namespace) as log:
        log.wait_quiet(1)
        yield log


def test_references_follow_every_change(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    long = "long-" + "x" * 70
    apply(
        cluster,
        namespace,
        *(secret("a-oauth", "s"), secret(f"{long[:40]}-oauth", "s"), config("a"), config(long)),
        *(server("two", "a"), server("one", "a"), server("other"), server("lengthy", long)),
    )
    references(installation, namespace, "a", ["one", "two"])
    references(installation, namespace, long, ["lengthy"])

    move = {"spec": {"externalAuthConfigRef": {"name": long}}}
    cluster.kubectl("patch", "mcpserver", "two", "-n", namespace, "--type=merge", "-p", json.dumps(move))
    references(installation, namespace, "a", ["one"])
    references(installation, namespace, long, ["lengthy", "two"])

    broken = {"spec": {"env": [{"name": "A=B", "value": ""}], "externalAuthConfigRef": {"name": "a"}}}
    cluster.kubectl("patch", "mcpserver", "other", "-n", namespace, "--type=merge", "-p", json.dumps(broken))
    references(installation, namespace, "a", ["one", "other"])

    cluster.kubectl("delete", "mcpserver", "one", "-n", namespace, "--wait=false")
    references(installation, namespace, "a", ["other"])


def test_a_config_is_called_for_its_own_servers_only(installation: Installation, namespace: str) -> None:
    cluster, relay = installation.cluster, installation.relay
    apply(cluster, namespace, secret("a-oauth", "s"), secret("b-oauth", "s"), config("a"), config("b"))
    apply(cluster, namespace, server("uses-a", "a"), server("uses-b", "b"), server("uses-none"))
    all_running(installation, namespace, "uses-a", "uses-b", "uses-none")
    with quiet_watch(cluster, namespace) as log:
        before = relay.position()
        for name in ("uses-a", "uses-b", "uses-none"):
            pods = cluster.objects("v1/Pod", namespace, f"toolhive-name={name}")
            cluster.resource("v1/Pod").delete(name=pods[0]["metadata"]["name"], namespace=namespace)
        edit = {"spec": {"args": ["x"]}}
        cluster.kubectl("patch", "mcpserver", "uses-b", "-n", namespace, "--type=merge", "-p", json.dumps(edit))
        eventually(lambda: log.rollouts("uses-b") == 1, message="the edit rolls no pods")
        all_running(installation, namespace, "uses-a", "uses-b", "uses-none")
        log.wait_quiet(1)

    calls = [
        call
        for call in relay.calls(since=before, kind="mcpexternalauthconfig")
        if call.parent.startswith(f"{namespace}/")
    ]
    assert calls == []


def test_rotation_rolls_exactly_the_pods_that_use_the_secret(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, secret("a-oauth", "old"), secret("b-oauth", "old"), config("a"), config("b"))
    apply(cluster, namespace, server("one", "a"), server("two", "a"), server("other", "b"))
    all_running(installation, namespace, "one", "two", "other")
    with quiet_watch(cluster, namespace) as log:
        digest = installation.external_auth(namespace, "a")["status"]["credentialDigest"]

        cluster.kubectl("label", "secret", "a-oauth", "team=x", "-n", namespace)
        cluster.kubectl("annotate", "secret", "a-oauth", "note=x", "-n", namespace)
        more = {"stringData": {"another-key": "x"}}
        cluster.kubectl("patch", "secret", "a-oauth", "-n", namespace, "--type=merge", "-p", json.dumps(more))
        log.wait_quiet(2)
        assert [log.rollouts(name) for name in ("one", "two", "other")] == [0, 0, 0]

        apply(cluster, namespace, secret("a-oauth", "new"))

        def rotated() -> bool:
            now = installation.external_auth(namespace, "a")["status"]["credentialDigest"]
            assert now != digest
            for name in ("one", "two"):
                pods = installation.ready_pods(namespace, name)
                digests = [pod["metadata"]["annotations"]["toolhive.stacklok.dev/credential-digest"] for pod in pods]
                assert digests == [now], name
            return True

        eventually(rotated)
        log.wait_quiet(1)
        assert [log.rollouts(name) for name in ("one", "two", "other")] == [1, 1, 0]


def test_a_value_that_can_be_no_credential_restarts_no_pod_and_is_said_until_it_is_mended(
    installation: Installation, namespace: str
) -> None:
    """As `kubectl create secret --from-file` leaves it, of a file that an editor or `echo` has ended with a newline."""
    cluster = installation.cluster
    apply(cluster, namespace, secret("a-oauth", "old-s3cr3t"), config("a"), server("one", "a"), server("two", "a"))
    all_running(installation, namespace, "one", "two")
    digest = installation.external_auth(namespace, "a")["status"]["credentialDigest"]
    pods = {name: installation.ready_pods(namespace, name) for name in ("one", "two")}

    def wait_for(phase: str, reason: str) -> None:
        def check() -> bool:
            assert conditions(installation.external_auth(namespace, "a"))["SecretAvailable"][1] == reason
            phases = [installation.server(namespace, name)["status"]["phase"] for name in ("one", "two")]
            assert phases == [phase, phase]
            return True

        eventually(check)

    with quiet_watch(cluster, namespace) as log:
        apply(cluster, namespace, secret("a-oauth", "new-s3cr3t\n"))
        wait_for("Failed", "SecretValueInvalid")
        status = installation.server(namespace, "one")["status"]
        assert status["message"] == (
            f"MCPExternalAuthConfig 'a': Secret 'a-oauth' of namespace '{namespace}' has a value at key "
            "'client-secret' that ends with a line break, and can't be a client secret: write it again as one line of "
            "text, with `printf %s` in place of `echo`, or kubectl's --from-literal"
        )
        log.wait_quiet(2)
        assert (log.rollouts("one"), log.rollouts("two")) == (0, 0)
        assert log.events("Pod", type="DELETED") == []
        now = {name: installation.ready_pods(namespace, name) for name in ("one", "two")}
        assert [pod["metadata"]["uid"] for name in now for pod in now[name]] == [
            pod["metadata"]["uid"] for name in pods for pod in pods[name]
        ]

        apply(cluster, namespace, secret("a-oauth", "new-s3cr3t"))
        wait_for("Ready", "SecretAvailable")
        eventually(lambda: log.rollouts("one") == log.rollouts("two") == 1, message="the new value rolls no pods")
        assert installation.external_auth(namespace, "a")["status"]["credentialDigest"] != digest
        log.wait_quiet(2)
        assert (log.rollouts("one"), log.rollouts("two")) == (1, 1)


def test_an_edit_of_spec_and_reference_together_rolls_once(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, secret("a-oauth", "old"), secret("new-oauth", "new"), config("a"), server("one", "a"))
    all_running(installation, namespace, "one")
    with quiet_watch(cluster, namespace) as log:
        reference = {"name": "new-oauth", "key": "client-secret"}
        apply(cluster, namespace, config("a", audience="https://two.example.com", clientSecretRef=reference))

        eventually(lambda: log.rollouts("one") == 1, message="the edit rolls no pods")
        log.wait_quiet(2)
        assert log.rollouts("one") == 1


@pytest.mark.parametrize("way", ["deleted", "reference removed"])
def test_a_config_goes_within_a_second_of_its_last_reference(
    installation: Installation, namespace: str, way: str
) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, secret("a-oauth", "s"), config("a"), server("one", "a"))
    all_running(installation, namespace, "one")
    cluster.kubectl("delete", "mcpexternalauthconfig", "a", "-n", namespace, "--wait=false")
    # One that was created after the deletion was asked for counts too.
    apply(cluster, namespace, server("late", "a"))
    references(installation, namespace, "a", ["late", "one"])
    assert conditions(installation.external_auth(namespace, "a"))["DeletionBlocked"] == (
        "True",
        "ReferencedByWorkloads",
    )
    kinds = [f"{TOOLHIVE}/MCPServer", f"{TOOLHIVE}/MCPExternalAuthConfig"]
    with WatchLog(cluster, kinds, namespace) as log:
        log.wait_quiet(2)  # the time in which a config that is being deleted settles, over before the references end
        if way == "deleted":
            cluster.kubectl("delete", "mcpserver", "one", "late", "-n", namespace, "--wait=false")
        else:
            for name in ("one", "late"):
                drop = json.dumps({"spec": {"externalAuthConfigRef": None}})
                cluster.kubectl("patch", "mcpserver", name, "-n", namespace, "--type=merge", "-p", drop)
        log.wait_deleted("MCPExternalAuthConfig", "a")
        if way == "deleted":
            log.wait_deleted("MCPServer", "one", "late")
        [gone] = log.events("MCPExternalAuthConfig", type="DELETED")
        ends = (
            log.events("MCPServer", type="DELETED")
            if way == "deleted"
            else [event for event in log.events("MCPServer") if "externalAuthConfigRef" not in event.object["spec"]]
        )
        last = max({event.name: event.at for event in reversed(ends)}.values())
        assert gone.at - last < 1


def test_an_annotation_restarts_the_pods_by_its_strategy(installation: Installation, namespace: str) -> None:
    cluster = installation.cluster
    apply(cluster, namespace, server("one"))
    all_running(installation, namespace, "one")

    def strategies(log: WatchLog) -> list[Any]:
        return log.history(
            "Deployment", "one", lambda item: item["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
        )

    with quiet_watch(cluster, namespace) as log:
        domain = "mcpserver.toolhive.stacklok.dev"
        for number, (when, how) in enumerate(
            [
                ("2026-11-01T00:00:00Z", "rolling"),
                ("2026-11-02T00:00:00Z", "immediate"),
                ("2026-11-03T00:00:00Z", "rolling"),
            ]
        ):
            cluster.kubectl(
                *("annotate", "mcpserver", "one", "-n", namespace, "--overwrite"),
                *(f"{domain}/restarted-at={when}", f"{domain}/restart-strategy={how}"),
            )
            wanted = number + 1
            eventually(lambda wanted=wanted: log.rollouts("one") == wanted, message=f"no {how} restart")
            all_running(installation, namespace, "one")
            log.wait_quiet(1)
            expected = ["25%"] if number == 0 else ["25%", "100%", "25%"]
            assert strategies(log) == expected


def test_a_number_that_go_writes_with_21_digits_keeps_nothing_from_running_and_going(
    installation: Installation, namespace: str
) -> None:
    """The API server stores 1e20 where the schema is open, and gives it out as an integer that has no 64 bits."""
    cluster = installation.cluster
    odd = server("odd", "tx", podTemplateSpec={"spec": {"nodeSelector": {"disk": "ssd"}, "odd": 1e20}})
    apply(cluster, namespace, secret("tx-oauth", "s3cr3t"), config("tx"), odd)
    all_running(installation, namespace, "odd")
    assert '"odd":100000000000000000000' in cluster.kubectl("get", "--raw", _path(namespace, "mcpservers/odd")).stdout

    cluster.kubectl("delete", "mcpexternalauthconfig/tx", "-n", namespace, "--wait=false")
    cluster.kubectl("delete", "mcpserver/odd", "-n", namespace, "--timeout=110s")
    cluster.kubectl("wait", "--for=delete", "mcpexternalauthconfig/tx", "-n", namespace, "--timeout=110s")


def _path(namespace: str, what: str) -> str:
    return f"/apis/{TOOLHIVE}/namespaces/{namespace}/{what}"
