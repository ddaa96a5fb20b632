"""The cluster's CRDs change under servers that run, and its history is dropped: they lose nothing by it.

These tests come last: the API server ends the watches of others for a while.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.controlplane import ControlPlane, WatchLog
from tests.controlplane.assets import ROOT
from tests.e2e.chaos.fleet import Fleet
from tests.e2e.installation import TOOLHIVE, Installation, uids

pytestmark = [pytest.mark.e2e, pytest.mark.chaos, pytest.mark.timeout(900)]

GROUP = TOOLHIVE.partition("/")[0]
EVERY = 1.0
"""Seconds from one change of the cluster to the next."""


def compact(cluster: ControlPlane) -> None:
    """Drop etcd's history: whoever watches from an older revision has to list everything again."""

    def ask(path: str, **body: Any) -> Any:
        with closing(http.client.HTTPConnection("127.0.0.1", cluster.etcd_port, timeout=10)) as connection:
            connection.request("POST", path, json.dumps(body))
            return json.loads(connection.getresponse().read())

    revision = ask("/v3/kv/range", key="AA==")["header"]["revision"]
    ask("/v3/kv/compaction", revision=revision, physical=True)


def add_field(cluster: ControlPlane, plural: str, number: int) -> None:
    """Change the schema of a CRD, as an upgrade does: the API server ends all watches of the kind."""
    path = f"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/added{number}"
    change = [{"op": "add", "path": path, "value": {"type": "string"}}]
    cluster.kubectl("patch", "crd", f"{plural}.{GROUP}", "--type=json", "-p", json.dumps(change))


@contextmanager
def changing_crds(cluster: ControlPlane) -> Iterator[None]:
    """Change schemas and drop history, again and again; in the end the CRDs are as before."""
    ends = threading.Event()

    def change() -> None:
        for number in itertools.count():
            for plural in ("mcpservers", "mcpexternalauthconfigs", "mcptoolconfigs"):
                add_field(cluster, plural, number)
            compact(cluster)
            if ends.wait(EVERY):
                return

    thread = threading.Thread(target=change, name="changes CRDs")
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
        cluster.kubectl("replace", "-k", ROOT / "crds")


def test_schemas_that_change_and_history_that_is_dropped_during_rollouts(installation: Installation) -> None:
    cluster = installation.cluster
    fleet = Fleet.deploy(installation, "schemas", users=6, bystanders=2)
    before = uids(cluster, fleet.namespace)
    with WatchLog(cluster, ["apps/v1/Deployment"], fleet.namespace, relist=True) as log:
        with changing_crds(cluster):
            fleet.roll_often(5, every=3)
            fleet.settle()
        fleet.roll()
        fleet.settle()
        log.wait_quiet(3)

        assert uids(cluster, fleet.namespace) == before
        assert all(1 <= log.rollouts(name) <= 6 for name in fleet.users)
        assert [log.rollouts(name) for name in fleet.bystanders] == [0, 0]
