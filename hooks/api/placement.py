"""Where a pod may run: tolerations, affinity and topology spread, with the names that core/v1 gives them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hooks.api.meta import Model
from hooks.api.scalars import Int64, NonEmpty, Positive

Weight = Annotated[int, Field(ge=1, le=100, json_schema_extra={"format": "int32"})]
Policy = Literal["Honor", "Ignore"]


class Toleration(Model):
    """A taint of nodes that the pod tolerates."""

    key: str = ""
    """Key of the taint; all taints when left out, and then operator is Exists."""
    operator: Literal["Exists", "Equal"] | None = None
    """Whether the taint must have the value (Equal, the default) or may have any (Exists)."""
    value: str = ""
    """Value of the taint."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; all effects when left out."""
    toleration_seconds: Int64 | None = None
    """How long the pod stays on a node that gets a taint with effect NoExecute; for ever when left out."""


class NodeSelectorRequirement(Model):
    """A condition on a label or field of a node."""

    key: NonEmpty
    """Key of the label, or the field's path."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    """How the node's value is compared with values."""
    values: list[str] = Field(default_factory=list)
    """The values: some for In and NotIn, one whole number for Gt and Lt, none for the others."""


class NodeSelectorTerm(Model):
    """Nodes that meet all of these requirements."""

    match_expressions: list[NodeSelectorRequirement] = Field(default_factory=list)
    """Requirements of the node's labels."""
    match_fields: list[NodeSelectorRequirement] = Field(default_factory=list)
    """Requirements of the node's fields; Kubernetes knows metadata.name."""


class NodeSelector(Model):
    """Nodes that one of several terms selects."""

    node_selector_terms: Annotated[list[NodeSelectorTerm], Field(min_length=1)]
    """The terms; a node must meet one of them."""


class PreferredSchedulingTerm(Model):
    """Nodes that are preferred."""

    weight: Weight
    """How much a node that meets the preference counts for, from 1 to 100."""
    preference: NodeSelectorTerm
    """The nodes."""


class NodeAffinity(Model):
    """The nodes that a pod runs on."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    """Nodes that the pod must run on."""
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] = Field(default_factory=list)
    """Nodes that are preferred, each set with its weight."""


class LabelSelectorRequirement(Model):
    """A condition on a label."""

    key: NonEmpty
    """Key of the label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """How the label's value is compared with values."""
    values: list[str] = Field(default_factory=list)
    """The values: some for In and NotIn, none for the others."""


class LabelSelector(Model):
    """Objects that have all of these labels; every object when empty."""

    match_labels: dict[str, str] = Field(default_factory=dict)
    """Labels with their values."""
    match_expressions: list[LabelSelectorRequirement] = Field(default_factory=list)
    """Requirements of labels."""


class PodAffinityTerm(Model):
    """Pods, and the size of the area around them."""

    topology_key: NonEmpty
    """Label of nodes: nodes with the same value of it are one place."""
    label_selector: LabelSelector | None = None
    """The pods; none when left out."""
    namespaces: list[str] = Field(default_factory=list)
    """Namespaces of the pods; the proxy's own when this and namespaceSelector are left out."""
    namespace_selector: LabelSelector | None = None
    """Labels of further namespaces of the pods; all namespaces when empty."""
    match_label_keys: list[str] = Field(default_factory=list)
    """Labels of which the pods must have the same values as the proxy's pod."""
    mismatch_label_keys: list[str] = Field(default_factory=list)
    """Labels of which the pods must have other values than the proxy's pod."""


class WeightedPodAffinityTerm(Model):
    """Pods that it is preferred to be near to, or far from."""

    weight: Weight
    """How much a node that meets the term counts for, from 1 to 100."""
    pod_affinity_term: PodAffinityTerm
    """The pods."""


class PodAffinity(Model):
    """The pods that a pod runs near to, or far from."""

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = Field(default_factory=list)
    """Terms that must be met."""
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = Field(default_factory=list)
    """Terms that are preferred, each with its weight."""


class Affinity(Model):
    """The nodes that a pod runs on, and the pods that it runs near to or far from."""

    node_affinity: NodeAffinity | None = None
    """Nodes that the pod runs on."""
    pod_affinity: PodAffinity | None = None
    """Pods that the pod runs near to."""
    pod_anti_affinity: PodAffinity | None = None
    """Pods that the pod runs far from."""


class TopologySpreadConstraint(Model):
    """How evenly pods are spread over places."""

    max_skew: Positive
    """By how many pods places may differ."""
    topology_key: NonEmpty
    """Label of nodes: nodes with the same value of it are one place."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod that can't be placed so waits (DoNotSchedule) or runs anyway (ScheduleAnyway)."""
    label_selector: LabelSelector | None = None
    """The pods that are counted; none when left out."""
    match_label_keys: list[str] = Field(default_factory=list)
    """Labels of which the counted pods must have the same values as the proxy's pod."""
    min_domains: Positive | None = None
    """How many places there must be; with DoNotSchedule alone."""
    node_affinity_policy: Policy | None = None
    """Whether nodes count that nodeSelector and affinity rule out (Ignore) or not (Honor, the default)."""
    node_taints_policy: Policy | None = None
    """Whether nodes count whose taints aren't tolerated (Ignore, the default) or not (Honor)."""
