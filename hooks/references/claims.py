"""How a workload says which shared configs it uses, and how a config finds its users.

A workload's proxy-runner ServiceAccount carries a label for each config that its spec refers to. A config asks
Metacontroller for the ServiceAccounts with its own label: so its cost grows with the workloads that use it, and a
status change of a workload wakes no config.
"""

from __future__ import annotations

import hashlib
import re

from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.names import LABEL_VALUE
from hooks.kubernetes.objects import Object
from hooks.references.table import references_of


def claim_value(name: str) -> str:
    """Return a config's name as a label value: itself where it can be one, else a prefix and a hash of it."""
    if LABEL_VALUE.fullmatch(name):
        return name
    prefix = re.sub(r"[^A-Za-z0-9]", "-", name[:40]).strip("-") or "x"
    return f"{prefix}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def claims(workload: Kind, parent: Object) -> dict[str, str]:
    """Return the labels that claim each shared config to which a parent of this kind refers."""
    names = {reference.claim: reference.name_in(parent) for reference in references_of(workload)}
    return {label: claim_value(name) for label, name in names.items() if name}
