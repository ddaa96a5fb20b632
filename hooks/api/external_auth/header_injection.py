"""External auth of type headerInjection: a fixed header for the backend."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.external_auth.base import ExternalAuth
from hooks.api.meta import SecretKeyRef
from hooks.api.scalars import NonEmpty
from hooks.api.texts import HEADER_NAME


class HeaderInjection(ExternalAuth):
    """A fixed header for calls to a backend; without effect on an MCPServer."""

    header_name: NonEmpty
    """Name of the header."""
    value_secret_ref: SecretKeyRef
    """The key of a Secret that contains the header's value."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no proxy would."""
        if not HEADER_NAME.fullmatch(self.header_name):
            yield (
                "HeaderNameInvalid",
                "spec.headerInjection.headerName must be an HTTP header's name, such as X-Api-Key",
            )
