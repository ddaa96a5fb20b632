"""What large requests do to the process that works on them."""

import ctypes
from pathlib import Path

import pytest

from hooks.server.turns import LARGE, Turns
from tests.unit.test_serve import MIB

IN_BETWEEN = 50
"""Of so many blocks one lives on, and keeps one page of twelve."""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="it takes glibc")
def test_what_a_large_request_took_goes_back_whatever_lives_on_in_the_midst_of_it() -> None:
    before = resident()
    with Turns().take(LARGE):
        taken = [bytes([1]) * 1000 for _ in range(100_000)]
        most = resident()
        live_on = taken[::IN_BETWEEN]
        del taken

    assert most - before > 80 * MIB
    assert resident() - before < 20 * MIB
    assert len(live_on) == 100_000 / IN_BETWEEN


def resident() -> int:
    """Bytes that this process has in memory."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024
