"""What a type of external auth adds to a proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hooks.api.meta import SecretKeyRef
from hooks.kubernetes.objects import Object


@dataclass(frozen=True, slots=True)
class Effect:
    """Additions to the proxy's container and RunConfig; without any, the type has no effect."""

    env: Mapping[str, Object] = field(default_factory=dict)
    """Environment variables of the proxy, each as a value or valueFrom."""
    volumes: Sequence[tuple[Object, Object]] = ()
    """Each mount with its volume."""
    run_config: Mapping[str, Object] = field(default_factory=dict)
    """Keys of the RunConfig."""
    middleware: Mapping[str, Object] = field(default_factory=dict)
    """Parameters of each middleware in the proxy's chain that this type adds."""


def from_secret(secret: SecretKeyRef) -> Object:
    """Return the source of an environment variable that takes its value from a key of a Secret."""
    return {"valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}


def without_empty(keys: Object) -> Object:
    """Return an object less the keys whose value is empty, as Go's `omitempty` leaves them out."""
    return {key: value for key, value in keys.items() if value}
