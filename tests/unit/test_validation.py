"""What an MCPServer's spec may not say although its schema admits it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object
from hooks.proxy.names import RESERVED_VOLUMES
from tests.world import child, condition, config_map, running, server, sync

POLICY = 'permit(principal, action == Action::"call_tool", resource);'


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ({"image": ""}, "spec.image: image is required"),
        ({"image": "--help"}, "spec.image: must not begin with a hyphen"),
        (
            {"image": "ghcr.io/example/web:1.0.0\n"},
            "spec.image: must not have leading or trailing whitespace",
        ),
        ({"image": "GHCR.io/X/Y"}, "spec.image: must have its repository in lower case"),
        (
            {"image": "acme/$(TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET)"},
            "spec.image: must not have a '$': write out the name of the image, no variable is put in",
        ),
        ({"resources": {"limits": {"cpu": "1" * 1300}}}, "spec.resources.limits.cpu: must have at most 100 characters"),
        (
            {"resources": {"limits": {"memory": "1" * 101}, "requests": {"memory": "1" * 5000}}},
            "spec.resources.limits.memory: must have at most 100 characters; "
            "spec.resources.requests.memory: must have at most 100 characters",
        ),
        (
            {"resources": {"limits": {"cpu": "1e999", "memory": "9223372036854775808"}}},
            "spec.resources.limits.cpu: must be at most 9223372036854775807; "
            "spec.resources.limits.memory: must be at most 9223372036854775807",
        ),
        (
            {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "env": [{"name": "A"}, {"name": "A"}]}]}}},
            "spec.podTemplateSpec: 'A' in the env of container mcp is set elsewhere too",
        ),
        (
            {"transport": "sse", "targetPort": 30080},
            "spec.targetPort: must not be from 30000 to 32767, the range of node ports",
        ),
        ({"serviceAccount": "Not A Name"}, "spec.serviceAccount: must be the name of a ServiceAccount"),
        (
            {
                "sessionStorage": {
                    "provider": "redis",
                    "address": "redis:6379",
                    "passwordRef": {"name": "Not A Name", "key": "a b"},
                }
            },
            "spec.sessionStorage.passwordRef.name: must be the name of a Secret; "
            "spec.sessionStorage.passwordRef.key: must be letters, digits, '-', '_' and '.'",
        ),
        (
            {"authzConfig": {"type": "inline", "inline": {"policies": [POLICY], "entitiesJson": "[1]"}}},
            "spec.authzConfig.inline.entitiesJson: must be a JSON list of objects",
        ),
        (
            {"env": [{"name": "TOKEN", "value": ""}], "secrets": [{"name": "s", "key": "k", "targetEnvName": "TOKEN"}]},
            "spec.secrets[0]: environment variable 'TOKEN' is set elsewhere too",
        ),
        (
            {
                "podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "env": [{"name": "k"}]}]}},
                "secrets": [{"name": "s", "key": "k"}],
            },
            "spec.secrets[0]: environment variable 'k' is set elsewhere too",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {"controller-uid": "x"}}}},
            "spec.resourceOverrides.proxyService.labels: 'controller-uid' is Metacontroller's",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"annotations": {"deployment.kubernetes.io/revision": "9"}}}},
            "spec.resourceOverrides.proxyDeployment.annotations: 'deployment.kubernetes.io/revision' is its "
            "controller's",
        ),
        ({"env": [{"name": "", "value": ""}]}, "spec.env[0].name: environment variable key cannot be empty"),
        ({"env": [{"name": "A=B", "value": ""}]}, "spec.env[0].name: invalid environment variable key: 'A=B'"),
        (
            {"env": [{"name": "A", "value": "x\ny"}]},
            "spec.env[0].value: environment variable value for A contains invalid characters",
        ),
        ({"tools": ["a", ""]}, "spec.tools[1]: tool filter cannot contain empty values"),
        ({"tools": ["a,b"]}, "spec.tools[0]: invalid tool name: 'a,b', cannot contain commas or newlines"),
        ({"tools": ["a", " b"]}, "spec.tools[1]: must not begin or end with a blank"),
        (
            {"resourceOverrides": {"proxyDeployment": {"imagePullSecrets": [{"name": "${REGISTRY}"}]}}},
            "spec.resourceOverrides.proxyDeployment.imagePullSecrets[0].name: must be the name of a Secret",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"labels": {"Acme.test/team": "x"}}}},
            "spec.resourceOverrides.proxyDeployment.labels: 'Acme.test/team' is no label key",
        ),
        (
            {"volumes": [{"name": "v", "hostPath": "", "mountPath": "/v"}]},
            "spec.volumes[0]: volume mount paths cannot be empty in: :/v",
        ),
        (
            {"volumes": [{"name": "v", "hostPath": "/a:b", "mountPath": "/v"}]},
            "spec.volumes[0]: invalid volume mount format: /a:b:/v, expected host-path:container-path[:ro]",
        ),
        (
            {"volumes": [{"name": "runconfig", "hostPath": "/a", "mountPath": "/v"}]},
            "spec.volumes[0].name: 'runconfig' is taken by another volume",
        ),
        (
            {"volumes": [{"name": n, "hostPath": "/a", "mountPath": "/v"} for n in "ab"]},
            "spec.volumes[1].mountPath: '/v' is taken by another volume",
        ),
        (
            {"volumes": [{"name": "a", "hostPath": "/a", "mountPath": "/etc/./runconfig/"}]},
            "spec.volumes[0].mountPath: '/etc/./runconfig/' is taken by another volume",
        ),
        (
            {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1025Mi"}}},
            "spec.resources.requests.memory: must not be more than the limit, 1Gi",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {"a": "b c"}}}},
            "spec.resourceOverrides.proxyService.labels: the value of 'a' must be at most 63 letters, digits, "
            "'-', '_' and '.', the first and last a letter or digit",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"annotations": {"a/b/c": "x"}}}},
            "spec.resourceOverrides.proxyDeployment.annotations: 'a/b/c' is no annotation key",
        ),
        (
            {"resourceOverrides": {"proxyDeployment": {"env": [{"name": "A=B", "value": ""}]}}},
            "spec.resourceOverrides.proxyDeployment.env[0].name: must be printable ASCII without '='",
        ),
    ],
)
def test_a_spec_that_could_not_be_carried_out_is_refused_by_field(spec: Object, fault: str) -> None:
    answer = sync(server(**spec))

    assert condition(answer, "Valid") == ("False", "SpecInvalid", fault)
    assert answer["status"]["phase"] == "Failed"


def test_annotation_keys_are_compared_in_lower_case_as_the_api_server_does() -> None:
    annotations = {"Acme.test/Team": "x", "NOTE": "y"}

    answer = sync(server(resourceOverrides={"proxyService": {"annotations": annotations}}))

    assert condition(answer, "Valid") == ("True", "Valid", "The spec is valid")


def test_the_reserved_volumes_are_those_of_the_proxys_own_pod() -> None:
    profile = {"type": "configmap", "name": "profiles", "key": "p.json"}
    authz = {"type": "inline", "inline": {"policies": [POLICY]}}
    related = [config_map("profiles", **{"p.json": "{}"})]

    answer = sync(server(permissionProfile=profile, authzConfig=authz), related=related)

    pod = child(answer, DEPLOYMENT, "demo")["spec"]["template"]["spec"]
    assert tuple(volume["name"] for volume in pod["volumes"]) == tuple(RESERVED_VOLUMES)
    assert tuple(mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]) == tuple(
        RESERVED_VOLUMES.values()
    )


@pytest.mark.parametrize(
    "quantity", ["0" * 98 + "5E", "1." + "1" * 97 + "E", "9" * 94 + "e-94", "1" * 98 + "Ei", "." + "9" * 94 + "e-999"]
)
def test_the_longest_quantities_are_used(quantity: str) -> None:
    answer = sync(server(resources={"limits": {"cpu": quantity}, "requests": {"cpu": quantity}}))

    assert condition(answer, "Valid") == ("True", "Valid", "The spec is valid")


@pytest.mark.parametrize(
    ("limit", "request_"),
    [("1", "1000m"), ("1Ki", "1024"), ("1k", "1e3"), ("1E", "1000P"), ("0.1", "100000u")],
)
def test_quantities_are_compared_by_their_amount(limit: str, request_: str) -> None:
    answer = sync(server(resources={"limits": {"memory": limit}, "requests": {"memory": request_}}))

    assert condition(answer, "Valid") == ("True", "Valid", "The spec is valid")


def test_a_spec_too_large_to_store_is_refused_and_the_deployment_held() -> None:
    before = running(server())

    answer = sync(server(args=["x" * 300_000]), before)

    status, reason, message = condition(answer, "Valid") or ("", "", "")
    assert (status, reason) == ("False", "TooLarge")
    assert re.sub(r" 30\d{4} ", " 300000 ", message) == (
        "ConfigMap 'demo-runconfig' would have 300000 bytes, more than 250000: shorten what the spec, or a ConfigMap "
        "that it names, puts there"
    )
    assert child(answer, DEPLOYMENT, "demo") == child(sync(server()), DEPLOYMENT, "demo")


def test_a_deeply_nested_template_is_refused() -> None:
    deep: Any = {}
    for _ in range(300):
        deep = {"a": deep}

    found = condition(sync(server(podTemplateSpec=deep)), "Valid")

    assert found == ("False", "SpecInvalid", "spec.podTemplateSpec is nested deeper than about 150 levels")


def test_a_template_that_could_not_be_stored_is_not_looked_into() -> None:
    before = running(server())

    answer = sync(server(podTemplateSpec={"spec": {"tolerations": [{}] * 100_000}}), before)

    fault = "spec.podTemplateSpec has 300026 bytes, more than 250000: shorten it"
    assert condition(answer, "Valid") == ("False", "TooLarge", fault)
    assert condition(answer, "PodTemplateValid") is None
    assert child(answer, DEPLOYMENT, "demo") == child(sync(server()), DEPLOYMENT, "demo")
