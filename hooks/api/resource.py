"""What a kind's CRD says beside its schema: names, columns of `kubectl get`, rules over metadata.name."""

from __future__ import annotations

from typing import NamedTuple

from hooks.api.meta import Model, Rule


class Column(NamedTuple):
    """A column of `kubectl get`; one with priority 1 is shown with `-o wide` only."""

    name: str
    json_path: str
    type: str = "string"
    priority: int = 0


READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
MESSAGE = Column("Message", '.status.conditions[?(@.type=="Ready")].message', priority=1)
AGE = Column("Age", ".metadata.creationTimestamp", "date")
# A list in a column of type string is printed whole, as JSON.
REFERENCED_BY = Column("Referenced By", ".status.referencingServers")


class CustomResource(NamedTuple):
    """Everything about a kind that its CRD says."""

    kind: str
    description: str
    spec: type[Model]
    status: type[Model]
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    name_rules: tuple[Rule, ...] = ()
    """Rules over metadata.name; `holds` takes the name."""
