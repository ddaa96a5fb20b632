"""What large requests took goes back to the system."""

from __future__ import annotations

import ctypes

TRIM_BYTES = 256 << 10
"""Bytes of a body from which on a request takes megabytes for a moment."""

_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""glibc's: gives free pages back. Other C libraries have none."""


def give_back(received: int) -> None:
    """Give back what is free after a call whose body had so many bytes; after a large one it is worth the 0.1 ms.

    Blocks that live on have settled in the midst of what is free. By itself glibc gives back only what lies behind the
    last of them, and a worker would grow by a megabyte in some 7,000 mixed calls.
    """
    if received >= TRIM_BYTES and _malloc_trim:
        _malloc_trim(0)
