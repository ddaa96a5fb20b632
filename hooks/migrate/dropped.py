"""Fields that a CRD dropped when it took another's place, by managedFields: these still name them.

The fields themselves are hidden from every reader until the first write, which erases them for good. Their names stay
after any write (see controllers/mcpserver/protection.py). A server that asked for authentication by one of them would
be open.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hooks.api.older_fields import REFERENCES, RENAMED
from hooks.kubernetes.objects import Object, raw_spec, spec_fields_written
from hooks.text import some, title

CONVERT = "toolhive-hooks migrate --convert --from before.yaml --apply"


def dropped_fields(objects: Iterable[Object]) -> Iterator[str]:
    """Yield why objects can't be taken over that have lost a field."""
    lost = {title(obj): fields for obj in objects if (fields := _dropped(obj))}
    if lost:
        users = [f"{name} ({some(fields)})" for name, fields in lost.items()]
        yield (
            f"the CRD in place hides fields of objects, {len(lost)} in all: {some(users, '; ')}. The next "
            "write would erase them, and a server that authenticates its callers by one would be open. Convert them "
            f"from the copy that you made before: {CONVERT} (docs/migrating.md, step 3)"
        )


def _dropped(obj: Object) -> list[str]:
    """Return the fields of a spec that were written and aren't there, nor the current ones in their place."""
    spec = raw_spec(obj)
    missing = {field for fields in spec_fields_written(obj) for field in _missing(fields, spec)}
    current = RENAMED | REFERENCES
    return sorted(f"spec.{field}" for field in missing if current.get(field.partition(".")[0]) not in spec)


def _missing(fields: Object, value: Any) -> Iterator[str]:
    """Yield the paths under a mapping that FieldsV1 name and that aren't in it."""
    for key, inner in fields.items():
        name = key.removeprefix("f:")
        if key.startswith("f:") and isinstance(value, dict):
            if name not in value:
                yield name
            else:
                yield from (f"{name}.{path}" for path in _missing(inner, value[name]))
        elif key.startswith("k:") and isinstance(value, list):
            same = [item for item in value if isinstance(item, dict) and json.loads(key[2:]).items() <= item.items()]
            yield from (path for item in same for path in _missing(inner, item))
