"""A copy of objects before they are rewritten: a file that kubectl can put back."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object

RESTORE = "kubectl replace -f"


def write_backup(path: Path, objects: Iterable[Object]) -> None:
    """Write objects as they are to a new file that only its owner can read: specs may hold secrets in clear.

    Finalizers, owners and annotations are kept, since `kubectl replace` takes away what isn't there.

    Raises:
        FileExistsError: there is such a file, perhaps the backup of a run that was interrupted.
    """
    text = yaml.safe_dump_all([_restorable(obj) for obj in objects], sort_keys=False, allow_unicode=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _restorable(obj: Object) -> Object:
    left_out = SERVER_SET_METADATA - {"finalizers", "ownerReferences"}
    metadata = {key: value for key, value in obj["metadata"].items() if key not in left_out}
    return {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "metadata": metadata, "spec": obj.get("spec", {})}
