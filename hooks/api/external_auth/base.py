"""What the types of external auth have in common."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.meta import Model


class ExternalAuth(Model):
    """The settings of one type of external auth."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no proxy or endpoint would."""
        yield from ()
