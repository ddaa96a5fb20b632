"""What `migrate` says of a cluster's CRDs by their schemas. Those of ToolHive 0.22.0 differ from ours as here."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from hooks.api.crd import crds
from hooks.cluster import CRD, LiveCluster
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.migrate.checks import crd_faults, crd_notes
from tests.world import external_auth, server, tool_config

SERVERS = "mcpservers.toolhive.stacklok.dev"
TEXT = {"type": "string"}
REF = {"type": "object", "properties": {"name": TEXT, "audience": TEXT}}
PRESERVE = "x-kubernetes-preserve-unknown-fields"
IN_PLACE = "put these hooks' CRD in place"


class Cluster:
    """CRDs and objects, in the place of a cluster that has them."""

    def __init__(self, *objects: Object) -> None:
        self.crds = {crd["metadata"]["name"]: crd for crd in copy.deepcopy(crds())}
        self.objects = objects

    def get(self, kind: Kind, name: str) -> Object | None:
        assert kind == CRD
        return self.crds.get(name)

    def list(self, kind: Kind) -> list[Object]:
        return [obj for obj in self.objects if obj["kind"] == kind.kind]

    def schema(self, plural: str, part: str) -> Object:
        [version] = self.crds[f"{plural}.toolhive.stacklok.dev"]["spec"]["versions"]
        found: Object = version["schema"]["openAPIV3Schema"]["properties"][part]
        return found

    def faults(self) -> list[str]:
        return list(crd_faults(cast("LiveCluster", self)))

    def notes(self) -> list[str]:
        return list(crd_notes(cast("LiveCluster", self)))


def newer(*objects: Object) -> Cluster:
    """A cluster whose MCPServers have fields of later releases, two of them with defaults, and lack some of ours."""
    cluster = Cluster(*objects)
    properties = cluster.schema("mcpservers", "spec")["properties"]
    properties |= {"oidcConfigRef": REF, "proxyPort": {"type": "integer", "default": 8080}, "groupRef": REF}
    telemetry = properties["telemetry"]["properties"]["openTelemetry"]["properties"]
    telemetry["useLegacyAttributes"] = {"type": "boolean", "default": True}
    properties["env"]["items"]["properties"]["valueFrom"] = REF
    del properties["port"], properties["oidcConfig"]
    return cluster


KEEPS = (
    f"CustomResourceDefinition {SERVERS} keeps fields that these hooks don't know: spec.env[].valueFrom, "
    "spec.groupRef, spec.oidcConfigRef, spec.proxyPort, spec.telemetry.openTelemetry.useLegacyAttributes"
)


def test_our_own_crds_are_in_order() -> None:
    assert Cluster(server()).faults() == Cluster(server()).notes() == []


def test_fields_that_nobody_sets_are_told_with_the_way_out() -> None:
    """A default that the CRD puts everywhere is nobody's wish."""
    untouched = server(proxyPort=8080, telemetry={"openTelemetry": {"useLegacyAttributes": True}}, groupRef=None)

    assert newer(untouched).faults() == [f"{KEEPS}. No MCPServer sets one: {IN_PLACE}, kubectl apply -k crds/"]


def test_fields_that_are_set_are_told_with_the_objects() -> None:
    objects = [
        server(oidcConfigRef={"name": "corp"}, proxyPort=8080),
        server("other", proxyPort=9000, env=[{"name": "A", "value": ""}, {"name": "B", "value": "", "valueFrom": {}}]),
        server("third", telemetry={"openTelemetry": {"useLegacyAttributes": False}}),
        server("old"),
    ]

    assert newer(*objects).faults() == [
        f"{KEEPS}. Objects that set one would be Failed: MCPServer team-a/demo (spec.oidcConfigRef), "
        "team-a/other (spec.env[1].valueFrom, spec.proxyPort), "
        "team-a/third (spec.telemetry.openTelemetry.useLegacyAttributes). Say by other fields what they ask for, and "
        f"then {IN_PLACE}: kubectl apply -k crds/"
    ]


def test_of_many_some_are_named() -> None:
    [fault] = newer(*(server(f"s{number}", oidcConfigRef={}) for number in range(9))).faults()

    assert "team-a/s4 (spec.oidcConfigRef), and 4 more. Say" in fault


@pytest.mark.parametrize(
    ("plural", "at", "said", "user"),
    [
        (
            "mcpexternalauthconfigs",
            ("properties", "tokenExchange", "properties", "subjectTokenType"),
            "spec.tokenExchange.subjectTokenType",
            external_auth(subjectTokenType="x"),
        ),
        (
            "mcptoolconfigs",
            ("properties", "toolsOverride", "additionalProperties", "properties", "annotations"),
            "spec.toolsOverride[*].annotations",
            tool_config(toolsOverride={"a": {"name": "b", "annotations": "x"}}),
        ),
    ],
)
def test_configs_are_looked_at_too(plural: str, at: tuple[str, ...], said: str, user: Object) -> None:
    cluster = Cluster(user)
    place = cluster.schema(plural, "spec")
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = TEXT

    [fault] = cluster.faults()

    name = f"team-a/{user['metadata']['name']}"
    assert f"{plural}.toolhive.stacklok.dev keeps fields that these hooks don't know: {said}. Objects" in fault
    assert f"{user['kind']} {name} ({said.replace('[*]', '.a')})" in fault


@pytest.mark.parametrize("at", [("spec",), ("spec", "oidcConfig"), ()])
def test_where_a_crd_keeps_everything_objects_tell(at: tuple[str, ...]) -> None:
    cluster = Cluster(server(oidcConfig={"a": 1}))
    [version] = cluster.crds[SERVERS]["spec"]["versions"]
    place: Any = version["schema"]["openAPIV3Schema"]
    for step in at:
        place = place["properties"][step]
    place[PRESERVE] = True
    if not at:
        del place["properties"]

    path = ".".join(at or ("spec",))
    assert cluster.faults() == [
        f"CustomResourceDefinition {SERVERS} keeps fields that these hooks don't know: {path}.*. Objects that set one "
        "would be Failed: MCPServer team-a/demo (spec.oidcConfig.a). Say by other fields what they ask for, and then "
        f"{IN_PLACE}: kubectl apply -k crds/"
    ]


def test_what_a_crd_lacks_is_noted() -> None:
    """October's has no status.observedGeneration: each status that is written would differ from what is stored."""
    cluster = newer()
    del cluster.schema("mcpservers", "status")["properties"]["observedGeneration"]

    assert cluster.notes() == [
        f"CustomResourceDefinition {SERVERS} lacks fields that these hooks read or write: spec.oidcConfig, spec.port, "
        "status.observedGeneration. Put their own in place before you start them: kubectl apply -k crds/"
    ]


def test_a_version_that_is_not_served_is_all_that_is_said() -> None:
    cluster = newer()
    cluster.crds[SERVERS]["spec"]["versions"][0]["name"] = "v1beta1"

    assert [fault.partition(":")[0] for fault in cluster.faults()] == [
        f"CustomResourceDefinition {SERVERS} stores or serves v1beta1",
        f"CustomResourceDefinition {SERVERS} doesn't serve v1alpha1",
    ]
