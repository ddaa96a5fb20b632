"""What we make of an input, beside what the reference operator really made of it on a real control plane."""

from __future__ import annotations

import json

import pytest

from hooks import go_json
from hooks.proxy.config_maps import content_checksum as checksum
from tests.reference.api_defaults import with_defaults
from tests.reference.cases import (
    CASES,
    HERE,
    answer,
    comparable,
    inputs,
    overlook_differences,
    reference_children,
    run_config_text,
    theirs,
)
from tests.reference.differences import DIFFERENCES, Children
from tests.world import condition


def ours(case: str) -> Children:
    """The children that our hooks return for a case's input, with the API server's defaults."""
    return comparable(with_defaults(child) for child in answer(case)["children"])


@pytest.mark.parametrize("case", CASES)
def test_children_are_the_references_less_the_listed_differences(case: str) -> None:
    made_by_us, made_by_reference = ours(case), theirs(case)
    overlook_differences(made_by_us, made_by_reference)

    assert made_by_us == made_by_reference
    assert run_config_text(made_by_us, case) == run_config_text(made_by_reference, case)


@pytest.mark.parametrize("case", CASES)
def test_runconfig_is_written_as_go_writes_it(case: str) -> None:
    """Indent, order and escapes: the reference's own text comes out of our encoder unchanged."""
    [config_map] = [child for child in reference_children(case) if "runconfig.json" in child.get("data", {})]
    text = config_map["data"]["runconfig.json"]

    assert go_json.indented(json.loads(text)) == text


@pytest.mark.parametrize(
    ("case", "condition_type", "reason"),
    [
        ("external-auth-missing", "ExternalAuthConfigValidated", "ExternalAuthConfigNotFound"),
        ("external-auth-secret-missing", "ExternalAuthConfigValidated", "SecretNotFound"),
    ],
)
def test_where_something_is_missing_the_condition_names_it(case: str, condition_type: str, reason: str) -> None:
    answered = answer(case)

    found = condition(answered, condition_type)
    assert found is not None
    assert (answered["status"]["phase"], *found[:2]) == ("Failed", "False", reason)
    assert {child["kind"] for child in answered["children"]} == {"Role", "RoleBinding", "ServiceAccount"}


def test_a_permission_profile_in_a_configmap_is_inlined() -> None:
    """The reference looks for the file on its own disk, and makes no RunConfig; no file is named here."""
    run = ours("permission-configmap")["ConfigMap", "permission-configmap-runconfig"]["data"]["runconfig.json"]

    config_map = next(obj for obj in inputs("permission-configmap") if obj["kind"] == "ConfigMap")
    [text] = config_map["data"].values()
    assert run["permission_profile"] == json.loads(text)
    assert "permission_profile_name_or_path" not in run


@pytest.mark.parametrize("case", CASES)
def test_the_content_checksum_is_computed_as_the_reference_computes_it(case: str) -> None:
    [config_map] = [child for child in reference_children(case) if "runconfig.json" in child.get("data", {})]
    metadata = config_map["metadata"]

    expected = metadata["annotations"]["toolhive.stacklok.dev/content-checksum"]
    assert checksum(config_map["data"], metadata["labels"]) == expected


def test_every_difference_is_documented_once() -> None:
    headings = [
        line.removeprefix("## ")
        for line in (HERE.parents[1] / "docs/differences.md").read_text().splitlines()
        if line.startswith("## ")
    ]

    assert [heading for heading in headings if heading in DIFFERENCES] == list(DIFFERENCES)
