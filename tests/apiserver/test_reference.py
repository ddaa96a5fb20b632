"""The reference's cases on a real API server: its defaults on our children, and our statuses in its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from hooks.kubernetes.objects import Object
from tests.apiserver.objects import bare
from tests.controlplane import ControlPlane
from tests.reference.api_defaults import with_defaults, without_cluster_state
from tests.reference.cases import (
    ALL,
    CASES,
    answer,
    comparable,
    namespace_of,
    overlook_differences,
    run_config_text,
    theirs,
    with_status,
)

pytestmark = pytest.mark.apiserver


class Stored(NamedTuple):
    """The children that our hooks return for a case: as they were sent, and as the API server keeps them."""

    case: str
    sent: list[Object]
    kept: list[Object]


@pytest.fixture(scope="module")
def stored(cluster: ControlPlane, request: pytest.FixtureRequest) -> Iterator[Stored]:
    """A case's children, created in the namespace in which the reference's were."""
    case: str = request.param
    namespace = namespace_of(case)
    namespaces = cluster.resource("v1/Namespace")
    namespaces.create(body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    sent = answer(case)["children"]
    kept = [
        cluster.resource(f"{child['apiVersion']}/{child['kind']}").create(body=child, namespace=namespace).to_dict()
        for child in sent
    ]
    yield Stored(case, sent, [without_cluster_state(child) for child in kept])
    namespaces.delete(name=namespace)


@pytest.mark.parametrize("stored", CASES, indirect=True, scope="module")
def test_children_are_the_references_less_the_listed_differences(stored: Stored) -> None:
    made_by_us, made_by_reference = comparable(stored.kept), theirs(stored.case)
    overlook_differences(made_by_us, made_by_reference)

    assert made_by_us == made_by_reference
    assert run_config_text(made_by_us, stored.case) == run_config_text(made_by_reference, stored.case)


@pytest.mark.parametrize("stored", ALL, indirect=True, scope="module")
def test_the_defaults_are_those_that_the_offline_comparison_puts_in(stored: Stored) -> None:
    assert stored.kept == [with_defaults(child) for child in stored.sent]


@pytest.mark.parametrize("case", ALL)
def test_statuses_are_kept_whole(cluster: ControlPlane, namespace: str, case: str) -> None:
    """What the schema doesn't know would be pruned, and written again for ever."""
    for obj in with_status(case):
        resource = cluster.resource(f"{obj['apiVersion']}/{obj['kind']}")
        created = resource.create(body=obj, namespace=namespace).to_dict()
        written = resource.status.replace(body={**created, "status": obj["status"]}, namespace=namespace).to_dict()

        assert bare(written) == {**bare(created), "status": obj["status"]}
