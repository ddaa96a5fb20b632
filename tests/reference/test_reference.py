"""What we make of an input, beside what the reference operator really made of it on a real control plane."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hooks.controllers.mcpserver import go_json
from hooks.protocol import Object
from tests.reference.api_defaults import with_defaults, without_cluster_state
from tests.reference.differences import DIFFERENCES, Children
from tests.world import KINDS, condition, judged, made, sync

HERE = Path(__file__).parent
FAIL_THERE = {"external-auth-missing", "external-auth-secret-missing", "permission-configmap"}
"""Cases in which the reference makes neither RunConfig nor Deployment."""
CASES = sorted({path.parent.name for path in HERE.glob("*/input.yaml")} - FAIL_THERE)


def ours(case: str) -> Children:
    """The children that our hooks return for a case's input."""
    return _comparable(with_defaults(child) for child in _answer(case)["children"])


def _answer(case: str) -> Object:
    objects = [_admitted(obj, case) for obj in _documents(HERE / case / "input.yaml")]
    server = next(obj for obj in objects if obj["kind"] == "MCPServer")
    others = [obj for obj in objects if obj is not server]
    configs = [judged(obj, *others) for obj in others if obj["kind"] not in ("Secret", "ConfigMap")]
    return sync(server, related=[*configs, *(obj for obj in others if obj["kind"] in ("Secret", "ConfigMap"))])


def theirs(case: str) -> Children:
    return _comparable(without_cluster_state(child) for child in _documents(HERE / case / "children.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_children_are_the_references_less_the_listed_differences(case: str) -> None:
    made_by_us, made_by_reference = ours(case), theirs(case)
    for overlook in DIFFERENCES.values():
        overlook(made_by_us)
        overlook(made_by_reference)

    assert made_by_us == made_by_reference
    assert _run_config_text(made_by_us, case) == _run_config_text(made_by_reference, case)


@pytest.mark.parametrize("case", CASES)
def test_runconfig_is_written_as_go_writes_it(case: str) -> None:
    """Indent, order and escapes: the reference's own text comes out of our encoder unchanged."""
    [config_map] = [
        child for child in _documents(HERE / case / "children.yaml") if "runconfig.json" in child.get("data", {})
    ]
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
    answer = _answer(case)

    found = condition(answer, condition_type)
    assert found is not None
    assert (answer["status"]["phase"], *found[:2]) == ("Failed", "False", reason)
    assert {child["kind"] for child in answer["children"]} == {"Role", "RoleBinding", "ServiceAccount"}


def test_a_permission_profile_in_a_configmap_is_inlined() -> None:
    """The reference looks for the file on its own disk, and makes no RunConfig."""
    run = ours("permission-configmap")["ConfigMap", "permission-configmap-runconfig"]["data"]["runconfig.json"]

    config_map = next(obj for obj in _documents(HERE / "permission-configmap/input.yaml") if obj["kind"] == "ConfigMap")
    [(key, text)] = config_map["data"].items()
    assert run["permission_profile"] == json.loads(text)
    assert run["permission_profile_name_or_path"] == f"/etc/toolhive/profiles/{key}"


def test_every_difference_is_documented_once() -> None:
    headings = [
        line.removeprefix("## ")
        for line in (HERE.parents[1] / "docs/differences.md").read_text().splitlines()
        if line.startswith("## ")
    ]

    assert [heading for heading in headings if heading in DIFFERENCES] == list(DIFFERENCES)


def _admitted(obj: Object, case: str) -> Object:
    kind = next(kind for kind in KINDS.values() if kind.kind == obj["kind"])
    rest = {key: value for key, value in obj.items() if key in ("spec", "data", "stringData")}
    if "stringData" in rest:
        rest["data"] = dict.fromkeys(rest.pop("stringData"), "eA==")
    annotations = {"annotations": obj["metadata"]["annotations"]} if "annotations" in obj["metadata"] else {}
    return made(kind, obj["metadata"]["name"], metadata={"namespace": f"c-{case}", **annotations}, **rest)


def _documents(path: Path) -> list[Object]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def _comparable(children: object) -> Children:
    comparable: Children = {}
    for child in children:  # type: ignore[attr-defined]
        if "runconfig.json" in child.get("data", {}):
            child["data"]["runconfig.json"] = json.loads(child["data"]["runconfig.json"])
        comparable[child["kind"], child["metadata"]["name"]] = child
    return comparable


def _run_config_text(children: Children, case: str) -> str:
    return go_json.indented(children["ConfigMap", f"{case}-runconfig"]["data"]["runconfig.json"])
