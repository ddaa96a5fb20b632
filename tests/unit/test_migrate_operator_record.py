"""The record of what the old operator asked for, from the objects that it really made."""

from __future__ import annotations

import copy
import json

import pytest

from hooks.kubernetes.objects import Object
from hooks.migrate.managed_fields import MANAGER
from hooks.migrate.operator_record import reconstruct_last_applied
from tests.reference.api_defaults import with_defaults, without_cluster_state
from tests.reference.cases import ALL, inputs, reference_children

USUAL_STRATEGY = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}


def server_of(case: str) -> Object:
    [server] = [obj for obj in inputs(case) if obj["kind"] == "MCPServer"]
    return {**server, "metadata": {**server["metadata"], "uid": "uid-1"}}


def child_of(case: str, kind: str, name: str = "") -> Object:
    name = name or case
    return next(obj for obj in reference_children(case) if (obj["kind"], obj["metadata"]["name"]) == (kind, name))


def fields(value: object) -> Object:
    """managedFields of somebody who wrote all of a value, as the API server notes them."""
    if isinstance(value, dict):
        return {f"f:{key}": fields(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {".": {}} | {
            f"k:{json.dumps({'name': item['name']}, separators=(',', ':'))}": {".": {}} | fields(item) for item in value
        }
    return {}


def managed(obj: Object, *entries: tuple[str, Object]) -> Object:
    noted = [{"manager": manager, "operation": "Update", "fieldsV1": fields(wrote)} for manager, wrote in entries]
    return {**obj, "metadata": {**obj["metadata"], "managedFields": noted}}


@pytest.mark.parametrize("case", ALL)
def test_with_the_api_servers_defaults_the_record_is_the_object_again(case: str) -> None:
    """So nothing that the operator asked for is missing. Named exceptions: replicas, and Metacontroller's label."""
    server = server_of(case)
    for child in reference_children(case):
        record = reconstruct_last_applied(child, server)
        assert record is not None
        assert record["metadata"].pop("namespace") == child["metadata"]["namespace"]
        assert record["metadata"]["labels"].pop("controller-uid") == "uid-1"
        if not record["metadata"]["labels"]:
            del record["metadata"]["labels"]
        if record["kind"] == "Deployment":
            assert "replicas" not in record["spec"]
            record["spec"]["strategy"] = USUAL_STRATEGY
        completed = with_defaults(record)
        for container in completed.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
            container["imagePullPolicy"] = "Always"  # of `latest`, which is the reference's
        assert completed == without_cluster_state(child)


def test_a_record_holds_what_the_operator_wrote_and_no_default() -> None:
    record = reconstruct_last_applied(child_of("volumes-resources", "Deployment"), server_of("volumes-resources"))

    assert record is not None
    pod = record["spec"]["template"]["spec"]
    assert set(record["spec"]) == {"selector", "template"}
    assert set(pod) == {"serviceAccountName", "securityContext", "containers", "volumes"}
    assert set(pod["containers"][0]) == {
        *("name", "image", "args", "ports", "env", "resources", "securityContext", "volumeMounts"),
        *("livenessProbe", "readinessProbe"),
        "imagePullPolicy",  # it follows from the image, and is to go with it
    }
    assert set(pod["containers"][0]["livenessProbe"]) == {
        *("httpGet", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")
    }
    assert all("defaultMode" not in volume.get("configMap", {}) for volume in pod["volumes"])
    assert all("type" not in volume.get("hostPath", {}) for volume in pod["volumes"])


def test_the_record_has_nothing_that_other_writers_added() -> None:
    live = child_of("minimal", "Deployment")
    whole = copy.deepcopy(live)
    del whole["metadata"]["annotations"]
    live["metadata"]["labels"]["team"] = live["metadata"]["annotations"]["note"] = "theirs"
    template = live["spec"]["template"]
    template["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "2026-11-01T00:00:00Z"}
    template["spec"]["containers"].append({"name": "sidecar", "image": "theirs:1"})
    live["spec"]["replicas"] = 7

    expected = reconstruct_last_applied(whole, server_of("minimal"))
    assert reconstruct_last_applied(live, server_of("minimal")) == expected
    template["spec"]["containers"][0]["env"].append({"name": "THEIRS", "value": "x"})
    assert (
        reconstruct_last_applied(managed(live, (MANAGER, whole), ("kubectl-edit", live)), server_of("minimal"))
        == expected
    )


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("ghcr.io/x/proxyrunner", "Always"),
        ("localhost:5000/proxyrunner", "Always"),
        ("ghcr.io/x/proxyrunner:latest", "Always"),
        ("ghcr.io/x/proxyrunner:v0.2.23", "IfNotPresent"),
        (f"ghcr.io/x/proxyrunner@sha256:{'a' * 64}", "IfNotPresent"),
        (f"ghcr.io/x/proxyrunner:latest@sha256:{'a' * 64}", "IfNotPresent"),
    ],
)
def test_the_record_has_the_pull_policy_that_the_api_server_chose_for_the_image(image: str, policy: str) -> None:
    live = child_of("minimal", "Deployment")
    [container] = live["spec"]["template"]["spec"]["containers"]
    container["image"] = image

    def recorded(observed: str) -> str | None:
        container["imagePullPolicy"] = observed
        record = reconstruct_last_applied(live, server_of("minimal"))
        assert record is not None
        found: str | None = record["spec"]["template"]["spec"]["containers"][0].get("imagePullPolicy")
        return found

    other = "Always" if policy == "IfNotPresent" else "IfNotPresent"
    assert (recorded(policy), recorded(other)) == (policy, None)


@pytest.mark.parametrize("manager", ["velero-server", "metacontroller"])
def test_the_record_has_nothing_that_others_added_to_a_restored_object(manager: str) -> None:
    """A backup was restored, or the hooks made it and were left: the operator's name is nowhere."""
    live = child_of("resource-overrides", "Deployment")
    whole = copy.deepcopy(live)
    expected = reconstruct_last_applied(whole, server_of("resource-overrides"))
    pod = live["spec"]["template"]["spec"]
    env, volume = {"name": "HTTPS_PROXY", "value": "http://proxy"}, {"name": "theirs", "emptyDir": {}}
    pod["containers"][0]["env"].append(env)
    pod["volumes"].append(volume)
    theirs = {"containers": [{"name": "toolhive", "env": [env]}], "volumes": [volume]}
    edit = {"spec": {"template": {"spec": theirs}}}

    record = reconstruct_last_applied(
        managed(live, (manager, whole), ("kubectl-edit", edit)), server_of("resource-overrides")
    )

    assert record == expected


@pytest.mark.parametrize("case", ALL)
def test_fields_written_by_a_restore_count_as_the_operators(case: str) -> None:
    server = server_of(case)
    for child in reference_children(case):
        assert reconstruct_last_applied(managed(child, ("velero-server", child)), server) == reconstruct_last_applied(
            child, server
        )


def test_the_record_has_fields_that_the_operator_wrote_before_the_spec_changed() -> None:
    """Only managedFields can say whose a label is that the spec doesn't have any more."""
    live = child_of("resource-overrides", "Service", "mcp-resource-overrides-proxy")
    server = server_of("resource-overrides")
    del server["spec"]["resourceOverrides"]

    with_fields, without = (
        reconstruct_last_applied(managed(live, (MANAGER, live)), server),
        reconstruct_last_applied(live, server),
    )

    assert with_fields is not None
    assert without is not None
    assert (with_fields["metadata"]["labels"]["sl"], with_fields["metadata"]["annotations"]) == ("1", {"sa": "1"})
    assert "sl" not in without["metadata"]["labels"]
    assert "annotations" not in without["metadata"]


def test_a_field_that_another_manager_wrote_last_is_not_in_the_record() -> None:
    live = child_of("minimal", "ConfigMap", "minimal-runconfig")
    theirs = {"data": live["data"]}
    rest = {key: value for key, value in live.items() if key != "data"}

    record = reconstruct_last_applied(managed(live, (MANAGER, rest), ("kubectl-edit", theirs)), server_of("minimal"))

    assert record is not None
    assert record["data"] == {}


def test_a_map_whose_keys_are_all_another_managers_is_not_in_the_record() -> None:
    """The API server notes the map alone with the operator then: `f:annotations: {}`."""
    live = child_of("resource-overrides", "Service", "mcp-resource-overrides-proxy")
    live["metadata"]["annotations"] = {"sa": "theirs", "external-dns.alpha.kubernetes.io/hostname": "mcp.acme.test"}
    first = {**live, "metadata": {**live["metadata"], "annotations": {}}}
    theirs = {"metadata": {"annotations": live["metadata"]["annotations"]}}

    record = reconstruct_last_applied(
        managed(live, (MANAGER, first), ("kubectl-edit", theirs)), server_of("resource-overrides")
    )

    assert record is not None
    assert "annotations" not in record["metadata"]
    assert record["metadata"]["labels"].keys() == {*live["metadata"]["labels"], "controller-uid"}
    assert record["spec"]["selector"] == live["spec"]["selector"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("ConfigMap", "minimal"), ("Service", "mcp-minimal-headless"), ("StatefulSet", "minimal"), ("Role", "minimal")],
)
def test_there_is_no_record_of_what_the_operator_never_made(kind: str, name: str) -> None:
    child = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "c-minimal"}}

    assert reconstruct_last_applied(child, server_of("minimal")) is None
