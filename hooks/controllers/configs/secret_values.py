"""The values in the Secrets and ConfigMaps that a config names, checked by what the field that names them is for.

No message quotes a value: each says what keeps it from its use, or is rarely meant. The rules are runner 0.44.0's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MIN_SECRET_BYTES = 32
NOT_STARTED = "with which the proxy doesn't start"
ONE_LINE = "write it again as one line of text, with `printf %s` in place of `echo`, or kubectl's --from-literal"


class Use(NamedTuple):
    """The use of a value, and the form that it needs for it."""

    noun: str
    is_file: bool = False
    """Whether the proxy reads it as a file of any bytes; else it gets into a variable or an HTTP request, as a line."""
    usual: re.Pattern[bytes] = re.compile(rb"(?s).*")
    """The form that its specification gives it; outer blanks of a line don't count."""
    unlike: str = ""
    """The note about a value of another form, after "its value"."""
    excluded: str = ""
    """Characters with which it would become another value on its way."""


def _made_of(characters: bytes, noun: str, specification: str) -> Use:
    unlike = f"has other characters than a {noun} is made of by {specification}"
    return Use(noun, usual=re.compile(characters), unlike=unlike)


def _long(use: Use) -> Use:
    usual = re.compile(rb"(?s).{%d,}" % MIN_SECRET_BYTES)
    return use._replace(usual=usual, unlike=f"has fewer than {MIN_SECRET_BYTES} bytes, {NOT_STARTED}")


def _pem(noun: str, label: str) -> Use:
    usual = re.compile(rf"(?s).*-----BEGIN [A-Z0-9 ]*{label}-----.*".encode())
    return Use(noun, is_file=True, usual=usual, unlike=f"has no PEM block {label} (RFC 7468), {NOT_STARTED}")


CREDENTIAL = Use("credential")
CLIENT_SECRET = _made_of(rb"[ -~]*", "client secret", "RFC 6749, appendix A.2")
BEARER_TOKEN = _made_of(rb"[A-Za-z0-9._~+/-]+=*", "bearer token", "RFC 6750, section 2.1")
HEADER_VALUE = _made_of(rb"[ -~]*", "header value", "RFC 9110, section 5.5")
OTLP_HEADER = HEADER_VALUE._replace(excluded=",%")
"""It gets into OTEL_EXPORTER_OTLP_HEADERS, a list apart by commas with percent-encoded values (proxy/telemetry_env)."""
HMAC_KEY = Use("HMAC key", is_file=True)
PRIVATE_KEY = _pem("private key", "PRIVATE KEY")
CERTIFICATE = _pem("certificate", "CERTIFICATE")
CA_BUNDLE = _pem("CA bundle", "CERTIFICATE")

USES = {
    "clientSecretRef": CLIENT_SECRET,
    "delegateClients.clientSecretRef": _long(CLIENT_SECRET),
    "idpClientSecretRef": CLIENT_SECRET,
    "targetClientSecretRef": CLIENT_SECRET,
    "tokenSecretRef": BEARER_TOKEN,
    "initialAccessTokenRef": BEARER_TOKEN,
    "valueSecretRef": HEADER_VALUE,
    "secretKeyRef": OTLP_HEADER,
    "usernameSecretRef": CREDENTIAL,
    "passwordSecretRef": CREDENTIAL,
    "signingKeySecretRefs": PRIVATE_KEY,
    "hmacSecretRefs": _long(HMAC_KEY),
    "hmacSecretRef": HMAC_KEY,
    "clientCertSecretRef": CERTIFICATE,
    "clientKeySecretRef": PRIVATE_KEY,
    "caSecretRef": CA_BUNDLE,
    "caCertSecretRef": CA_BUNDLE,
    "configMapRef": CA_BUNDLE,
}
"""The use by the field that names the Secret or ConfigMap, or by that and the field around it."""


def use_of(path: str) -> Use:
    """Return the use of what the field at a path names: of a credential, where the field is none that we know.

    Args:
        path: such as `spec.bearerToken.tokenSecretRef`; items of lists have their index in brackets.
    """
    names = re.sub(r"\[[0-9]+\]", "", path).split(".")
    return USES.get(".".join(names[-2:])) or USES.get(names[-1]) or CREDENTIAL


def fault(value: bytes, use: Use) -> str:
    """Return what keeps a value from its use, or would make it another one there; empty where nothing does."""
    if use.is_file:
        return ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"  # the environment goes to container runtimes in JSON, where it would become another
    if re.search(r"[\r\n]", text):
        return "ends with a line break" if not re.search(r"[\r\n]", text.rstrip("\r\n")) else "has line breaks"
    if any(character in text for character in use.excluded):
        return f"has one of {' and '.join(map(repr, use.excluded))}, with which it would arrive as another"
    return "has a control character" if re.search(r"[\x00-\x1f\x7f]", text) else ""


def remedy(value: bytes, use: Use) -> str:
    """Return what puts a value with a fault right."""
    has_excluded = any(character.encode() in value for character in use.excluded)
    return "put one there that has neither, as tokens and base64 have" if has_excluded else ONE_LINE


def notes(value: bytes, use: Use) -> list[str]:
    """Return what is rarely meant of a value that can be used, each to be said after "its value"."""
    found = []
    if not use.is_file and (stripped := value.decode().strip().encode()) != value:
        value = stripped
        found.append("begins or ends with a blank, which counts as part of it")
    return found if use.usual.fullmatch(value) else [*found, use.unlike]
