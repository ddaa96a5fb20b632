"""What a running program has taken of the machine, its children included, as Linux tells it."""

from __future__ import annotations

import os
import re
from pathlib import Path


def processor_seconds(pid: int) -> float:
    """Processor time so far."""
    ticks = 0
    for process in _family(pid):
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> int:
    """The most memory that was resident, in MiB; of several processes, the sum."""
    peaks = (
        re.search(r"^VmHWM:\s+(\d+) kB", (process / "status").read_text(), re.MULTILINE) for process in _family(pid)
    )
    return sum(int(peak[1]) for peak in peaks if peak) // 1024


def _family(pid: int) -> list[Path]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [Path(f"/proc/{process}") for process in (pid, *children)]
