"""Values of the fields that say where the proxy's pods run: some that Kubernetes takes, some that it refuses."""

from __future__ import annotations

from hooks.kubernetes.objects import Object

REQUIRED, PREFERRED = (f"{group}DuringSchedulingIgnoredDuringExecution" for group in ("required", "preferred"))
ZONE = "topology.kubernetes.io/zone"


def nodes(**term: object) -> Object:
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [term]}}}}


def neighbours(**term: object) -> Object:
    return {
        "affinity": {"podAffinity": {PREFERRED: [{"weight": 100, "podAffinityTerm": {"topologyKey": ZONE, **term}}]}}
    }


def apart(**selector: object) -> Object:
    return {"affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": ZONE, "labelSelector": selector}]}}}


def spread(**constraint: object) -> Object:
    return {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway", **constraint}


def requirement(operator: str, *values: str, key: str = "cores") -> Object:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


GOOD: list[Object] = [
    {},
    {"nodeSelector": {"kubernetes.io/os": "linux", "empty": ""}, "priorityClassName": "mcp.high"},
    {"tolerations": [{"operator": "Exists"}, {"key": "a.test/b", "value": "c"}, {"key": "a", "effect": "NoSchedule"}]},
    {"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": -1}]},
    {"affinity": {}},
    {"affinity": {"nodeAffinity": {}, "podAffinity": {}, "podAntiAffinity": {}}},
    nodes(),
    nodes(matchExpressions=[requirement("Gt", "4"), requirement("In", "a", "b"), requirement("DoesNotExist")]),
    nodes(matchFields=[requirement("NotIn", "node-1", key="metadata.name")]),
    neighbours(labelSelector={"matchLabels": {"a": "b"}}, matchLabelKeys=["c"], mismatchLabelKeys=["d"]),
    neighbours(labelSelector={}, namespaces=["team-b"], matchLabelKeys=["pod-template-hash"]),
    neighbours(namespaceSelector={}, labelSelector={"matchLabels": {"a": "b"}}, mismatchLabelKeys=["c"]),
    apart(),
    apart(matchExpressions=[requirement("NotIn", "a"), requirement("Exists", key="b")]),
    {"topologySpreadConstraints": [spread(topologyKey="a b")]},
    {"topologySpreadConstraints": [spread(), spread(whenUnsatisfiable="DoNotSchedule", minDomains=3)]},
    {
        "topologySpreadConstraints": [
            spread(labelSelector={}, matchLabelKeys=["a"], nodeAffinityPolicy="Ignore", nodeTaintsPolicy="Honor")
        ]
    },
]
_VALUE = "must be at most 63 letters, digits, '-', '_' and '.', the first and last a letter or digit"
_TERM = f"affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0]"
_FIELDS = f"{_TERM}.matchFields[0]: must have key metadata.name, operator In or NotIn, and one value"
_NEIGHBOURS = f"affinity.podAffinity.{PREFERRED}[0].podAffinityTerm"
_APART = f"affinity.podAntiAffinity.{REQUIRED}[0].labelSelector"
FAULTS: list[tuple[Object, str]] = [
    ({"nodeSelector": {"a b": "c"}}, "nodeSelector: 'a b' is no label key"),
    ({"nodeSelector": {"a": "b c"}}, f"nodeSelector: the value of 'a' {_VALUE}"),
    ({"priorityClassName": "High"}, "priorityClassName: must be the name of a PriorityClass"),
    ({"tolerations": [{"value": "a"}]}, "tolerations[0].operator: must be Exists where key is left out"),
    ({"tolerations": [{"key": "a b"}]}, "tolerations[0].key: 'a b' is no label key"),
    ({"tolerations": [{"key": "a", "value": "b c"}]}, f"tolerations[0].value: {_VALUE}"),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
        "tolerations[0].value: must be left out where operator is Exists",
    ),
    (
        {"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": 1}]},
        "tolerations[0].tolerationSeconds: needs effect NoExecute",
    ),
    (
        nodes(matchExpressions=[requirement("In")]),
        f"{_TERM}.matchExpressions[0].values: must not be empty where operator is In",
    ),
    (
        nodes(matchExpressions=[requirement("Exists", "a")]),
        f"{_TERM}.matchExpressions[0].values: must be left out where operator is Exists",
    ),
    (nodes(matchExpressions=[requirement("Gt", "-5")]), f"{_TERM}.matchExpressions[0].values: {_VALUE}"),
    (
        nodes(matchExpressions=[requirement("Lt", "1", "2")]),
        f"{_TERM}.matchExpressions[0].values: must have one value where operator is Lt",
    ),
    (
        nodes(matchExpressions=[requirement("Exists", key="a b")]),
        f"{_TERM}.matchExpressions[0].key: 'a b' is no label key",
    ),
    (
        nodes(matchFields=[requirement("In", "Node_1", key="metadata.name")]),
        f"{_TERM}.matchFields[0].values: must be the name of a node",
    ),
    (nodes(matchFields=[requirement("In", "a", key="metadata.uid")]), _FIELDS),
    (nodes(matchFields=[requirement("Exists", key="metadata.name")]), _FIELDS),
    (nodes(matchFields=[requirement("In", "a", "b", key="metadata.name")]), _FIELDS),
    (neighbours(topologyKey="a b"), f"{_NEIGHBOURS}.topologyKey: 'a b' is no label key"),
    (neighbours(namespaces=["Team_B"]), f"{_NEIGHBOURS}.namespaces: 'Team_B' is no name of a namespace"),
    (neighbours(matchLabelKeys=["a"]), f"{_NEIGHBOURS}.matchLabelKeys: needs labelSelector"),
    (
        neighbours(mismatchLabelKeys=["a b"], labelSelector={}),
        f"{_NEIGHBOURS}.mismatchLabelKeys: 'a b' is no label key",
    ),
    (
        neighbours(matchLabelKeys=["a"], mismatchLabelKeys=["a"], labelSelector={}),
        f"{_NEIGHBOURS}.matchLabelKeys: 'a' is in mismatchLabelKeys too: remove one",
    ),
    (apart(matchLabels={"a b": "c"}), f"{_APART}.matchLabels: 'a b' is no label key"),
    (apart(matchLabels={"a": "b c"}), f"{_APART}.matchLabels: the value of 'a' {_VALUE}"),
    (
        apart(matchExpressions=[requirement("In")]),
        f"{_APART}.matchExpressions[0].values: must not be empty where operator is In",
    ),
    (
        apart(matchExpressions=[requirement("DoesNotExist", "a")]),
        f"{_APART}.matchExpressions[0].values: must be left out where operator is DoesNotExist",
    ),
    (apart(matchExpressions=[requirement("In", "a b")]), f"{_APART}.matchExpressions[0].values: {_VALUE}"),
    (
        apart(matchExpressions=[requirement("Exists", key="a b")]),
        f"{_APART}.matchExpressions[0].key: 'a b' is no label key",
    ),
    (
        {"topologySpreadConstraints": [spread(minDomains=2)]},
        "topologySpreadConstraints[0].minDomains: needs whenUnsatisfiable DoNotSchedule",
    ),
    (
        {"topologySpreadConstraints": [spread(matchLabelKeys=["a"])]},
        "topologySpreadConstraints[0].matchLabelKeys: needs labelSelector",
    ),
    (
        {"topologySpreadConstraints": [spread(), spread(maxSkew=2)]},
        "topologySpreadConstraints[1]: has topologyKey and whenUnsatisfiable of [0]: remove one",
    ),
]
"""What fits the CRD's schema and no pod can have, each with what is said of it."""

FAULTS_OF_PODS: list[tuple[Object, str]] = [
    (nodes(matchExpressions=[requirement("In", "a b")]), f"{_TERM}.matchExpressions[0].values: {_VALUE}"),
    (
        neighbours(matchLabelKeys=["a"], labelSelector={"matchLabels": {"a": "b"}}),
        f"{_NEIGHBOURS}.matchLabelKeys: 'a' is in labelSelector too: remove one",
    ),
    (
        {
            "topologySpreadConstraints": [
                spread(matchLabelKeys=["a"], labelSelector={"matchExpressions": [requirement("Exists", key="a")]})
            ]
        },
        "topologySpreadConstraints[0].matchLabelKeys: 'a' is in labelSelector too: remove one",
    ),
]
"""The same, where some releases of Kubernetes take the Deployment, and refuse its pods or never place them."""
