"""When `migrate` does nothing: what was dropped, what would be, and which operator works where."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import yaml
from click.testing import CliRunner

from hooks.cli import main
from hooks.cluster import LiveCluster
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.migrate.backup import write_backup
from hooks.migrate.dialects import displaced_by_the_way_back, lost_by_the_way_back, old_fields
from hooks.migrate.dropped import dropped_fields
from hooks.migrate.operators import OPERATOR_LEASE, at_work_elsewhere, release, running
from hooks.migrate.plan import merge_difference, merge_patch
from hooks.simulator.cluster import Cluster
from hooks.simulator.run import served_kinds
from tests import takeover_044
from tests.old_operator import stopped_operator
from tests.world import server

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Operators:
    """Deployments and Leases, in the place of a cluster that has them."""

    def __init__(self, *objects: Object) -> None:
        self.objects = objects

    def list(self, kind: Kind, namespace: str = "", **_selectors: str) -> list[Object]:
        return [
            obj for obj in self.objects if obj["kind"] == kind.kind and namespace in ("", obj["metadata"]["namespace"])
        ]


def live(*objects: Object) -> LiveCluster:
    return cast("LiveCluster", Operators(*objects))


def operator(watched: object = None, replicas: int = 1, namespace: str = "toolhive-system") -> Object:
    """The operator's Deployment; `watched` is the value of WATCH_NAMESPACE, or where that comes from."""
    found = stopped_operator("v0.44.0")
    found["metadata"]["namespace"] = namespace
    found["spec"]["replicas"] = replicas
    [container] = found["spec"]["template"]["spec"]["containers"]
    if watched is not None:
        key = "value" if isinstance(watched, str) else "valueFrom"
        container["env"] = [{"name": "OTHER"}, {"name": "WATCH_NAMESPACE", key: watched}]
    return found


def lease(renewed: str = "2026-11-29T11:59:58.000000Z") -> Object:
    spec = {"holderIdentity": "pod_1", "renewTime": renewed}
    return {"kind": "Lease", "metadata": {"name": OPERATOR_LEASE, "namespace": "toolhive-system"}, "spec": spec}


@pytest.mark.parametrize(
    ("watched", "target", "stands_against"),
    [
        (None, "team-a", True),
        ("", "team-a", True),
        ("team-b, team-a", "team-a", True),
        ("team-b,team-c", "team-a", False),
        ("team-b", "", True),
        ({"fieldRef": {"fieldPath": "metadata.namespace"}}, "team-a", False),
        ({"fieldRef": {"fieldPath": "metadata.namespace"}}, "toolhive-system", True),
        ({"configMapKeyRef": {"name": "x", "key": "y"}}, "team-a", True),
    ],
)
def test_an_operator_stands_against_what_it_works_in(watched: object, target: str, stands_against: bool) -> None:
    """By its pods, and by its lease a minute after it stopped."""
    running_now, just_stopped = live(operator(watched)), live(operator(watched, replicas=0), lease())

    assert bool(list(running(running_now, "", NOW, target))) is stands_against
    assert bool(list(running(just_stopped, "", NOW, target))) is stands_against
    assert list(running(live(operator(watched, replicas=0), lease("2026-11-29T11:58:00Z")), "", NOW, target)) == []
    assert bool(list(at_work_elsewhere(running_now, target))) is not stands_against


def test_a_lease_whose_operator_is_not_known_counts_everywhere() -> None:
    assert list(running(live(lease()), "", NOW, "team-a")) == [
        "the old operator still runs, or did a moment ago: Lease toolhive-system/toolhive-operator-leader-election was "
        "renewed 2 s ago by pod_1. Stop it, wait a minute, and run this again"
    ]


def test_a_running_operator_is_told_with_its_namespaces_and_the_command_that_stops_it() -> None:
    [text] = running(live(operator("team-b,team-a")), "", NOW, "team-a")
    assert text == (
        "the old operator still runs in namespace team-a, team-b: Deployment toolhive-system/toolhive-operator has 0 "
        "of 1 pods. Stop it: kubectl scale deployment toolhive-operator -n toolhive-system --replicas=0"
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("ghcr.io/stacklok/toolhive/operator:v0.44.0", (0, 44)),
        ("localhost:5000/operator:0.3.7", (0, 3)),
        ("ghcr.io/stacklok/toolhive/operator:v0.14.1@sha256:" + "a" * 64, (0, 14)),
        ("ghcr.io/stacklok/toolhive/operator:latest", None),
        ("ghcr.io/stacklok/toolhive/operator@sha256:" + "a" * 64, None),
    ],
)
def test_the_release_is_that_of_the_image(image: str, expected: tuple[int, int] | None) -> None:
    found = operator()
    found["spec"]["template"]["spec"]["containers"][0]["image"] = image
    assert release(live(found), "") == expected


OLD = server("old", port=9000, oidcConfig={"type": "kubernetes"})
NEW = server("new", proxyPort=9000, oidcConfigRef={"name": "idp", "audience": "a"})
CONVERT = "Convert them first: toolhive-hooks migrate --convert --apply"
OTHERWISE = "Use its fields in them, or take a newer release"
PLAIN = server("plain", sessionAffinity="ClientIP")


@pytest.mark.parametrize(
    ("of", "named", "lost", "remedy"),
    [
        (None, "0.44", "old (spec.port, spec.oidcConfig)", CONVERT),
        ((0, 44), "0.44", "old (spec.port, spec.oidcConfig)", CONVERT),
        ((0, 15), "0.15", "old (spec.port)", CONVERT),
        ((0, 14), "0.14", "new (spec.oidcConfigRef)", OTHERWISE),
        ((0, 3), "0.3", "new (spec.proxyPort, spec.oidcConfigRef)", OTHERWISE),
    ],
)
def test_the_way_back_is_refused_where_the_operator_does_not_know_a_field(
    of: tuple[int, int] | None, named: str, lost: str, remedy: str
) -> None:
    assert list(lost_by_the_way_back(Cluster(served_kinds(CONTROLLERS), [OLD, NEW, PLAIN]), of)) == [
        f"the old operator, of release {named}, doesn't know fields of 1 of the workloads. Its CRDs would erase them, "
        "and a server that authenticates its callers by one would be open to everyone: "
        f"MCPServer team-a/{lost}. {remedy}"
    ]


def test_where_all_is_known_nothing_stands_against_the_way_back() -> None:
    assert list(lost_by_the_way_back(Cluster(served_kinds(CONTROLLERS), [NEW, PLAIN]), None)) == []
    assert list(lost_by_the_way_back(Cluster(served_kinds(CONTROLLERS), [OLD, PLAIN]), (0, 3))) == []
    assert (old_fields(OLD), old_fields(NEW)) == (["spec.port", "spec.oidcConfig"], [])


def test_the_way_back_names_proxies_whose_place_the_operator_does_not_know() -> None:
    placed = server("placed", resourceOverrides={"proxyDeployment": {"nodeSelector": {"a": "b"}, "labels": {"c": "d"}}})
    unplaced = [
        PLAIN,
        server("x", resourceOverrides={"proxyDeployment": {"labels": {}}}),
        server("y", resourceOverrides=1),
    ]
    kinds = served_kinds(CONTROLLERS)

    assert list(displaced_by_the_way_back(Cluster(kinds, [placed, *unplaced]))) == [
        "the old operator doesn't know where 1 of the proxies are to run, by fields of "
        "spec.resourceOverrides.proxyDeployment: MCPServer team-a/placed (nodeSelector). Its proxies run on any node, "
        "and its own CRDs would erase these fields. An MCPRemoteProxy can say the same in spec.podTemplateSpec"
    ]
    assert list(displaced_by_the_way_back(Cluster(kinds, unplaced))) == []


@pytest.mark.parametrize("case", takeover_044.ALL)
def test_operator_044_left_nothing_dropped(case: str) -> None:
    assert list(dropped_fields(takeover_044.objects(case))) == []


def test_hidden_fields_are_known_by_managed_fields() -> None:
    wrote = {
        "f:image": {},
        "f:oidcConfig": {".": {}, "f:type": {}, "f:inline": {".": {}, "f:clientSecretRef": {"f:name": {}}}},
        "f:env": {".": {}, 'k:{"name":"A"}': {".": {}, "f:valueFrom": {}}},
        "f:loginRef": {"f:name": {}},
    }
    hidden = server(
        oidcConfig={"type": "inline", "inline": {"issuer": "https://idp"}}, env=[{"name": "A", "value": ""}]
    )
    hidden["metadata"]["managedFields"] = [{"manager": "kubectl", "fieldsV1": {"f:spec": wrote}}]

    assert list(dropped_fields([server("other"), hidden])) == [
        "the CRD in place hides fields of objects, 1 in all: MCPServer team-a/demo (spec.env.valueFrom, "
        "spec.loginRef, spec.oidcConfig.inline.clientSecretRef). The next write would erase them, and a server that "
        "authenticates its callers by one would be open. Convert them from the copy that you made before: "
        "toolhive-hooks migrate --convert --from before.yaml --apply (docs/migrating.md, step 3)"
    ]

    hidden["spec"] |= {"oidcConfigRef": {"name": "idp"}, "loginRef": {"name": "x"}, "env": []}
    del hidden["spec"]["oidcConfig"]
    assert list(dropped_fields([hidden])) == [], "said by other fields since"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}, {"b": {"c": 2}, "e": [1, 2], "f": {"g": 1}}),
        ({"a": 1}, {"a": True}),
        ({"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_the_difference_of_two_values_makes_one_of_the_other(old: Object, new: Object) -> None:
    patch = merge_difference(old, new)
    assert repr(merge_patch(old, patch)) == repr(new)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--revert", "--convert"), "--revert and --convert exclude each other: convert first, then go back"),
        (("--force",), "--force, --backup and --from need --convert"),
        (("--backup", "x.yaml"), "--force, --backup and --from need --convert"),
    ],
)
def test_options_that_do_not_go_together_are_told(arguments: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(main, ["migrate", *arguments])
    assert (result.exit_code, result.output.splitlines()[-1]) == (2, f"Error: {said}")


def test_the_backup_is_the_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    obj = server(port=9000)
    obj["metadata"] |= {"resourceVersion": "7", "managedFields": [], "finalizers": ["f"], "annotations": {"a": "b"}}
    write_backup(tmp_path / "b.yaml", [obj])

    assert (tmp_path / "b.yaml").stat().st_mode & 0o777 == 0o600
    [kept] = yaml.safe_load_all((tmp_path / "b.yaml").read_text())
    assert kept["metadata"] == {"name": "demo", "namespace": "team-a", "finalizers": ["f"], "annotations": {"a": "b"}}
    assert kept["spec"] == obj["spec"]
    with pytest.raises(FileExistsError):
        write_backup(tmp_path / "b.yaml", [obj])
