"""Who may call the hooks: a client that has the token, and a client certificate, where these are configured."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Callable
from pathlib import Path

from hooks.server.reloading import Reloading


def bearer_token(file: Path) -> Callable[[str], bool]:
    """Make the check of an Authorization header against the token in a file, which may change meanwhile.

    Raises:
        OSError: the file can't be read.
        ValueError: it has no token.
    """

    def load() -> bytes:
        token = file.read_bytes().strip()
        if not token:
            raise ValueError(f"{file} is empty")
        if len(token.split()) > 1:
            raise ValueError(f"{file} contains more than one word: it must be the token alone")
        return token

    token = Reloading("bearer token", (file,), load)

    def admits(header: str) -> bool:
        scheme, _, value = header.partition(" ")
        # latin-1 is what WSGI made of the header's bytes. compare_digest takes the same time wherever they differ.
        right = hmac.compare_digest(value.strip().encode("latin-1", "replace"), token.value())
        return right and scheme.lower() == "bearer"

    return admits


def tls(certificate: Path, key: Path, client_ca: Path | None) -> Callable[[], ssl.SSLContext]:
    """Make the function that gives a new connection its TLS context: always that of the certificate on disk.

    Args:
        certificate: the server's, with the chain below the CA.
        key: its private key.
        client_ca: CAs of clients; with it, a client without a certificate of theirs gets no handshake.

    Raises:
        OSError: a file can't be read.
        ValueError: a file isn't what it should be.
    """

    def load() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(certificate, key)
        except ssl.SSLError as error:
            raise ValueError(f"{certificate} and {key} are no certificate and its key ({error.reason})") from None
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            try:
                context.load_verify_locations(client_ca)
            except ssl.SSLError as error:
                raise ValueError(f"{client_ca} contains no CA certificate ({error.reason})") from None
        return context

    files = (certificate, key) if client_ca is None else (certificate, key, client_ca)
    return Reloading("TLS certificate", files, load).value
