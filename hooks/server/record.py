"""`serve --record DIR`: each request as a file that can become a test's payload, what Secrets hold masked."""

from __future__ import annotations

import itertools
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from hooks.protocol import Object

MASK = "bWFza2Vk"
"""`masked`, as the API has it in a Secret's data."""

Record = Callable[[str, str, bytes], None]
"""Kind, hook and body of a call."""


def recorder(folder: Path) -> Record:
    """Make what writes each request to a file of its own: `mcpserver-sync-00001.json`, with the body under `body`.

    Raises:
        OSError: the folder can't be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers: defaultdict[tuple[str, str], Iterator[int]] = defaultdict(lambda: itertools.count(1))

    def record(kind: str, hook: str, body: bytes) -> None:
        try:
            text = json.dumps({"body": masked(json.loads(body))}, indent=1, sort_keys=True)
        except (ValueError, TypeError, KeyError, AttributeError):
            return  # Metacontroller sent no such thing, and it can't be masked for certain
        for number in numbers[kind, hook]:
            try:
                # Each worker counts for itself: a number that another has taken is passed over.
                file = os.open(folder / f"{kind}-{hook}-{number:05}.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(file, "w") as written:
                written.write(text)
            return

    return record


def masked(request: Object) -> Object:
    """The request without what its Secrets hold: in their data, and in annotations that repeat it."""
    for secret in ((request.get("related") or {}).get("Secret.v1") or {}).values():
        secret["data"] = dict.fromkeys(secret.get("data") or {}, MASK)
        secret["metadata"].pop("annotations", None)
    return request
