"""The API server's defaults for the kinds that an MCPServer has, for the comparison without one.

tests/apiserver makes the same comparison with the real server's, and says when these are no longer the same.
"""

from __future__ import annotations

import copy

from hooks.kubernetes.objects import SERVER_SET_METADATA, Object

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def with_defaults(child: Object) -> Object:
    """A child as the API server would store it, less what only a cluster knows."""
    child = copy.deepcopy(child)
    if child["kind"] == "Service":
        child["spec"] = {
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "sessionAffinity": "None",
            "type": "ClusterIP",
        } | child["spec"]
        if child["spec"]["sessionAffinity"] == "ClientIP":
            child["spec"].setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    if child["kind"] == "Deployment":
        _default_deployment(child["spec"])
    return child


def without_cluster_state(child: Object) -> Object:
    """A stored child less what a cluster put there: identity, owner, status, addresses, the revision of a rollout."""
    child = copy.deepcopy(child)
    child.pop("status", None)
    metadata = child["metadata"]
    for key in (*SERVER_SET_METADATA, "namespace"):
        metadata.pop(key, None)
    annotations = metadata.get("annotations", {})
    annotations.pop("deployment.kubernetes.io/revision", None)
    if annotations == {}:
        metadata.pop("annotations", None)
    for key in ("clusterIP", "clusterIPs"):
        child.get("spec", {}).pop(key, None)
    return child


def _default_deployment(spec: Object) -> None:
    spec.setdefault("replicas", 1)
    spec |= {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
    pod = spec["template"]["spec"]
    defaults = {
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "serviceAccount": pod["serviceAccountName"],
        "terminationGracePeriodSeconds": 30,
    }
    pod |= {key: value for key, value in defaults.items() if key not in pod}
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        container.setdefault("resources", {})
        container["terminationMessagePath"] = "/dev/termination-log"
        container["terminationMessagePolicy"] = "File"
        container["imagePullPolicy"] = "IfNotPresent"
        for probe in (container[name] for name in PROBES if name in container):
            probe["successThreshold"] = 1
            probe["httpGet"] = {"scheme": "HTTP"} | probe["httpGet"]
    for volume in pod["volumes"]:
        for source in ("configMap", "secret"):
            volume.get(source, {}).setdefault("defaultMode", 420)
        if "hostPath" in volume:
            volume["hostPath"]["type"] = ""
