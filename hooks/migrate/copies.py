"""Objects as a copy has them that was made before their CRD was replaced.

A CRD that doesn't know a field hides it from every reader. The copy still has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from hooks.convert.objects import WORKLOADS, is_ours
from hooks.convert.sources import sources
from hooks.kubernetes.objects import Object
from hooks.manifests.load import InputError
from hooks.migrate.dialects import old_fields
from hooks.text import title


def as_copied(workloads: Iterable[Object], path: Path) -> tuple[list[Object], list[str]]:
    """Return workloads with the specs of their copies, and why some can't be had so.

    One that was made since stays as it is. One that was changed since may have lost for good what its CRD hides.

    Args:
        workloads: as the cluster has them.
        path: the copy, as `kubectl get -o yaml` prints it.

    Raises:
        InputError: the copy can't be read, or is none.
    """
    copies = _copies(path)
    found, changed = [], []
    for workload in workloads:
        copied = copies.get(workload["metadata"]["uid"], workload)
        if copied["metadata"].get("generation") == workload["metadata"].get("generation"):
            found.append({**workload, "spec": copied["spec"]})
        elif old_fields(workload):
            changed.append(
                f"{title(workload)} was changed since the copy: write it in current fields, as the copy has it"
            )
        else:
            found.append(workload)
    return found, changed


def _copies(path: Path) -> dict[str, Object]:
    """Return the workloads of a copy by uid, which a manifest written by hand doesn't have.

    Raises:
        InputError: the file can't be read, or isn't what kubectl printed.
    """
    copies = {}
    files, _ = sources([str(path)], BytesIO())
    for obj in (obj for file in files for _, _, obj in file.objects() if is_ours(obj) and obj["kind"] in WORKLOADS):
        metadata = obj.get("metadata")
        uid = metadata.get("uid") if isinstance(metadata, dict) else None
        if not isinstance(uid, str) or not isinstance(obj.get("spec"), dict):
            raise InputError(
                f"{path}: an {obj['kind']} has no uid or no spec, so this is no copy of a cluster's objects. "
                "Give --from the output of `kubectl get -o yaml`, from before the CRDs were replaced"
            )
        copies[uid] = obj
    return copies
