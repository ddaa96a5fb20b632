"""A state in words: its phase and reason, and the commands that show more of the pods."""

from __future__ import annotations

from typing import NamedTuple


class State(NamedTuple):
    """The state of what runs for a server, or of a part of it."""

    phase: str
    reason: str
    message: str


class Part(NamedTuple):
    """The pods of which messages speak, and how kubectl finds them."""

    who: str
    """`Proxy` or `MCP server`."""
    owner: str
    """What makes them, as kubectl has it: `deployment/demo`."""
    selector: str
    """Their labels, as kubectl has them: their names change."""
    namespace: str

    def logs(self, container: str, *, previous: bool = False) -> str:
        """The command that shows a container's log."""
        again = " --previous" if previous else ""
        return f"kubectl logs {self.owner} -n {self.namespace} -c {container}{again}"

    @property
    def describe(self) -> str:
        """The command that shows the pods' events."""
        return f"kubectl describe pods -l {self.selector} -n {self.namespace}"
