"""Where the proxy's pods run, by spec.resourceOverrides.proxyDeployment.

ToolHive has nodeSelector, tolerations and affinity there since its pull request 6183, and puts them on the pod as they
are. The API server checks more than their types when it gets a Deployment (pkg/apis/core/validation). It would refuse
that at every sync, and no status would say so: the same is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.alias_generators import to_camel

from hooks.api.meta import Model
from hooks.api.placement import (
    LabelSelector,
    LabelSelectorRequirement,
    NodeSelector,
    NodeSelectorRequirement,
    NodeSelectorTerm,
    PodAffinityTerm,
    Toleration,
    TopologySpreadConstraint,
)
from hooks.api.workload import ProxyDeploymentOverrides
from hooks.kubernetes.names import (
    DNS_LABEL,
    LABEL_VALUE,
    LABEL_VALUE_RULE,
    OBJECT_NAME,
    is_qualified_name,
    label_faults,
)
from hooks.kubernetes.objects import Object

FIELDS = ("node_selector", "tolerations", "affinity", "topology_spread_constraints", "priority_class_name")
"""The fields of proxyDeployment that say where the pods run."""
_LABEL_VALUE = f"must be {LABEL_VALUE_RULE}"


def placement(overrides: ProxyDeploymentOverrides) -> Object:
    """Return the fields of a pod's spec that say where the proxy runs, as the API server stores them."""
    return overrides.model_dump(by_alias=True, exclude_defaults=True, include=set(FIELDS))


def placement_faults(overrides: ProxyDeploymentOverrides) -> Iterator[str]:
    """Yield what the API server would refuse, each with its field below proxyDeployment."""
    yield from (f"nodeSelector: {fault}" for fault in label_faults(overrides.node_selector))
    if overrides.priority_class_name and not OBJECT_NAME.fullmatch(overrides.priority_class_name):
        yield "priorityClassName: must be the name of a PriorityClass"
    seen: dict[tuple[str, str], int] = {}
    for index, spread in enumerate(overrides.topology_spread_constraints):
        first = seen.setdefault((spread.topology_key, spread.when_unsatisfiable), index)
        if first != index:
            yield f"topologySpreadConstraints[{index}]: has topologyKey and whenUnsatisfiable of [{first}]: remove one"
    for field in FIELDS:
        for path, part in _parts(getattr(overrides, field), to_camel(field)):
            yield from (f"{path}{fault}" for fault in _faults(part))


def _parts(value: Any, path: str) -> Iterator[tuple[str, Model]]:
    """Yield every object in a value with its path, outer ones first."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _parts(item, f"{path}[{index}]")
    elif isinstance(value, Model):
        yield path, value
        for name, inner in value:
            yield from _parts(inner, f"{path}.{to_camel(name)}")


def _faults(part: Model) -> Iterator[str]:
    """Yield what is wrong with one object, inner ones apart: a text that follows its path."""
    match part:
        case Toleration():
            yield from _toleration(part)
        case NodeSelector():
            yield from _required_values(part)
        case NodeSelectorTerm():
            yield from _node_selector_term(part)
        case LabelSelector():
            yield from (f".matchLabels: {fault}" for fault in label_faults(part.match_labels))
        case LabelSelectorRequirement():
            yield from _key(part.key)
            yield from _values(part)
            yield from (f".values: {_LABEL_VALUE}" for value in part.values if not LABEL_VALUE.fullmatch(value))
        case PodAffinityTerm():
            yield from _pod_affinity_term(part)
        case TopologySpreadConstraint():
            yield from _label_keys(part, "matchLabelKeys", part.match_label_keys)
            yield from _in_both(part.match_label_keys, _selected(part.label_selector), "labelSelector")
            if part.min_domains is not None and part.when_unsatisfiable != "DoNotSchedule":
                yield ".minDomains: needs whenUnsatisfiable DoNotSchedule"


def _toleration(given: Toleration) -> Iterator[str]:
    if given.key:
        yield from _key(given.key)
    elif given.operator != "Exists":
        yield ".operator: must be Exists where key is left out"
    if given.operator == "Exists" and given.value:
        yield ".value: must be left out where operator is Exists"
    if not LABEL_VALUE.fullmatch(given.value):
        yield f".value: {_LABEL_VALUE}"
    if given.toleration_seconds is not None and given.effect != "NoExecute":
        yield ".tolerationSeconds: needs effect NoExecute"


def _node_selector_term(given: NodeSelectorTerm) -> Iterator[str]:
    for index, label in enumerate(given.match_expressions):
        faults = [*_key(label.key), *_values(label)]
        yield from (f".matchExpressions[{index}]{fault}" for fault in faults)
    for index, field in enumerate(given.match_fields):
        if field.key != "metadata.name" or field.operator not in ("In", "NotIn") or len(field.values) != 1:
            yield f".matchFields[{index}]: must have key metadata.name, operator In or NotIn, and one value"
        elif not OBJECT_NAME.fullmatch(field.values[0]):
            yield f".matchFields[{index}].values: must be the name of a node"


def _required_values(given: NodeSelector) -> Iterator[str]:
    """Values that no node can have. Kubernetes 1.33 refuses them; a preferred term may have them."""
    for at, term in enumerate(given.node_selector_terms):
        for index, label in enumerate(term.match_expressions):
            if not all(map(LABEL_VALUE.fullmatch, label.values)):
                yield f".nodeSelectorTerms[{at}].matchExpressions[{index}].values: {_LABEL_VALUE}"


def _pod_affinity_term(given: PodAffinityTerm) -> Iterator[str]:
    yield from _key(given.topology_key, "topologyKey")
    yield from _label_keys(given, "matchLabelKeys", given.match_label_keys)
    yield from _label_keys(given, "mismatchLabelKeys", given.mismatch_label_keys)
    yield from _in_both(given.match_label_keys, set(given.mismatch_label_keys), "mismatchLabelKeys")
    yield from _in_both(given.match_label_keys, _selected(given.label_selector), "labelSelector")
    for name in given.namespaces:
        if not DNS_LABEL.fullmatch(name):
            yield f".namespaces: {name!r} is no name of a namespace"


def _values(given: NodeSelectorRequirement | LabelSelectorRequirement) -> Iterator[str]:
    count = len(given.values)
    if given.operator in ("In", "NotIn") and not count:
        yield f".values: must not be empty where operator is {given.operator}"
    elif given.operator in ("Exists", "DoesNotExist") and count:
        yield f".values: must be left out where operator is {given.operator}"
    elif given.operator in ("Gt", "Lt") and count != 1:
        yield f".values: must have one value where operator is {given.operator}"


def _label_keys(part: PodAffinityTerm | TopologySpreadConstraint, field: str, keys: list[str]) -> Iterator[str]:
    if keys and part.label_selector is None:
        yield f".{field}: needs labelSelector"
    for key in keys:
        yield from _key(key, field)


def _selected(selector: LabelSelector | None) -> set[str]:
    """The labels that a selector names."""
    return {*selector.match_labels, *(label.key for label in selector.match_expressions)} if selector else set()


def _in_both(keys: list[str], others: set[str], field: str) -> Iterator[str]:
    """The Deployment, or each of its pods: Kubernetes adds matchLabelKeys to a pod's labelSelector, then looks."""
    yield from (f".matchLabelKeys: {key!r} is in {field} too: remove one" for key in keys if key in others)


def _key(key: str, field: str = "key") -> Iterator[str]:
    if not is_qualified_name(key):
        yield f".{field}: {key!r} is no label key"
