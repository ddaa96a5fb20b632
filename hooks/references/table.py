"""Every field of a workload's spec that refers to a shared config: customize, claims, finalize and status read it."""

from __future__ import annotations

from dataclasses import dataclass

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_SERVER, MCP_TOOL_CONFIG
from hooks.api.meta import GROUP
from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object, raw_spec


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of a workload's spec that refers to a shared config of its namespace by name."""

    workload: Kind
    field: str
    config: Kind
    claim: str
    """The label by which the workload's ServiceAccount claims the config."""
    condition: str
    """The condition of the workload that says whether the config can be used."""
    status_hash: str
    """The field of the workload's status that has the config's hash."""

    def name_in(self, parent: Object) -> str | None:
        """Return the name in a parent's raw spec, also where the spec is invalid otherwise."""
        reference = raw_spec(parent).get(self.field)
        name = reference.get("name") if isinstance(reference, dict) else None
        return name if isinstance(name, str) else None


REFERENCES = (
    Reference(
        workload=MCP_SERVER,
        field="externalAuthConfigRef",
        config=MCP_EXTERNAL_AUTH_CONFIG,
        claim=f"{GROUP}/external-auth-config",
        condition="ExternalAuthConfigValidated",
        status_hash="externalAuthConfigHash",
    ),
    Reference(
        workload=MCP_SERVER,
        field="toolConfigRef",
        config=MCP_TOOL_CONFIG,
        claim=f"{GROUP}/tool-config",
        condition="ToolConfigValidated",
        status_hash="toolConfigHash",
    ),
)


def references_of(workload: Kind) -> tuple[Reference, ...]:
    """Return the references that a workload kind has."""
    return tuple(reference for reference in REFERENCES if reference.workload == workload)


def references_to(config: Kind) -> tuple[Reference, ...]:
    """Return the references that name a config kind."""
    return tuple(reference for reference in REFERENCES if reference.config == config)
