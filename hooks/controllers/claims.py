"""How an MCPServer says which shared configs it uses, and how a config finds those that use it.

A server's proxy-runner ServiceAccount carries a label for each config that its spec refers to. A config asks
Metacontroller for the ServiceAccounts with its own label: so its cost grows with the servers that use it, and a status
change of a server wakes no config.
"""

from __future__ import annotations

import hashlib
import re

from hooks.api.meta import GROUP
from hooks.controllers.kinds import MCP_SERVER
from hooks.protocol import CONTROLLER_UID, LABEL_VALUE, Object, controller_of, labels_of, last_applied, raw_spec

CLAIM_LABELS = {
    "externalAuthConfigRef": f"{GROUP}/external-auth-config",
    "toolConfigRef": f"{GROUP}/tool-config",
}
"""The label that a ServiceAccount carries for each field of an MCPServer's spec that refers to a shared config."""

ACCOUNT_SUFFIX = "-proxy-runner"
"""What the name of a server's proxy-runner ServiceAccount has after the server's own name."""


def is_server(owner: Object) -> bool:
    """Whether an ownerReference names an MCPServer, of any version."""
    return owner.get("kind") == MCP_SERVER.kind and str(owner.get("apiVersion")).startswith(f"{GROUP}/")


def claimant(account: Object) -> str | None:
    """The name of the MCPServer whose claims a ServiceAccount carries, or None where it was made for none.

    The account's own name tells it: where its label is another server's, that one is the owner. Where the label is not
    the one that Metacontroller noted, it released the account, which has no owner then and still claims.

    Raises:
        Malformed: a part of the account can't be read.
    """
    name = str(account["metadata"]["name"])
    owner, noted = controller_of(account), noted_parent(account)
    is_claim = is_server(owner) if owner else noted is not None and labels_of(account).get(CONTROLLER_UID) != noted
    return name.removesuffix(ACCOUNT_SUFFIX) if is_claim and name.endswith(ACCOUNT_SUFFIX) else None


def noted_parent(obj: Object) -> object:
    """The uid of the parent as whose child Metacontroller last wrote an object, by its own note; None without one.

    Raises:
        Malformed: the annotations can't be read.
    """
    return labels_of(last_applied(obj) or {}).get(CONTROLLER_UID)


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
