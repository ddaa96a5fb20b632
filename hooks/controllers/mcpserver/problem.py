"""Why an MCPServer's RunConfig and Deployment can't be computed now."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One reason, in the words of the condition that will say it."""

    condition: str
    """Type of the condition."""
    reason: str
    message: str
    waiting: bool = False
    """Whether it passes by itself: somebody else's turn, nobody's fault."""
