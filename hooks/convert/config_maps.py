"""The ConfigMap that a workload means, among files that may be those of several clusters."""

from __future__ import annotations

from collections.abc import Sequence

from hooks.convert.parts import NotConvertible
from hooks.convert.sources import Source
from hooks.go_json import to_json
from hooks.kubernetes.objects import Object


def find_config_map(files: Sequence[Source], of: Source, workload: Object, name: str) -> Object | None:
    """Return the data of a ConfigMap in the namespace of a workload; None where it isn't among the files.

    Args:
        files: all of them.
        of: the workload's file: the ConfigMap in the same folder counts where several differ.
        workload: the one that refers to it.
        name: the ConfigMap's.

    Raises:
        NotConvertible: there are several that differ, and none is nearer than the others.
    """
    neighbours = [file for file in files if of.path and file.path and file.path.parent == of.path.parent]
    for near in (files, neighbours, [of]):
        found = {to_json(data): data for file in near for data in _data(file, workload, name)}
        if not found and near is files:
            return None
        if len(found) == 1:
            return next(iter(found.values()))
    raise NotConvertible(f"there are several ConfigMaps {name} that differ: convert each cluster's files by themselves")


def _data(file: Source, workload: Object, name: str) -> list[Object]:
    namespace = workload["metadata"].get("namespace") or "default"
    return [
        obj["data"]
        for _, _, obj in file.objects()
        if (obj.get("apiVersion"), obj.get("kind")) == ("v1", "ConfigMap")
        and isinstance(metadata := obj.get("metadata"), dict)
        and (metadata.get("namespace") or "default", metadata.get("name")) == (namespace, name)
        and isinstance(obj.get("data"), dict)
    ]
