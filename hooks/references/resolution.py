"""What a reference gives: a value, or the condition that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition

Value_co = TypeVar("Value_co", covariant=True)
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Resolution(Generic[Value_co]):
    """The outcome of looking up one reference."""

    value: Value_co | None = None
    condition: Condition | None = None
    """Says whether the reference can be used; None where the spec has no such reference."""
    name: str = ""
    """Name of the object that was found."""
    hash: str = ""
    """The config's hash, for the workload's status."""
    digest: str = ""
    """Stands for the content of the Secrets that the config names."""

    @property
    def problem(self) -> Condition | None:
        """The condition that says why there is no value; None where there is one, or nothing was asked for."""
        return self.condition if self.value is None else None

    def map(self, make: Callable[[Value_co], Other]) -> Resolution[Other]:
        """Return the same outcome with the value that is made from this one's, where there is one."""
        value = None if self.value is None else make(self.value)
        return Resolution(value, self.condition, self.name, self.hash, self.digest)


def failed(condition: str, reason: str, message: str) -> Resolution[Other]:
    """Return the outcome of a reference that has no value until a user puts it right."""
    return Resolution(condition=conditions.false(condition, reason, message))


def waiting(condition: str, reason: str, message: str) -> Resolution[Other]:
    """Return the outcome of a reference whose value comes by itself."""
    return Resolution(condition=Condition(condition, "Unknown", reason, message))
