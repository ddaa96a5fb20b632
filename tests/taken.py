"""What running programs have taken of the machine, as Linux tells it."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """Process ids of what this process has started, as of a server's workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def memory(pid: int, what: str = "VmRSS") -> int:
    """Bytes that a process has resident now, or, with `VmHWM`, that it had at most; 0 where it has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{what}:")), 0) * 1024


def processor_seconds(pid: int) -> float:
    """Processor time so far, that of its children included."""
    ticks = 0
    for process in (pid, *children(pid)):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> int:
    """The most memory that was resident, in MiB; with its children's, the sum."""
    return sum(memory(process, "VmHWM") for process in (pid, *children(pid))) >> 20
