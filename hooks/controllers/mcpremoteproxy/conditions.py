"""ConfigurationValid: release 0.44's own word for whether an MCPRemoteProxy's spec can be used."""

from __future__ import annotations

from collections.abc import Sequence

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition

CONDITION = "ConfigurationValid"

_REASONS = {
    "ExternalAuthConfigNotFound": "ExternalAuthConfigFetchError",
    "ConfigMapNotFound": "AuthzConfigMapNotFound",
    "ConfigMapKeyNotFound": "AuthzConfigMapInvalid",
    "AuthzConfigInvalid": "AuthzConfigMapInvalid",
}
"""Its reasons for what another condition says too, by that one's."""


def configuration_condition(problems: Sequence[Condition]) -> Condition:
    """Return the condition, by the problems that keep the proxy from being made.

    It is about the spec, the ConfigMap that the spec names and the external auth config; the other references have
    conditions of their own.
    """
    for problem in problems:
        if problem.type == "Valid" or problem.reason in _REASONS:
            reason = _REASONS.get(problem.reason, problem.reason)
            return conditions.false(CONDITION, reason, problem.message)
    return conditions.true(CONDITION, CONDITION, "All configuration validations passed")
