"""Durations as Go reads and prints them: "1m" is one minute, which Go prints as "1m0s"."""

from __future__ import annotations

import re
from fractions import Fraction

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,  # Go takes the Greek letter as well as the micro sign
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
LONGEST = (1 << 63) - 1
"""Go's durations are 64-bit integers."""
MAX_LENGTH = 64
"""Characters of a duration that is read at all: a tenant writes it, and long numbers take long."""
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"[-+]?({_PART.pattern})+", re.ASCII)


def read(text: str) -> int | None:
    """Return how many nanoseconds a duration has; None where Go's time.ParseDuration wouldn't read it."""
    if len(text) > MAX_LENGTH:
        return None
    if text.lstrip("+-") == "0" and len(text) <= len("-0"):
        return 0
    if not _DURATION.fullmatch(text):
        return None
    total = sum(int(Fraction(number) * NANOSECONDS[unit]) for number, unit in _PART.findall(text))
    if total > LONGEST:
        return None
    return -total if text.startswith("-") else total


def write(nanoseconds: int) -> str:
    """Return a duration that isn't negative as Go's Duration.String prints it."""
    if nanoseconds == 0:
        return "0s"
    for unit in ("ns", "µs", "ms"):
        if nanoseconds < NANOSECONDS["s"] and nanoseconds < NANOSECONDS[unit] * 1000:
            return f"{_decimal(nanoseconds, NANOSECONDS[unit])}{unit}"
    hours, rest = divmod(nanoseconds, NANOSECONDS["h"])
    minutes, rest = divmod(rest, NANOSECONDS["m"])
    parts = [f"{hours}h"] if hours else []
    parts += [f"{minutes}m"] if hours or minutes else []
    return "".join([*parts, f"{_decimal(rest, NANOSECONDS['s'])}s"])


def _decimal(amount: int, unit: int) -> str:
    """A number of units, without zeros at its end."""
    whole, rest = divmod(amount, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)
