"""Memory of a process, as Linux tells it."""

from __future__ import annotations

from pathlib import Path


def memory(pid: int | str, what: str = "VmRSS") -> int:
    """Bytes that a process has resident now, or, with `VmHWM`, that it had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{what}:")) * 1024
