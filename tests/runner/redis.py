"""A real Redis on loopback: plain, with a password or ACL user, with TLS."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.controlplane.processes import free_port, start

PROGRAM = "redis-server"  # Debian's package of that name
USER, PASSWORD = "proxy", "r3dis-s3cr3t"


@dataclass(frozen=True)
class Redis:
    """The server."""

    port: int
    authority: trustme.CA | None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def all_keys(self) -> list[str]:
        """The keys in it."""
        reply = self.ask("KEYS", "*")
        return sorted(line for line in reply.split("\r\n")[1:] if line and not line.startswith("$"))

    def ask(self, *command: str) -> str:
        """Give a command as `USER`, who may do anything; gives the answer as it comes (RESP)."""
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=5))
            if self.authority:
                trust = ssl.create_default_context()
                self.authority.configure_trust(trust)
                connection = stack.enter_context(trust.wrap_socket(connection, server_hostname="127.0.0.1"))
            for words in (("AUTH", USER, PASSWORD), command, ("QUIT",)):
                parts = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
                connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            answer = b"".join(iter(partial(connection.recv, 65536), b"")).decode()
        return answer.removeprefix("+OK\r\n").removesuffix("+OK\r\n")


@contextmanager
def redis(folder: Path, *, password: bool = False, tls: bool = False, not_shown: str) -> Iterator[Redis]:
    """Run a Redis with the user `USER`; with `password` the default user needs one too.

    Args:
        folder: for its files.
        password: whether the default user needs PASSWORD.
        tls: whether connections are with TLS.
        not_shown: for a machine without Redis: what is not shown there.
    """
    if not shutil.which(PROGRAM):
        pytest.skip(f"runner: SKIPPED (no {PROGRAM}; not shown: {not_shown})")
    port = free_port()
    lines = ["bind 127.0.0.1", "save ''", "appendonly no", f"user {USER} on ~* &* +@all >{PASSWORD}"]
    lines.append(f"user default on ~* &* +@all {f'>{PASSWORD}' if password else 'nopass'}")
    authority = trustme.CA() if tls else None
    if authority:
        certificate = authority.issue_cert("127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "redis.pem"))
        files = [f"{name} {folder / 'redis.pem'}" for name in ("tls-cert-file", "tls-key-file")]
        lines += ["port 0", f"tls-port {port}", "tls-auth-clients no", *files]
    else:
        lines.append(f"port {port}")
    (folder / "redis.conf").write_text("\n".join(lines))
    process = start("redis", [PROGRAM, folder / "redis.conf"], folder)
    try:
        process.wait_ready(lambda: "Ready to accept connections" in process.log.read_text())
        yield Redis(port, authority)
    finally:
        process.stop()
