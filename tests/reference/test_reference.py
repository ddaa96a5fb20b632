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
from tests.world import child_names, condition


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
def test_a_runconfig_is_written_as_go_writes_it(case: str) -> None:
    """Indent, order and escapes: the reference's own text comes out of our encoder unchanged."""
    [config_map] = [child for child in reference_children(case) if "runconfig.json" in child.get("data", {})]
    text = config_map["data"]["runconfig.json"]

    assert go_json.indented(json.loads(text)) == text


@pytest.mark.parametrize(
    ("case", "reason", "message"),
    [
        (
            "external-auth-missing",
            "ExternalAuthConfigNotFound",
            "MCPExternalAuthConfig 'nope' not found in namespace 'c-external-auth-missing': create it, or remove "
            "spec.externalAuthConfigRef",
        ),
        (
            "external-auth-secret-missing",
            "SecretNotFound",
            "MCPExternalAuthConfig 'nosec': Secret 'nosec-oauth' of namespace 'c-external-auth-secret-missing' not "
            "found: create it, or correct spec.tokenExchange.clientSecretRef.name",
        ),
    ],
)
def test_where_something_is_missing_the_condition_names_it(case: str, reason: str, message: str) -> None:
    answered = answer(case)

    assert answered["status"]["phase"] == "Failed"
    assert condition(answered, "ExternalAuthConfigValidated") == ("False", reason, message)
    runner = f"{case}-proxy-runner"
    assert child_names(answered) == [
        *(f"Role/{runner}", f"RoleBinding/{runner}", f"ServiceAccount/{runner}", f"ServiceAccount/{case}-sa")
    ]


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
