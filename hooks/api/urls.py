"""URLs that a proxy calls: whether Go's HTTP client, which the proxy runner uses, could call them (RFC 3986)."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

from hooks.api.texts import text_fault

_URL = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/?#]*)@)?(\[[^\]/?#@]*\]|[^\[\]:/?#@]*)(?::([^/?#@]*))?"
    r"(/[^?#]*)?(?:\?([^#]*))?(?:#(.*))?"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LABEL = r"[A-Za-z0-9_](?:[-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")  # with underscores, as resolvers take it


class Url(NamedTuple):
    """The parts of a URL; one that isn't there is empty."""

    scheme: str
    userinfo: str
    host: str
    port: str
    path: str
    query: str
    fragment: str


def parts(url: str) -> Url | None:
    """The parts of an absolute URL, or None where it is none. The scheme is in lower case, as it counts."""
    match = _URL.fullmatch(url)
    if match is None:
        return None
    scheme, *rest = match.groups(default="")
    return Url(scheme.lower(), *rest)


def url_fault(url: str, *schemes: str) -> str:
    """Return why no proxy could call a URL, to be said after the field's name; empty where one could.

    Read and measured in Go 1.26: what net/url doesn't parse, and hosts that no resolver is asked for.

    Args:
        url: what a user wrote.
        schemes: what the URL's scheme may be.
    """
    if fault := text_fault(url):
        return fault
    wanted = f"must be an {' or '.join(f'{scheme}://' for scheme in schemes)} URL"
    if re.search(r"\s", url):
        return f"{wanted} without blanks"
    found = parts(url)
    if found is None or found.scheme not in schemes:
        return wanted
    if not found.host:
        return "has no host"
    if not is_host(found.host):
        return "has a host that is neither a DNS name nor an IP address"
    if found.port and not (re.fullmatch("0*[1-9][0-9]{0,4}", found.port) and int(found.port) <= 65535):
        return "has a port that is not from 1 to 65535"
    if any(_BAD_ESCAPE.search(part) for part in (found.userinfo, found.path, found.fragment)):
        return "has a '%' that two hexadecimal digits don't follow"
    if re.search("[<>{}]", url):
        return "must not have any of < > { }"
    return ""


def is_host(host: str) -> bool:
    """Whether this is a DNS name, an IPv4 address, or an IPv6 address in brackets."""
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1].replace("%25", "%", 1))  # a zone's percent sign is written so (RFC 6874)
            return True
        name = host.encode("idna").decode()
        if re.fullmatch("[0-9.]*", name):
            IPv4Address(name)
            return True
    except (AddressValueError, UnicodeError):
        return False
    return _HOST_NAME.fullmatch(name.removesuffix(".")) is not None


def is_loopback(url: str) -> bool:
    """Whether a URL's host is the caller's own loopback, by name or address."""
    found = parts(url)
    host = found.host.strip("[]").lower() if found else ""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.[0-9]{1,3}){3}", host))
