"""What the types of external auth have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

from hooks.api.meta import Model


class Use(NamedTuple):
    """What a credential is used for: each of these gets into an HTTP request, out of an environment variable."""

    noun: str
    usual: re.Pattern[str]
    """What it consists of, by its specification. Other characters work where both sides agree on them."""
    specification: str


CLIENT_SECRET = Use("client secret", re.compile("[ -~]*"), "RFC 6749, appendix A.2")
BEARER_TOKEN = Use("bearer token", re.compile("[A-Za-z0-9._~+/-]+=*"), "RFC 6750, section 2.1")
HEADER_VALUE = Use("header value", re.compile("[ -~]*"), "RFC 9110, section 5.5")


class ExternalAuth(Model):
    """The settings of one type of external auth."""

    uses: ClassVar[Mapping[str, Use]] = {}
    """What the value of each Secret is used for, by the field that refers to it."""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield reason and message of each value that the schema admits and no proxy or endpoint would."""
        yield from ()
