"""What `migrate` says of a cluster's CRDs by their schemas. Those of ToolHive 0.22.0 differ from ours as here."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest

from hooks.api.crd import crds
from hooks.cluster import CRD, LiveCluster
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.migrate.checks import crd_faults, crd_notes, installed_crds
from tests.world import external_auth, server, tool_config

SERVERS = "mcpservers.toolhive.stacklok.dev"
TEXT = {"type": "string"}
REF = {"type": "object", "properties": {"name": TEXT, "audience": TEXT}}
PRESERVE = "x-kubernetes-preserve-unknown-fields"
IN_PLACE = "put these hooks' CRD in place"
REMEDY = (
    f"Use other fields in them, or convert a copy (docs/migrating.md, step 3). Then {IN_PLACE}: kubectl apply -k crds/"
)


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

    def versions(self, plural: str) -> dict[str, Object]:
        return {
            version["name"]: version for version in self.crds[f"{plural}.toolhive.stacklok.dev"]["spec"]["versions"]
        }

    def schema(self, plural: str, part: str) -> Object:
        found: Object = self.versions(plural)["v1beta1"]["schema"]["openAPIV3Schema"]["properties"][part]
        return found

    def faults(self) -> list[str]:
        live = cast("LiveCluster", self)
        return list(crd_faults(live, installed_crds(live)))

    def notes(self) -> list[str]:
        return list(crd_notes(installed_crds(cast("LiveCluster", self))))


def newer(*objects: Object) -> Cluster:
    """A cluster whose MCPServers have fields that no release has, two of them with defaults, and lack some of ours."""
    cluster = Cluster(*objects)
    properties = cluster.schema("mcpservers", "spec")["properties"]
    properties |= {"loginRef": REF, "lastPort": {"type": "integer", "default": 8080}, "teamRef": REF}
    telemetry = properties["telemetry"]["properties"]["openTelemetry"]["properties"]
    telemetry["useNewAttributes"] = {"type": "boolean", "default": True}
    properties["env"]["items"]["properties"]["valueFrom"] = REF
    del properties["port"], properties["oidcConfig"]
    return cluster


KEEPS = (
    f"CustomResourceDefinition {SERVERS} keeps fields that these hooks don't know: spec.env[].valueFrom, "
    "spec.lastPort, spec.loginRef, spec.teamRef, spec.telemetry.openTelemetry.useNewAttributes"
)


def test_our_own_crds_are_in_order() -> None:
    assert Cluster(server()).faults() == Cluster(server()).notes() == []


def test_fields_that_no_object_sets_are_told_with_the_way_out() -> None:
    """A default that the CRD puts everywhere is nobody's wish."""
    untouched = server(lastPort=8080, telemetry={"openTelemetry": {"useNewAttributes": True}}, teamRef=None)

    assert newer(untouched).faults() == [f"{KEEPS}. No MCPServer sets one: {IN_PLACE}, kubectl apply -k crds/"]


def test_fields_that_are_set_are_told_with_the_objects() -> None:
    objects = [
        server(loginRef={"name": "corp"}, lastPort=8080),
        server("other", lastPort=9000, env=[{"name": "A", "value": ""}, {"name": "B", "value": "", "valueFrom": {}}]),
        server("third", telemetry={"openTelemetry": {"useNewAttributes": False}}),
        server("old"),
    ]

    assert newer(*objects).faults() == [
        f"{KEEPS}. Objects that set one would be Failed: MCPServer team-a/demo (spec.loginRef), "
        "team-a/other (spec.env[1].valueFrom, spec.lastPort), "
        f"team-a/third (spec.telemetry.openTelemetry.useNewAttributes). {REMEDY}"
    ]


def test_of_many_objects_five_are_named() -> None:
    named = ", ".join(f"team-a/s{number} (spec.loginRef)" for number in range(5))

    assert newer(*(server(f"s{number}", loginRef={}) for number in range(9))).faults() == [
        f"{KEEPS}. Objects that set one would be Failed: MCPServer {named}, and 4 more. {REMEDY}"
    ]


@pytest.mark.parametrize(
    ("plural", "at", "said", "user"),
    [
        (
            "mcpexternalauthconfigs",
            ("properties", "tokenExchange", "properties", "subject"),
            "spec.tokenExchange.subject",
            external_auth(subject="x"),
        ),
        (
            "mcptoolconfigs",
            ("properties", "toolsOverride", "additionalProperties", "properties", "summary"),
            "spec.toolsOverride[*].summary",
            tool_config(toolsOverride={"a": {"name": "b", "summary": "x"}}),
        ),
    ],
)
def test_configs_are_looked_at_too(plural: str, at: tuple[str, ...], said: str, user: Object) -> None:
    cluster = Cluster(user)
    place = cluster.schema(plural, "spec")
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = TEXT

    named = f"{user['kind']} team-a/{user['metadata']['name']} ({said.replace('[*]', '.a')})"
    assert cluster.faults() == [
        f"CustomResourceDefinition {plural}.toolhive.stacklok.dev keeps fields that these hooks don't know: {said}. "
        f"Objects that set one would be Failed: {named}. {REMEDY}"
    ]


@pytest.mark.parametrize("at", [("spec",), ("spec", "oidcConfig"), ()])
def test_where_a_crd_keeps_everything_objects_tell(at: tuple[str, ...]) -> None:
    cluster = Cluster(server(oidcConfig={"a": 1}))
    place: Any = cluster.versions("mcpservers")["v1beta1"]["schema"]["openAPIV3Schema"]
    for step in at:
        place = place["properties"][step]
    place[PRESERVE] = True
    if not at:
        del place["properties"]

    path = ".".join(at or ("spec",))
    assert cluster.faults() == [
        f"CustomResourceDefinition {SERVERS} keeps fields that these hooks don't know: {path}.*. Objects that set one "
        "would be Failed: MCPServer team-a/demo (spec.oidcConfig.a). "
        f"{REMEDY}"
    ]


def test_fields_that_a_crd_lacks_are_noted() -> None:
    """October's has no status.observedGeneration: each status that is written would differ from what is stored."""
    cluster = newer()
    del cluster.schema("mcpservers", "status")["properties"]["observedGeneration"]

    assert cluster.notes() == [
        f"CustomResourceDefinition {SERVERS} lacks fields that these hooks read or write: spec.oidcConfig, spec.port, "
        "status.observedGeneration. Put their own in place before you start them: kubectl apply -k crds/"
    ]


def test_a_crd_without_the_stored_version_is_to_be_replaced_first() -> None:
    """Those of releases up to 0.22 have v1alpha1 alone; their fields are looked at all the same."""
    cluster = newer(server(loginRef={}))
    versions = cluster.versions("mcpservers")
    cluster.crds[SERVERS]["spec"]["versions"] = [{**versions["v1beta1"], "name": "v1alpha1"}]

    assert cluster.faults() == [
        f"{KEEPS}. Objects that set one would be Failed: MCPServer team-a/demo (spec.loginRef). {REMEDY}",
        f"CustomResourceDefinition {SERVERS} doesn't serve v1beta1, as which these hooks read MCPServer: put their own "
        "in place, and then run this again: kubectl apply -k crds/",
    ]


def test_a_version_that_these_hooks_do_not_know_is_all_that_is_said() -> None:
    cluster = newer()
    for version in cluster.crds[SERVERS]["spec"]["versions"]:
        version["name"] = version["name"].replace("v1", "v2")

    assert cluster.faults() == [
        f"CustomResourceDefinition {SERVERS} stores or serves v2alpha1, v2beta1: these hooks serve v1beta1 and "
        "v1alpha1 alone, and their CRD can't take its place"
    ]
