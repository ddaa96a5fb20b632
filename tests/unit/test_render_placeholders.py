"""Placeholders that were left in a manifest, in values that a cluster takes as they are."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from hooks.manifests.problems import Place, Problem
from hooks.render.placeholders import left_in_place
from tests.world import config_map, external_auth, group, server

LEFT = "still has a placeholder in it: put the value in its place"
PLACES = {"MCPServer team-a/demo": Place("a.yaml", 1)}


def warning(of: str, field: str) -> Problem:
    return Problem("warning", LEFT, "PlaceholderLeft", of, field, place=PLACES.get(of))


def fields(**spec: Any) -> list[str]:
    return [problem.field for problem in left_in_place([server(**spec)], [], PLACES)]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"sessionStorage": {"provider": "redis", "address": "<REDIS>:6379"}}, ["spec.sessionStorage.address"]),
        ({"groupRef": {"name": "${TEAM}"}, "endpointPrefix": "/{{ path }}"},
         ["spec.groupRef.name", "spec.endpointPrefix"]),
        ({"resourceOverrides": {"proxyService": {"annotations": {"a": "${A}"}}}},
         ["spec.resourceOverrides.proxyService.annotations.a"]),
        ({"env": [{"name": "A", "value": "https://${DOMAIN}/x"}], "args": ["a", "--token=${TOKEN}"]},
         ["spec.env[0].value", "spec.args[1]"]),
        ({"resourceOverrides": {"proxyDeployment": {"env": [{"name": "A", "value": "${A}"}]}}},
         ["spec.resourceOverrides.proxyDeployment.env[0].value"]),
    ],
)  # fmt: skip
def test_a_placeholder_that_was_left_is_told_with_its_field(spec: Object, found: list[str]) -> None:
    assert fields(**spec) == found


@pytest.mark.parametrize(
    "spec",
    [
        {"args": ["$(HOME)", "<html>", "${random.value}", "{{ x }}"]},
        {"args": ["-c", "exec serve --home ${HOME}"]},
        {"env": [{"name": "PATTERN", "value": "<level> {{ message }} ${random.value}"}]},
        {"podTemplateSpec": {"spec": {"containers": [{"name": "mcp", "command": ["sh", "-c", "${HOME}"]}]}}},
        {"authzConfig": {"type": "inline", "inline": {"policies": ["permit(<P>)"], "entitiesJson": "${E}"}}},
        {"oidcConfig": {"type": "inline", "inline": {"clientSecret": "${x}<y>"}}},
        {"resourceOverrides": {"proxyDeployment": {"annotations": {"a/template": '{{ with secret "x" }}'}}}},
        {"env": [], "port": 8080, "audit": None},
    ],
)
def test_a_text_that_may_be_meant_is_not_told(spec: Object) -> None:
    assert fields(**spec) == []


def test_a_placeholder_that_another_problem_tells_is_not_told_again() -> None:
    config = external_auth(tokenUrl="https://${IDP}/token", scopes=["${SCOPE}"])
    said = [Problem("failed", f"spec.tokenExchange.tokenUrl {LEFT}", object="MCPExternalAuthConfig team-a/tx")]

    assert list(left_in_place([config], said, PLACES)) == [
        warning("MCPExternalAuthConfig team-a/tx", "spec.tokenExchange.scopes[0]")
    ]


def test_objects_of_other_groups_and_what_is_no_spec_are_passed_over() -> None:
    objects = [config_map("a", key="${A}"), {**group(), "spec": "${A}"}, server(sessionAffinity="${A}")]

    assert list(left_in_place(objects, [], PLACES)) == [warning("MCPServer team-a/demo", "spec.sessionAffinity")]
