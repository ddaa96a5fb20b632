"""What the statuses of the kinds share: conditions, and all that a shared config's status has."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.meta import MapList, Model
from hooks.api.scalars import Int64
from hooks.kubernetes.names import CONDITION_REASON


class StoredCondition(Model):
    """One observation about the object, as metav1.Condition."""

    type: Annotated[
        str,
        Field(
            max_length=316,
            pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
            r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        ),
    ]
    """Type of the condition, in CamelCase."""
    status: Literal["True", "False", "Unknown"]
    """Status of the condition: True, False or Unknown."""
    reason: Annotated[str, Field(min_length=1, max_length=1024, pattern=f"^{CONDITION_REASON.pattern}$")]
    """Why the status is what it is, in one CamelCase word for programs."""
    message: Annotated[str, Field(max_length=32768)]
    """Why the status is what it is, for people; it may be empty."""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When the status last changed."""
    observed_generation: Annotated[Int64, Field(ge=0)] | None = None
    """The metadata.generation that this was observed for."""


Conditions = Annotated[list[StoredCondition], MapList("type")]


class ConfigStatus(Model):
    """The observed state of a shared config, and its users."""

    observed_generation: Int64 | None = None
    """The most recent generation observed by the controller."""
    config_hash: str = ""
    """Hash of the spec: it changes when the config does."""
    credential_digest: str = ""
    """Changes with the content of the Secrets and ConfigMaps that the spec names, and reveals nothing of it."""
    referencing_servers: list[str] = Field(default_factory=list)
    """Names of the workloads that use this config, while these are 50 or fewer; any of them keeps it from deletion."""
    conditions: Conditions = Field(default_factory=list)
    """The state in detail."""
