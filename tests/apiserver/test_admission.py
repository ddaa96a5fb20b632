"""The API server and the models refuse the same objects at the same places, and mean the same by those they take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.api.kinds import MCP_REMOTE_PROXY, MCP_SERVER, CustomResource
from hooks.api.meta import Model
from hooks.kubernetes.objects import Object
from tests.apiserver.broken_rules import BROKEN_RULES
from tests.apiserver.corpus import BAD, GOOD
from tests.apiserver.objects import MODELS, Refusal, custom, dry_run, model_places, stored
from tests.controlplane import ControlPlane
from tests.unit.specs import EVERYTHING, EXTERNAL_AUTH, IDS, PLACES, TOOLS, Path, changed, errors, put, written
from tests.unit.structural import nodes, root

pytestmark = pytest.mark.apiserver

KINDS = {model: kind for kind, model in MODELS.items()}


def shown(value: object) -> str:
    """A parameter in a test's name."""
    return str(value)[:80]


@pytest.mark.parametrize(("kind", "spec", "places"), BAD, ids=shown)
def test_a_bad_object_is_refused_where_the_models_refuse_it(
    cluster: ControlPlane, kind: str, spec: Object, places: list[str]
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
    assert refused.places == model_places(KINDS[model], spec) == [written(path)]


@pytest.mark.parametrize(("kind", "spec", "place"), BROKEN_RULES, ids=shown)
def test_a_broken_rule_is_told_in_the_models_words(cluster: ControlPlane, kind: str, spec: Object, place: str) -> None:
    refused = dry_run(cluster, custom(kind, spec))
    (line,) = errors(MODELS[kind], spec)
    told, _, complaints = line.partition(": ")

    assert isinstance(refused, Refusal)
    assert (refused.places, told) == ([place], place)
    told_by_models = [complaint.removesuffix("…") for complaint in complaints.split("; ")]  # long ones are cut
    assert [complaint for complaint in told_by_models if complaint not in refused.message] == []


def test_every_rule_is_broken_once() -> None:
    rules = {
        (kind, rule["message"])
        for kind in MODELS
        for _, node in nodes(root(kind)["properties"]["spec"])
        for rule in node.get("x-kubernetes-validations", ())
    }
    told = [(kind, line) for kind, spec, _ in BROKEN_RULES for line in errors(MODELS[kind], spec)]

    assert [
        (kind, message)
        for kind, message in sorted(rules)
        if not any(kind == other and message[:80] in line for other, line in told)
    ] == []


@pytest.mark.parametrize(("kind", "places"), [("MCPServer", ["spec.image"]), ("MCPExternalAuthConfig", ["spec.type"])])
def test_an_object_without_a_spec_is_refused(cluster: ControlPlane, kind: str, places: list[str]) -> None:
    """The models, which are given the spec alone, name what it lacks."""
    refused = dry_run(cluster, custom(kind, None))

    assert isinstance(refused, Refusal)
    assert "spec is required" in refused.message
    assert model_places(kind, None) == places


@pytest.mark.parametrize("name", ["a" * 51, "a.b", f"{'a' * 50}.b"])
@pytest.mark.parametrize(
    ("kind", "spec"), [(MCP_SERVER, {"image": "mcp:1"}), (MCP_REMOTE_PROXY, {"remoteUrl": "https://mcp.acme.test"})]
)
def test_a_workload_whose_services_could_not_have_its_name_is_refused(
    cluster: ControlPlane, kind: CustomResource, spec: Object, name: str
) -> None:
    refused = dry_run(cluster, custom(kind.kind, spec, name))
    broken = [rule.message for rule in kind.name_rules if not rule.holds(name)]

    assert isinstance(refused, Refusal)
    assert broken != []
    assert [message for message in broken if message not in refused.message] == []
    assert refused.message.count("metadata.name must") == len(broken)


@pytest.mark.parametrize(
    ("kind", "spec", "name"),
    [
        ("MCPServer", {"image": "mcp:1"}, "a" * 50),
        ("MCPRemoteProxy", {"remoteUrl": "https://mcp.acme.test"}, "a" * 46),
        ("MCPExternalAuthConfig", EXTERNAL_AUTH, f"{'a' * 200}.b"),
        ("MCPToolConfig", TOOLS, f"{'a' * 200}.b"),
    ],
    ids=shown,
)
def test_other_names_are_taken(cluster: ControlPlane, kind: str, spec: Object, name: str) -> None:
    assert dry_run(cluster, custom(kind, spec, name)) == custom(kind, stored(kind, spec), name)


def test_kubectl_says_what_is_wrong_and_where(cluster: ControlPlane) -> None:
    def refusal(**fields: object) -> str:
        obj = json.dumps(custom("MCPServer", {"image": "mcp:1", **fields}))
        return cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=obj, check=False).stderr

    assert refusal(port=0) == (
        'The MCPServer "demo" is invalid: spec.port: Invalid value: 0: '
        "spec.port in body should be greater than or equal to 1\n"
    )
    assert refusal(target_port=1).endswith('strict decoding error: unknown field "spec.target_port"\n')


@pytest.mark.parametrize(("kind", "spec"), GOOD, ids=shown)
def test_a_good_object_is_stored_with_the_models_defaults(
    cluster: ControlPlane, kind: str, spec: Object | None
) -> None:
    wanted = None if spec is None else stored(kind, spec)

    assert dry_run(cluster, custom(kind, spec)) == custom(kind, wanted)


@pytest.mark.parametrize(("model", "document"), EVERYTHING, ids=shown)
def test_a_spec_with_every_field_set_is_stored_as_it_is(
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
        assert answer.places == model_places(KINDS[model], spec) != []
    else:
        assert answer == custom(KINDS[model], stored(KINDS[model], spec))
