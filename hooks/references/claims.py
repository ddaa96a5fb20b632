"""How a workload says which shared configs it uses, and how a config finds its users.

A workload's proxy-runner ServiceAccount carries a label for each config that its spec refers to. A config asks
Metacontroller for the ServiceAccounts with its own label: so its cost grows with the workloads that use it, and a
status change of a workload wakes no config.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.names import LABEL_VALUE, OBJECT_NAME
from hooks.kubernetes.objects import Object, controller_of, is_of_kind, labels_of
from hooks.metacontroller.last_applied import noted_parent
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.proxy.names import Names
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


def claimant(account: Object, workloads: Collection[Kind]) -> tuple[Kind, str] | None:
    """Return kind and name of the workload whose claims a ServiceAccount carries, or None where it was made for none.

    The account's own name says which: where its label is another workload's, that one is the owner. Where the label is
    not the one that Metacontroller noted, it released the account, which has no owner then and still claims. Anyone who
    may write a ServiceAccount can give it any name: one that no workload can have is passed over.

    Args:
        account: a ServiceAccount.
        workloads: the kinds that may refer to the config.
    """
    if owner := controller_of(account):
        kinds = [kind for kind in workloads if is_of_kind(owner, kind.api_version, kind.kind)]
    elif (noted := noted_parent(account)) is not None and labels_of(account).get(CONTROLLER_UID) != noted:
        kinds = sorted(workloads, key=lambda kind: -len(_suffix(kind)))
    else:
        return None
    account_name = str(account["metadata"]["name"])
    for kind in kinds:
        name = account_name.removesuffix(_suffix(kind))
        if name != account_name and OBJECT_NAME.fullmatch(name):
            return kind, name
    return None


def _suffix(workload: Kind) -> str:
    """The suffix of the ServiceAccount's name, after the workload's own."""
    return Names(workload.kind, "").account
