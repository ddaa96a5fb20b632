"""What Kubernetes' own Go makes of a podTemplateSpec, and of `$` in an argument: the same as we do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hooks import go_json
from hooks.api.pod_template import PodTemplate, read_pod_template
from tests.apiserver.oracle import Oracle
from tests.expansion import expand
from tests.pod_templates import one_field_each, pod_templates
from tests.unit.test_pod_patch import patch_of
from tools import pod_template_schema

pytestmark = pytest.mark.apiserver

OUR_OWN = ("is there twice, in two spellings: remove one", ".name must be a string", " must not be negative")
"""Go takes a container without a name, the last of two spellings, and quantities below zero."""
TEXT_WITH_DOLLARS = st.text("$()AB\n€ ", max_size=20)


def test_the_schema_is_that_of_the_kubernetes_that_is_pinned(oracle: Oracle) -> None:
    version, folder = pod_template_schema.module()
    published = json.loads((folder / "api/openapi-spec/swagger.json").read_text())["definitions"]

    made = pod_template_schema.text(pod_template_schema.schema(version, published, oracle.ask(fields=True)["fields"]))

    assert made == pod_template_schema.FILE.read_text()


def test_each_value_in_each_field_is_judged_as_by_go(oracle: Oracle) -> None:
    templates = [template for template in one_field_each() if isinstance(template, dict)]

    wrong = [template for template in templates if not same_verdict(oracle, template)]

    assert len(templates) > 20_000
    assert wrong == [], len(wrong)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pod_templates())
def test_any_template_is_judged_as_by_go(oracle: Oracle, template: Any) -> None:
    assert same_verdict(oracle, template)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pod_templates())
def test_the_patch_is_what_the_runner_would_get_of_the_reference(oracle: Oracle, template: Any) -> None:
    """Less zero values, which are nothing where a patch is merged; keys and amounts to the letter."""
    if isinstance(read_pod_template(template), str):
        return
    ours = patch_of(podTemplateSpec=template, serviceAccount="mine")
    named = {**template, "spec": {**(template.get("spec") or {}), "serviceAccountName": "mine"}}
    theirs = oracle.ask(template=named)["operator"]["written"]
    assert json.dumps(without_zeros(ours)) == json.dumps(without_zeros(theirs))

    read = [oracle.ask(template=patch)["runner"] for patch in (ours, theirs)]

    assert [set(one) for one in read] == [{"written"}] * 2
    assert without_zeros(read[0]) == without_zeros(read[1])


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXT_WITH_DOLLARS, st.dictionaries(st.text("AB$( ", max_size=2), st.text("$()A", max_size=4), max_size=3))
def test_the_tests_expand_variables_as_the_kubelet_does(oracle: Oracle, text: str, env: dict[str, str]) -> None:
    assert expand(text, env) == oracle.ask(expand=text, env=env).get("expanded", "")


def same_verdict(oracle: Oracle, template: Any) -> bool:
    ours = read_pod_template(json.loads(go_json.compact(template)))
    theirs = oracle.ask(template=template)
    if isinstance(ours, str) and ours.endswith(OUR_OWN):
        return True
    return isinstance(ours, PodTemplate) == ("fault" not in theirs["operator"])


def without_zeros(value: Any) -> Any:
    if isinstance(value, dict):
        parts = {key: without_zeros(inner) for key, inner in value.items()}
        return {key: inner for key, inner in parts.items() if inner not in (None, "", 0, [], {})}
    return [without_zeros(item) for item in value] if isinstance(value, list) else value
