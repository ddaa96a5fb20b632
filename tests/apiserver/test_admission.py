"""The API server and the models refuse the same objects at the same places, and mean the same by those they take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.api.mcpserver import MCP_SERVER
from hooks.api.meta import Model
from hooks.protocol import Object
from tests.apiserver.objects import MODELS, Refusal, as_stored, custom, dry_run, model_places
from tests.controlplane import ControlPlane
from tests.unit.specs import (
    EVERYTHING,
    EXTERNAL_AUTH,
    IDS,
    PLACES,
    SERVER,
    TOKEN_EXCHANGE,
    TOOLS,
    Path,
    changed,
    errors,
    put,
    written,
)

pytestmark = pytest.mark.apiserver

KINDS = {model: kind for kind, model in MODELS.items()}
POLICIES = {"policies": ["permit();"]}
QUANTITIES = ["", "1", "0", "+1", "500m", "1.5", ".5", "5.", "256Mi", "2Gi", "1E", "1k", "1e3", "1E-3", "100n", "0.5u"]
NO_QUANTITIES = ["banana", "1ki", "-1", "1 ", " 1", "1e", "1e1.5", "1MB", ".", "1,5", "1\n", "0x10", "5 Gi"]
NO_URLS = ["", "idp", "ftp://idp", "https://", " https://idp", "https://idp/a b", "https://idp\n"]

BAD_SERVERS: list[tuple[Object, set[str]]] = [
    ({"image": None}, {"spec.image"}),
    ({"transport": "http"}, {"spec.transport"}),
    ({"transport": ""}, {"spec.transport"}),
    ({"proxyMode": "stdio"}, {"spec.proxyMode"}),
    ({"port": 0}, {"spec.port"}),
    ({"port": 65536}, {"spec.port"}),
    ({"port": "8080"}, {"spec.port"}),
    ({"port": 80.5}, {"spec.port"}),
    ({"targetPort": -1}, {"spec.targetPort"}),
    ({"args": [None]}, {"spec.args[0]"}),
    ({"env": [{"name": "A", "value": "a"}, {"name": "B"}]}, {"spec.env[1].value"}),
    ({"env": [{}]}, {"spec.env[0].name", "spec.env[0].value"}),
    ({"volumes": [{"name": "data"}]}, {"spec.volumes[0].hostPath", "spec.volumes[0].mountPath"}),
    ({"secrets": [{"name": "secret"}]}, {"spec.secrets[0].key"}),
    ({"permissionProfile": {"type": "configMap", "name": "p", "key": "k"}}, {"spec.permissionProfile.type"}),
    ({"permissionProfile": {}}, {"spec.permissionProfile.name"}),
    ({"toolConfigRef": {}}, {"spec.toolConfigRef.name"}),
    ({"externalAuthConfigRef": {"name": 1}}, {"spec.externalAuthConfigRef.name"}),
    ({"oidcConfig": {"type": "google"}}, {"spec.oidcConfig.type"}),
    ({"oidcConfig": {"type": "inline", "inline": {}}}, {"spec.oidcConfig.inline.issuer"}),
    ({"oidcConfig": {"type": "configMap", "configMap": {}}}, {"spec.oidcConfig.configMap.name"}),
    ({"authzConfig": {"type": "inline", "inline": {"policies": []}}}, {"spec.authzConfig.inline.policies"}),
    (
        {"telemetry": {"openTelemetry": {"tracing": {"samplingRate": 0.5}}}},
        {"spec.telemetry.openTelemetry.tracing.samplingRate"},
    ),
    (
        {"resourceOverrides": {"proxyDeployment": {"imagePullSecrets": [{}], "labels": {"tier": 1}}}},
        {
            "spec.resourceOverrides.proxyDeployment.imagePullSecrets[0].name",
            "spec.resourceOverrides.proxyDeployment.labels.tier",
        },
    ),
    ({"image": 1, "port": 0, "audit": True}, {"spec.image", "spec.port", "spec.audit"}),
    *(({"resources": {"limits": {"cpu": text}}}, {"spec.resources.limits.cpu"}) for text in NO_QUANTITIES),
    ({"resources": {"requests": {"memory": 1024}}}, {"spec.resources.requests.memory"}),
]
BAD_EXTERNAL_AUTHS: list[tuple[Object, set[str]]] = [
    ({}, {"spec.type"}),
    ({"tokenExchange": TOKEN_EXCHANGE}, {"spec.type"}),
    ({**EXTERNAL_AUTH, "type": "awsSts"}, {"spec.type"}),
    (
        {"type": "tokenExchange", "tokenExchange": {}},
        {f"spec.tokenExchange.{name}" for name in ("audience", "clientId", "clientSecretRef", "tokenUrl")},
    ),
    (
        {"type": "tokenExchange", "tokenExchange": {**TOKEN_EXCHANGE, "clientSecretRef": {"name": "secret"}}},
        {"spec.tokenExchange.clientSecretRef.key"},
    ),
    *(
        (
            {"type": "tokenExchange", "tokenExchange": {**TOKEN_EXCHANGE, "tokenUrl": url}},
            {"spec.tokenExchange.tokenUrl"},
        )
        for url in NO_URLS
    ),
]
BAD = [
    *(("MCPServer", {"image": "mcp:1", **fields}, places) for fields, places in BAD_SERVERS),
    *(("MCPExternalAuthConfig", spec, places) for spec, places in BAD_EXTERNAL_AUTHS),
    ("MCPToolConfig", {"toolsFilter": "search"}, {"spec.toolsFilter"}),
    ("MCPToolConfig", {"toolsOverride": {"search": {"name": 1}}}, {"spec.toolsOverride.search.name"}),
]


@pytest.mark.parametrize(("kind", "spec", "places"), BAD)
def test_a_bad_object_is_refused_where_the_models_refuse_it(
    cluster: ControlPlane, kind: str, spec: Object, places: set[str]
) -> None:
    refused = dry_run(cluster, custom(kind, spec))

    assert isinstance(refused, Refusal)
    assert refused.places == model_places(kind, spec) == places
    assert [place for place in places if f"{place}: " not in refused.message] == []


@pytest.mark.parametrize(("model", "document", "path"), PLACES, ids=IDS)
def test_a_wrong_type_is_refused_at_every_place(
    cluster: ControlPlane, model: type[Model], document: Object, path: Path
) -> None:
    found: Any = document
    for step in path:
        found = found[step]
    spec = changed(document, path, put("7" if type(found) is int else 7.5))

    refused = dry_run(cluster, custom(KINDS[model], spec))

    assert isinstance(refused, Refusal)
    assert refused.places == model_places(KINDS[model], spec) == {written(path)}


@pytest.mark.parametrize(
    ("kind", "spec", "place"),
    [
        ("MCPServer", {"permissionProfile": {"type": "configmap", "name": "p"}}, "spec.permissionProfile"),
        ("MCPServer", {"permissionProfile": {"type": "configmap", "name": "p", "key": ""}}, "spec.permissionProfile"),
        ("MCPServer", {"oidcConfig": {"type": "inline"}}, "spec.oidcConfig"),
        ("MCPServer", {"oidcConfig": {"type": "inline", "inline": None}}, "spec.oidcConfig"),
        ("MCPServer", {"oidcConfig": {"type": "configMap", "inline": {"issuer": "i"}}}, "spec.oidcConfig"),
        ("MCPServer", {"authzConfig": {}}, "spec.authzConfig"),
        ("MCPServer", {"authzConfig": {"inline": POLICIES}}, "spec.authzConfig"),
        ("MCPServer", {"authzConfig": {"configMap": {"name": "c"}, "inline": POLICIES}}, "spec.authzConfig"),
        ("MCPExternalAuthConfig", {"type": "tokenExchange"}, "spec"),
        ("MCPExternalAuthConfig", {"type": "tokenExchange", "tokenExchange": None}, "spec"),
    ],
)
def test_a_broken_rule_is_told_in_the_models_words(cluster: ControlPlane, kind: str, spec: Object, place: str) -> None:
    spec = {"image": "mcp:1", **spec}
    refused = dry_run(cluster, custom(kind, spec))
    (line,) = errors(MODELS[kind], spec)
    told, _, complaints = line.partition(": ")

    assert isinstance(refused, Refusal)
    assert (refused.places, told) == ({place}, place)
    assert [complaint for complaint in complaints.split("; ") if complaint not in refused.message] == []


@pytest.mark.parametrize(("kind", "places"), [("MCPServer", {"spec.image"}), ("MCPExternalAuthConfig", {"spec.type"})])
def test_an_object_without_a_spec_is_refused(cluster: ControlPlane, kind: str, places: set[str]) -> None:
    """The models, which are given the spec alone, name what it lacks."""
    refused = dry_run(cluster, custom(kind, None))

    assert isinstance(refused, Refusal)
    assert (refused.places, model_places(kind, None)) == ({"spec"}, places)


@pytest.mark.parametrize("name", ["a" * 51, "a.b", f"{'a' * 50}.b"])
def test_a_server_whose_services_could_not_have_its_name_is_refused(cluster: ControlPlane, name: str) -> None:
    refused = dry_run(cluster, custom("MCPServer", {"image": "mcp:1"}, name))
    broken = [rule.message for rule in MCP_SERVER.name_rules if not rule.holds(name)]

    assert isinstance(refused, Refusal)
    assert broken != []
    assert [message for message in broken if message not in refused.message] == []
    assert refused.message.count("metadata.name must") == len(broken)


@pytest.mark.parametrize(
    ("kind", "spec", "name"),
    [
        ("MCPServer", {"image": "mcp:1"}, "a" * 50),
        ("MCPExternalAuthConfig", EXTERNAL_AUTH, f"{'a' * 200}.b"),
        ("MCPToolConfig", TOOLS, f"{'a' * 200}.b"),
    ],
)
def test_other_names_are_taken(cluster: ControlPlane, kind: str, spec: Object, name: str) -> None:
    assert isinstance(dry_run(cluster, custom(kind, spec, name)), dict)


def test_kubectl_says_what_is_wrong_and_where(cluster: ControlPlane) -> None:
    def refusal(**spec: object) -> str:
        obj = json.dumps(custom("MCPServer", {"image": "mcp:1", **spec}))
        return cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=obj, check=False).stderr

    assert refusal(port=0) == (
        'The MCPServer "demo" is invalid: spec.port: Invalid value: 0: '
        "spec.port in body should be greater than or equal to 1\n"
    )
    assert refusal(target_port=1).endswith('strict decoding error: unknown field "spec.target_port"\n')


GOOD_SERVERS: list[Object] = [
    {},
    SERVER,
    {"port": 1, "targetPort": 65535},
    {"serviceAccount": "", "args": [], "env": [{"name": "A", "value": ""}]},
    {"resources": {"limits": {}}, "resourceOverrides": {"proxyDeployment": {"labels": {}}, "proxyService": {}}},
    {"resourceOverrides": {"proxyDeployment": {"annotations": {"a": None, "b": "c"}}}},
    {"permissionProfile": {"name": "none"}, "volumes": [{"name": "data", "hostPath": "/srv", "mountPath": "/data"}]},
    {"oidcConfig": {}},
    {"oidcConfig": {"kubernetes": {}, "configMap": {"name": "oidc"}, "inline": {"issuer": "https://idp.test"}}},
    {"authzConfig": {"configMap": {"name": "authz"}}},
    {"authzConfig": {"type": "inline", "inline": POLICIES}},
    {"audit": {}, "telemetry": {"openTelemetry": {"metrics": {}, "tracing": {}}, "prometheus": {}}},
    {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "tty": None, "unknown": 1.5}]}}},
    {"imagePolicy": "Always", "target_port": 1},
    *({"resources": {"limits": {"cpu": text}, "requests": {"memory": text}}} for text in QUANTITIES),
]
GOOD = [
    *(("MCPServer", {"image": "mcp:1", **fields}) for fields in GOOD_SERVERS),
    ("MCPExternalAuthConfig", EXTERNAL_AUTH),
    ("MCPToolConfig", None),
    ("MCPToolConfig", {}),
    ("MCPToolConfig", TOOLS),
    ("MCPToolConfig", {"toolsOverride": {"search": {}}}),
]


@pytest.mark.parametrize(("kind", "spec"), GOOD)
def test_a_good_object_is_stored_with_the_models_defaults(
    cluster: ControlPlane, kind: str, spec: Object | None
) -> None:
    model = MODELS[kind].parse(spec)

    assert dry_run(cluster, custom(kind, spec)) == custom(kind, None if spec is None else as_stored(model))


@pytest.mark.parametrize(("model", "document"), EVERYTHING)
def test_a_spec_with_every_field_is_stored_as_it_is(
    cluster: ControlPlane, model: type[Model], document: Object
) -> None:
    obj = custom(KINDS[model], document)

    assert dry_run(cluster, obj) == obj


@pytest.mark.parametrize(("model", "document", "path"), PLACES, ids=IDS)
def test_a_null_is_read_as_the_models_read_it(
    cluster: ControlPlane, model: type[Model], document: Object, path: Path
) -> None:
    spec = changed(document, path, put(None))
    answer = dry_run(cluster, custom(KINDS[model], spec))

    if isinstance(answer, Refusal):
        assert answer.places == model_places(KINDS[model], spec) != set()
    else:
        assert answer == custom(KINDS[model], as_stored(model.parse(spec)))
