"""What the models read: every field, defaults, nulls."""

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec, ToolAnnotations, ToolOverride
from hooks.api.meta import Model
from hooks.api.status import StoredCondition
from hooks.api.workload import MetadataOverrides
from hooks.kubernetes.objects import Object
from tests.unit.config_specs import ANNOTATIONS, TOOLS
from tests.unit.specs import EVERYTHING, IDS, PLACES, Path, changed, errors, put, written
from tests.unit.workload_specs import SERVER


@pytest.mark.parametrize(("model", "document"), EVERYTHING)
def test_everything_that_a_user_writes_is_kept(model: type[Model], document: Object) -> None:
    """No field is dropped, renamed or altered on the way in and out."""
    assert model.parse(document).model_dump(by_alias=True, exclude_unset=True) == document


def test_a_server_with_an_image_alone_has_these_defaults() -> None:
    """What a spec with an image alone means."""
    assert MCPServerSpec.parse({"image": "mcp:1"}).model_dump(by_alias=True) == {
        "image": "mcp:1",
        "transport": "stdio",
        "proxyMode": None,
        "proxyPort": None,
        "mcpPort": None,
        "port": None,
        "targetPort": None,
        "args": [],
        "env": [],
        "volumes": [],
        "resources": None,
        "secrets": [],
        "serviceAccount": None,
        "permissionProfile": None,
        "podTemplateSpec": None,
        "resourceOverrides": None,
        "oidcConfigRef": None,
        "oidcConfig": None,
        "authzConfig": None,
        "authzConfigRef": None,
        "audit": None,
        "toolConfigRef": None,
        "tools": [],
        "externalAuthConfigRef": None,
        "authServerRef": None,
        "webhookConfigRef": None,
        "telemetryConfigRef": None,
        "telemetry": None,
        "trustProxyHeaders": False,
        "endpointPrefix": "",
        "groupRef": None,
        "sessionAffinity": "ClientIP",
        "replicas": None,
        "backendReplicas": None,
        "sessionStorage": None,
        "rateLimiting": None,
    }


BLOCKS_WITH_DEFAULTS = {
    "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data", "readOnly": False}],
    "secrets": [{"name": "secret", "key": "key", "targetEnvName": ""}],
    "resources": {"limits": {"cpu": "", "memory": ""}, "requests": None},
    "permissionProfile": {"type": "builtin", "name": "none", "key": ""},
    "resourceOverrides": {
        "proxyDeployment": {
            "annotations": None,
            "labels": None,
            "podTemplateMetadataOverrides": None,
            "env": [],
            "imagePullSecrets": [],
            "nodeSelector": {},
            "tolerations": [],
            "affinity": None,
            "topologySpreadConstraints": [],
            "priorityClassName": "",
        },
        "proxyService": None,
    },
    "oidcConfig": {
        "type": "kubernetes",
        "resourceUrl": "",
        "kubernetes": {
            "serviceAccount": "",
            "namespace": "",
            "audience": "toolhive",
            "issuer": "https://kubernetes.default.svc",
            "jwksUrl": "",
            "introspectionUrl": "",
            "useClusterAuth": None,
        },
        "configMap": {"name": "oidc", "key": "oidc.json"},
        "inline": {
            "issuer": "https://idp.test",
            "audience": "",
            "jwksUrl": "",
            "introspectionUrl": "",
            "clientId": "",
            "clientSecret": "",
            "thvCABundlePath": "",
            "jwksAuthTokenPath": "",
            "jwksAllowPrivateIP": False,
        },
    },
    "authzConfig": {
        "type": "configMap",
        "configMap": {"name": "authz", "key": "authz.json"},
        "inline": None,
        "groupClaimName": "",
        "roleClaimName": "",
        "groupEntityType": "",
    },
    "audit": {"enabled": False},
    "telemetry": {
        "openTelemetry": {
            "enabled": False,
            "endpoint": "",
            "serviceName": "",
            "headers": [],
            "insecure": False,
            "metrics": {"enabled": False},
            "tracing": {"enabled": False, "samplingRate": "0.05"},
        },
        "prometheus": {"enabled": False},
    },
}


def test_an_empty_block_has_its_defaults() -> None:
    """A block that is there, however empty, has its defaults."""
    blocks = {
        "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data"}],
        "secrets": [{"name": "secret", "key": "key"}],
        "resources": {"limits": {}},
        "permissionProfile": {"name": "none"},
        "resourceOverrides": {"proxyDeployment": {}},
        "oidcConfig": {"kubernetes": {}, "configMap": {"name": "oidc"}, "inline": {"issuer": "https://idp.test"}},
        "authzConfig": {"configMap": {"name": "authz"}},
        "audit": {},
        "telemetry": {"openTelemetry": {"metrics": {}, "tracing": {}}, "prometheus": {}},
    }

    spec = MCPServerSpec.parse({"image": "mcp:1", **blocks}).model_dump(by_alias=True)

    assert {name: spec[name] for name in blocks} == BLOCKS_WITH_DEFAULTS


def test_inline_authz_has_no_entities_by_default() -> None:
    spec = MCPServerSpec.parse({"image": "mcp:1", "authzConfig": {"type": "inline", "inline": {"policies": ["p"]}}})

    assert spec.authz_config
    assert spec.authz_config.inline.model_dump(by_alias=True) == {
        "policies": ["p"],
        "entitiesJson": "[]",
        "primaryUpstreamProvider": "",
    }


def test_an_empty_service_account_is_not_an_absent_one() -> None:
    """Absent: an account is made; empty: the pod template's own is used."""
    assert MCPServerSpec.parse({"image": "mcp:1", "serviceAccount": ""}).service_account == ""
    assert MCPServerSpec.parse({"image": "mcp:1"}).service_account is None


def test_an_empty_map_is_not_an_absent_one() -> None:
    """Empty annotations for the pods let the Deployment's through."""
    overrides = MetadataOverrides.parse({"annotations": {}})

    assert overrides.annotations == {}
    assert overrides.labels is None


def test_a_tool_config_may_be_empty() -> None:
    assert MCPToolConfigSpec.parse({}) == MCPToolConfigSpec.parse(None) == MCPToolConfigSpec()


@pytest.mark.parametrize("name", ["target_port", "imagePolicy"])
def test_unknown_fields_and_python_names_are_no_fields(name: str) -> None:
    assert [line.partition(": ")[0] for line in errors(MCPServerSpec, {"image": "mcp:1", name: 1})] == [f"spec.{name}"]


def test_python_names_are_for_python() -> None:
    assert MCPServerSpec(image="mcp:1", target_port=1).target_port == 1


def test_a_spec_does_not_change() -> None:
    spec = MCPServerSpec.parse({"image": "mcp:1"})

    with pytest.raises(ValidationError) as caught:
        spec.image = "other"

    assert [fault["type"] for fault in caught.value.errors()] == ["frozen_instance"]


@pytest.mark.parametrize(("model", "document", "path"), PLACES, ids=IDS)
def test_null_is_the_same_as_absent(model: type[Model], document: Object, path: Path) -> None:
    """Wherever a field is null: the same spec as without it, or the same complaints. An item of a list is no field."""
    null = changed(document, path, put(None))
    if isinstance(path[-1], int):
        assert errors(model, null) == [f"{written(path)}: must not be null"]
        return
    absent = changed(document, path, lambda holder, step: holder.pop(step))

    assert errors(model, null) == errors(model, absent)
    if not errors(model, absent):
        assert model.parse(null) == model.parse(absent)


def test_a_null_that_equals_absence_is_not_listed_among_the_faults() -> None:
    """A null that is as good as absent doesn't hide what is wrong elsewhere, and isn't among it."""
    assert errors(MCPServerSpec, {"image": None, "transport": None, "port": 0}) == [
        "spec.image: is required",
        "spec.port: must be at least 1, is 0",
    ]


def test_nulls_inside_the_pod_template_are_left_alone() -> None:
    template = {"spec": {"containers": None}}
    spec = MCPServerSpec.parse({"image": "mcp:1", "port": None, "podTemplateSpec": template})

    assert spec.pod_template_spec == template


def test_reading_leaves_the_input_as_it_was() -> None:
    document = {**SERVER, "port": None}
    before = copy.deepcopy(document)
    MCPServerSpec.parse(document)

    assert document == before


@pytest.mark.parametrize(("model", "document", "path"), PLACES, ids=IDS)
def test_a_wrong_type_is_refused_where_it_stands(model: type[Model], document: Object, path: Path) -> None:
    """No type is converted into another; one line says where."""
    found: Any = document
    for step in path:
        found = found[step]
    wrong = 7.5 if not isinstance(found, int) or isinstance(found, bool) else "7"
    lines = errors(model, changed(document, path, put(wrong)))

    assert [line.partition(": ")[0] for line in lines] == [written(path)]


def test_tool_overrides_are_read_by_the_tools_own_names() -> None:
    assert MCPToolConfigSpec.parse(TOOLS).tools_override == {
        "old": ToolOverride(name="new", description="Better.", annotations=ToolAnnotations.parse(ANNOTATIONS))
    }


def test_a_condition_keeps_kubernetes_rules() -> None:
    good = {
        "type": "Ready",
        "status": "True",
        "reason": "Ok",
        "message": "",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }

    assert errors(StoredCondition, good) == []
    assert errors(StoredCondition, {**good, "reason": "not one word"}) == [
        "spec.reason: must be of the form ^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
    ]
    assert errors(StoredCondition, {**good, "reason": ""}) == ["spec.reason: must have 1 or more characters"]
