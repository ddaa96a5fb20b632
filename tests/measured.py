"""Coverage of what tests start: servers and commands get clean environments, to which this adds coverage's own part."""

from __future__ import annotations

import os


def measured() -> dict[str, str]:
    """The variables with which coverage starts itself in a program that is started now; none without --cov."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}
