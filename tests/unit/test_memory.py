"""What large requests leave of themselves in the process that answers them."""

import ctypes
import os

import pytest

from hooks.server.large_bodies import LARGE_BODY
from hooks.server.memory import trim_heap
from tests.taken import memory

MIB = 1 << 20
BETWEEN = 50
"""Of so many blocks one lives on, and keeps one page of twelve."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="it takes glibc")
def test_free_memory_between_live_blocks_is_given_back() -> None:
    trim_heap(LARGE_BODY)  # what earlier tests left
    before = memory(os.getpid())
    taken = [bytes([1]) * 1000 for _ in range(100_000)]  # written to: before that they would be no memory
    most = memory(os.getpid())
    live_on = taken[::BETWEEN]
    del taken
    trim_heap(LARGE_BODY)

    assert most - before > 80 * MIB
    assert memory(os.getpid()) - before < 20 * MIB
    assert len(live_on) == 100_000 / BETWEEN, "they live to the end"
