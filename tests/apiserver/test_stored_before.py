"""What the CRDs of earlier releases stored, our own and ToolHive's: it is read whole by ours, and stays writable."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from kubernetes.dynamic.exceptions import UnprocessibleEntityError

from hooks.api.crd import crds
from hooks.kubernetes.objects import Object
from tests.apiserver.objects import bare
from tests.controlplane import ControlPlane, eventually
from tests.unit.config_specs import EXTERNAL_AUTHS, OIDC_CONFIGS, TOOLS
from tests.unit.structural import defaulted
from tests.unit.workload_specs import OLD_SERVER, SERVER

pytestmark = pytest.mark.apiserver

CRD = "apiextensions.k8s.io/v1/CustomResourceDefinition"
MERGE = "application/merge-patch+json"
DATA = Path(__file__).parent / "stored"
VERSIONS = ("v1alpha1", "v1beta1")
STATUS: Object = {"observedGeneration": 1}
KEYS_OF_ONE_SECRET: Object = {
    "image": "mcp:1",
    "secrets": [{"name": "secret", "key": "a"}, {"name": "secret", "key": "b"}],
    "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
}


class Release(NamedTuple):
    """A release whose CRDs are in stored/: the version in which it stores, and specs of its kinds."""

    name: str
    stores: str
    adds: str
    specs: dict[str, list[Object]]

    @property
    def group(self) -> str:
        """A group of the tests' own: its CRDs change while others use ours."""
        return f"{self.name}.stored.test"


RELEASES = [
    Release(
        "0.1.0",
        "v1alpha1",
        "v1beta1",
        {
            "MCPServer": [{"image": "mcp:1"}, OLD_SERVER, {**OLD_SERVER, **KEYS_OF_ONE_SECRET}],
            "MCPExternalAuthConfig": EXTERNAL_AUTHS[:1],
            "MCPToolConfig": [{}, TOOLS],
        },
    ),
    Release(
        "toolhive-0.44.0",
        "v1beta1",
        "v1alpha1",
        {
            "MCPServer": [{"image": "mcp:1"}, SERVER],
            "MCPExternalAuthConfig": EXTERNAL_AUTHS,
            "MCPToolConfig": [{}, TOOLS],
            "MCPOIDCConfig": OIDC_CONFIGS,
        },
    ),
]


class Stored(NamedTuple):
    """One of these objects."""

    release: Release
    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.release.name}-{self.kind}-{self.number}"

    def manifest(self, version: str) -> Object:
        api_version = f"{self.release.group}/{version}"
        return {"apiVersion": api_version, "kind": self.kind, "metadata": {"name": f"stored-{self.number}"}}

    def accessor(self, cluster: ControlPlane, version: str) -> Any:
        return cluster.resource(f"{self.release.group}/{version}/{self.kind}")

    def read(self, cluster: ControlPlane, version: str) -> Object:
        return dict(self.accessor(cluster, version).get(name=f"stored-{self.number}", namespace="default").to_dict())


STORED = [
    Stored(release, kind, number)
    for release in RELEASES
    for kind, specs in release.specs.items()
    for number, _ in enumerate(specs)
]
EDITS: list[tuple[str, ...]] = [("image",), ("tokenExchange", "audience"), ("inline", "issuer"), ("obo", "audience")]
"""Fields that the tests of edits change, where a spec has one of them."""
Before = dict[str, Object]
"""The objects as they were read by the CRDs that stored them."""


@pytest.fixture(scope="module")
def before(cluster: ControlPlane) -> Iterator[Before]:
    """Objects that were there before; now our CRDs are in the place of those that stored them."""
    objects: Before = {}
    for release in RELEASES:
        older = [in_group(release, crd) for crd in stored_crds(release)]
        for crd in older:
            cluster.resource(CRD).create(body=crd)
        serve(cluster, release, release.stores)
        for stored in (stored for stored in STORED if stored.release is release):
            spec = release.specs[stored.kind][stored.number]
            body = {**stored.manifest(release.stores), "spec": spec}
            made = stored.accessor(cluster, release.stores).create(body=body, namespace="default")
            objects[str(stored)] = made.to_dict()
        for crd in older:
            put_ours(cluster, crd)
        serve(cluster, release, release.adds)
    yield objects
    for release in RELEASES:
        for crd in stored_crds(release):
            cluster.resource(CRD).delete(name=in_group(release, crd)["metadata"]["name"])


def stored_crds(release: Release) -> list[Object]:
    return [yaml.safe_load(path.read_text()) for path in sorted((DATA / release.name).glob("*.yaml"))]


def in_group(release: Release, crd: Object) -> Object:
    moved = copy.deepcopy(crd)
    moved["metadata"]["name"] = f"{crd['spec']['names']['plural']}.{release.group}"
    moved["spec"]["group"] = release.group
    moved["spec"]["names"].pop("shortNames", None)
    return moved


def put_ours(cluster: ControlPlane, crd: Object) -> None:
    """Put the versions of our CRD in the place of this one's."""
    ours = next(our for our in crds() if our["spec"]["names"]["plural"] == crd["spec"]["names"]["plural"])
    change = {"spec": {"versions": ours["spec"]["versions"]}}
    cluster.resource(CRD).patch(name=crd["metadata"]["name"], body=change, content_type=MERGE)


def serve(cluster: ControlPlane, release: Release, version: str) -> None:
    """Wait until every kind is served in a version."""
    for crd in stored_crds(release):
        path = f"/apis/{release.group}/{version}/namespaces/default/{crd['spec']['names']['plural']}"
        eventually(lambda path=path: cluster.kubectl("get", "--raw", path), message=f"{path} is not served")


@pytest.mark.usefixtures("before")
@pytest.mark.parametrize("stored", STORED, ids=str)
class TestStored:
    def test_nothing_is_lost_by_reading(self, cluster: ControlPlane, before: Before, stored: Stored) -> None:
        """What was left out gets the defaults of the version that the object is stored as, without an edit."""
        then = before[str(stored)]
        for version in VERSIONS:
            now = stored.read(cluster, version)
            assert now["spec"] == defaulted(then.get("spec", {}), schema(stored.kind, stored.release.stores))
            assert now["metadata"]["generation"] == then["metadata"]["generation"]

    def test_its_status_can_be_written(self, cluster: ControlPlane, stored: Stored) -> None:
        old = stored.read(cluster, "v1beta1")

        stored.accessor(cluster, "v1beta1").status.replace(body={**old, "status": STATUS}, namespace="default")

        for version in VERSIONS:
            expected = {**stored.manifest(version), "spec": old["spec"], "status": STATUS}
            assert bare(stored.read(cluster, version)) == expected

    def test_a_finalizer_can_be_set_and_taken_away(self, cluster: ControlPlane, stored: Stored) -> None:
        old = stored.read(cluster, "v1beta1")
        for finalizers in (["metacontroller.io/compositecontroller-mcpserver"], None):
            now = stored.read(cluster, "v1beta1")
            body = {**now, "metadata": {**now["metadata"], "finalizers": finalizers}}
            written = stored.accessor(cluster, "v1beta1").replace(body=body, namespace="default").to_dict()
            assert written["metadata"].get("finalizers") == finalizers
            assert (written["spec"], written["metadata"]["generation"]) == (
                old["spec"],
                old["metadata"]["generation"],
            )

    @pytest.mark.parametrize("version", VERSIONS)
    def test_its_spec_can_be_edited(self, cluster: ControlPlane, stored: Stored, version: str) -> None:
        """No rule that came later stands in the way of an edit of another field."""
        old = stored.read(cluster, version)
        edited = copy.deepcopy(old)
        for first, *rest in EDITS:
            holder = edited["spec"] if not rest else edited["spec"].get(first, {})
            if (rest or [first])[0] in holder:
                holder[(rest or [first])[0]] = "other:2"

        made = stored.accessor(cluster, version).replace(body=edited, namespace="default", dry_run="All")

        assert made.to_dict()["spec"] == edited["spec"]


def schema(kind: str, version: str) -> Object:
    """Our schema of a kind's spec in a version."""
    [crd] = [crd for crd in crds() if crd["spec"]["names"]["kind"] == kind]
    [found] = [found for found in crd["spec"]["versions"] if found["name"] == version]
    spec: Object = found["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


@pytest.mark.usefixtures("before")
def test_what_an_older_crd_stored_is_in_both_versions_then_and_it_cannot_come_back(cluster: ControlPlane) -> None:
    release = RELEASES[0]
    [older] = [crd for crd in stored_crds(release) if crd["spec"]["names"]["kind"] == "MCPServer"]
    name = in_group(release, older)["metadata"]["name"]
    found = cluster.get(CRD, name)
    change = {"spec": {"versions": older["spec"]["versions"]}}

    with pytest.raises(UnprocessibleEntityError) as refused:
        cluster.resource(CRD).patch(name=name, body=change, content_type=MERGE)

    assert found is not None
    assert found["status"]["storedVersions"] == ["v1alpha1", "v1beta1"]
    assert 'status.storedVersions[1]: Invalid value: "v1beta1": missing from spec.versions' in refused.value.summary()


@pytest.mark.usefixtures("before")
def test_a_port_of_an_older_manifest_stands_beside_the_one_that_toolhives_crd_put_there(cluster: ControlPlane) -> None:
    """Of which the hooks take the one that isn't 8080."""
    stored = Stored(RELEASES[1], "MCPServer", 0)
    old = {**stored.manifest("v1alpha1"), "spec": {"image": "mcp:1", "port": 9090}}

    cluster.kubectl("apply", "-n", "default", "-f", "-", input=json.dumps(old))

    spec = stored.read(cluster, "v1beta1")["spec"]
    assert (spec["port"], spec["proxyPort"], spec["proxyMode"]) == (9090, 8080, "streamable-http")
