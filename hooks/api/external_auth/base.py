"""What the types of external auth have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hooks.api.meta import Model

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, section 5.6.2."""


class ExternalAuth(Model):
    """The settings of one type of external auth."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no proxy or endpoint would."""
        yield from ()
