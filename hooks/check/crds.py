"""Whether the cluster has these hooks' CRDs."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.crd import crds
from hooks.check.point import Point
from hooks.cluster import CRD, LiveCluster
from hooks.go_json import same
from hooks.kubernetes import conditions
from hooks.kubernetes.objects import Object
from hooks.text import some

TOPIC = "CRDs"
APPLY = "toolhive-hooks crds | kubectl apply --server-side --force-conflicts -f -"
"""It needs no clone, and takes fields back from the manager that wrote other CRDs."""


def check_crds(live: LiveCluster) -> Iterator[Point]:
    """Whether each CRD is there, served, and of this release."""
    for ours in crds():
        name = ours["metadata"]["name"]
        theirs = live.get(CRD, name)
        if theirs is None:
            yield Point(TOPIC, False, f"{name} isn't installed", APPLY)
            continue
        faults = list(_faults(ours, theirs))
        yield from (Point(TOPIC, False, f"{name} {text}", remedy) for text, remedy in faults)
        if not faults:
            versions = ", ".join(version["name"] for version in ours["spec"]["versions"])
            yield Point(TOPIC, True, f"{name} is of this release ({versions})")


def _faults(ours: Object, theirs: Object) -> Iterator[tuple[str, str]]:
    name = ours["metadata"]["name"]
    wanted = {version["name"]: version for version in ours["spec"]["versions"]}
    there = {version["name"]: version for version in theirs["spec"]["versions"]}
    established = conditions.find(theirs, "Established") or {}
    if established.get("status") != "True":
        yield "isn't established", f"kubectl describe crd {name}"
    missing = [version for version in wanted if not there.get(version, {}).get("served")]
    if missing:
        yield f"doesn't serve {', '.join(missing)}", APPLY
    stored = (theirs.get("status") or {}).get("storedVersions") or []
    if foreign := sorted(set(stored) - set(wanted)):
        yield (
            f"has objects stored as {', '.join(foreign)}, which these hooks don't know",
            "see docs/migrating.md",
        )
    changed = [
        version
        for version in wanted
        if version in there and not same(wanted[version].get("schema"), there[version].get("schema"))
    ]
    if changed:
        lacks = [f"spec.{field}" for field in sorted(_spec_fields(wanted, changed) - _spec_fields(there, changed))]
        hidden = f", and hides {some(lacks)}" if lacks else ""
        yield f"has another schema than this release's in {', '.join(changed)}{hidden}", APPLY


def _spec_fields(versions: dict[str, Object], names: list[str]) -> set[str]:
    """The fields of spec that a CRD knows in these versions."""
    schemas = [versions[name]["schema"]["openAPIV3Schema"].get("properties") or {} for name in names]
    return {field for schema in schemas for field in (schema.get("spec") or {}).get("properties") or {}}
