"""How an MCPServer says which shared configs it uses, and how a config finds those that use it.

A server's proxy-runner ServiceAccount carries a label for each config that its spec refers to. A config asks
Metacontroller for the ServiceAccounts with its own label: so its cost grows with the servers that use it, and a status
change of a server wakes no config.
"""

from __future__ import annotations

import hashlib
import re

from hooks.api.meta import GROUP
from hooks.protocol import LABEL_VALUE, Object, raw_spec

CLAIM_LABELS = {
    "externalAuthConfigRef": f"{GROUP}/external-auth-config",
    "toolConfigRef": f"{GROUP}/tool-config",
}
"""The label that a ServiceAccount carries for each field of an MCPServer's spec that refers to a shared config."""


def referenced(server: Object, field: str) -> str | None:
    """The name that this field of an MCPServer's raw spec refers to, even where the spec is invalid otherwise."""
    reference = raw_spec(server).get(field)
    name = reference.get("name") if isinstance(reference, dict) else None
    return name if isinstance(name, str) else None


def claim_value(name: str) -> str:
    """A config's name as a label value: itself where it can be one, else a prefix and a hash of it."""
    if LABEL_VALUE.fullmatch(name):
        return name
    prefix = re.sub(r"[^A-Za-z0-9]", "-", name[:40]).strip("-") or "x"
    return f"{prefix}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def claims(server: Object) -> dict[str, str]:
    """The labels that claim each shared config to which an MCPServer refers."""
    names = {label: referenced(server, field) for field, label in CLAIM_LABELS.items()}
    return {label: claim_value(name) for label, name in names.items() if name}
