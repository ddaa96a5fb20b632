"""`serve --record DIR`: each request as a file that can become a test's payload.

The data of Secret objects is masked, and values nested deeper than any hook reads are cut: writing them would recurse
as deep. All else is as it came, a client secret in an OIDC configuration too.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from hooks import strict_json
from hooks.kubernetes.objects import Object

log = logging.getLogger(__name__)

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
            text = json.dumps({"body": masked(strict_json.cut(strict_json.read(body)))}, indent=1, sort_keys=True)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return  # Metacontroller sent no such thing, and it can't be masked for certain
        try:
            with _new_file(folder, f"{kind}-{hook}", numbers[kind, hook]) as file:
                file.write(text)
        except OSError as error:
            log.warning("a request was not recorded: %s", error)

    return record


def _new_file(folder: Path, name: str, numbers: Iterator[int]) -> TextIO:
    """Open a new file. Each worker numbers its own, and passes over numbers that another one has taken."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    while True:
        try:
            return os.fdopen(os.open(folder / f"{name}-{next(numbers):05}.json", flags, 0o600), "w")
        except FileExistsError:
            continue


def masked(request: Object) -> Object:
    """Return a request with the data of its Secrets masked, and without annotations, which repeat it."""
    for secret in ((request.get("related") or {}).get("Secret.v1") or {}).values():
        secret["data"] = dict.fromkeys(secret.get("data") or {}, MASK)
        secret["metadata"].pop("annotations", None)
    return request
