"""Who may talk to the API server, and how: keys, tokens, kubeconfigs."""

import json
import secrets
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

MASTERS = "system:masters"
TENANTS = 100  # the token file is read once, so every tenant that a session may need is in it from the start


def _openssl(*arguments: str) -> None:
    result = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"openssl {arguments[0]} failed: {result.stderr.strip()}")


def make_serving_certificate(certificate: Path, key: Path) -> None:
    """Make the API server's certificate: for loopback, its own authority.

    The server would sign one itself, but one that the strict verification of Python 3.13 may refuse.
    """
    subject = ["-subj", "/CN=kube-apiserver", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    usage = ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *curve, "-days", "7", *subject, *usage, "-keyout", str(key), "-out", str(certificate))


def make_service_account_key(key: Path) -> None:
    """Make the key that signs service-account tokens, without which the API server does not start."""
    _openssl("ecparam", "-genkey", "-name", "prime256v1", "-noout", "-out", str(key))


@dataclass(frozen=True)
class User:
    """Someone the API server knows by a token."""

    name: str
    groups: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)


def make_users() -> dict[str, User]:
    """Return everyone by name: the components, who may do anything, and tenants, who may do nothing yet.

    metacontroller-restricted is for a Metacontroller that runs with the rights a test gives it.
    """
    masters = ("admin", "controller-manager", "scheduler", "kwok", "metacontroller")
    nobodies = ("metacontroller-restricted", *(f"tenant-{number}" for number in range(TENANTS)))
    users = [User(name, (MASTERS,)) for name in masters] + [User(name) for name in nobodies]
    return {user.name: user for user in users}


def write_token_file(path: Path, users: Iterable[User]) -> None:
    """Write the API server's --token-auth-file: token, name, uid, groups."""
    lines = [f'{user.token},{user.name},{user.name},"{",".join(user.groups)}"\n' for user in users]
    path.write_text("".join(lines))


def write_kubeconfig(path: Path, server: str, ca: Path, user: User, namespace: str = "default") -> None:
    """Write a kubeconfig with one cluster and one user; JSON is YAML."""
    context = {"cluster": "test", "user": user.name, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": str(ca)}}],
        "users": [{"name": user.name, "user": {"token": user.token}}],
        "contexts": [{"name": "test", "context": context}],
        "current-context": "test",
    }
    path.write_text(json.dumps(config, indent=2))
