"""The object that the deletion of a server waits for, with the command that ends the wait."""

from __future__ import annotations

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.kubernetes.objects import Object, controller_of, is_deleting
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy.health import proxy_pods
from hooks.proxy.names import names_of

WITHOUT_FINALIZERS = '{"metadata":{"finalizers":null}}'


def is_proxy_left(request: SyncRequest) -> bool:
    """Whether a proxy that was made for the server may still run.

    The pods of a Deployment that Metacontroller released count. Metacontroller adopts nothing for a server that is
    being deleted, so only a person can end them.
    """
    return bool(request.children.get(DEPLOYMENT, names_of(request).deployment) or proxy_pods(request))


def awaited(request: SyncRequest) -> str:
    """The object that a deletion waits for, with the command that ends the wait; empty where nothing is left."""
    if is_proxy_left(request):
        return _of_the_proxy(request)
    left = list(request.children)
    if not left:
        return ""
    more = f", and {len(left) - 1} more" if len(left) > 1 else ""
    return f"{_to_go(request, left[0])}{more}"


def _of_the_proxy(request: SyncRequest) -> str:
    deployment, pods = request.children.get(DEPLOYMENT, names_of(request).deployment), proxy_pods(request)
    if deployment is None or (pods and is_deleting(deployment)):
        return _pods_to_stop(request, pods)
    return _to_go(request, deployment)


def _pods_to_stop(request: SyncRequest, pods: list[Object]) -> str:
    """Pods that a deletion waits for, with the command that ends them: their Deployment is gone, going or released."""
    running = next((pod for pod in pods if not is_deleting(pod)), None)
    if running is None:
        name = pods[0]["metadata"]["name"]
        return f"Pod {name!r} to stop: `kubectl delete pod {name} -n {request.namespace} --force` if its node is gone"
    replica_set = (controller_of(running) or {}).get("name")
    command = f"kubectl delete deployment,replicaset -l {names_of(request).selector} -n {request.namespace}"
    return f"the pods of ReplicaSet {replica_set!r} to stop: `{command}`"


def _to_go(request: SyncRequest, obj: Object) -> str:
    """An object that a deletion waits for, with the command that ends it."""
    kind, name = obj["kind"], obj["metadata"]["name"]
    if is_deleting(obj) and obj["metadata"].get("finalizers"):
        patch = f"kubectl patch {kind.lower()} {name} -n {request.namespace} --type=merge -p '{WITHOUT_FINALIZERS}'"
        return f"{kind} {name!r} to go, which finalizers keep: `{patch}` ends that if nothing else does"
    return f"{kind} {name!r} to go: `kubectl delete {kind.lower()} {name} -n {request.namespace}`"
