"""How the proxy's Deployment replaces its pods: replicas, strategy, restarts, and the order of RunConfig and pods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hooks.kubernetes.objects import Object, annotations_of
from hooks.metacontroller.last_applied import last_applied
from hooks.proxy import names
from hooks.proxy.spec import ProxySpec, Restart

ROLLING: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
IMMEDIATE: Object = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "100%"}}


def read_restart(annotations: Mapping[str, str]) -> Restart | None:
    """Read the restart that a parent's annotations ask for; None where the time is no RFC 3339 time.

    None also for one that the reference noted as done, before it gave the parent to these hooks.
    """
    text = annotations.get(names.RESTARTED_AT)
    asked, done = _time(text), _time(annotations.get(names.LAST_PROCESSED_RESTART))
    if text is None or asked is None or (done and asked <= done):
        return None
    return Restart(text, immediate=annotations.get(names.RESTART_STRATEGY) == "immediate")


def restarted_pods(proxy: ProxySpec, observed: Object | None) -> str | None:
    """Return the restart that the pods have, or shall have now.

    A past one stays with the pods: to take it away would be another restart.
    """
    return proxy.restart.at if proxy.restart else _last_restart(observed)


def make_replicas(proxy: ProxySpec, observed: Object | None) -> Object:
    """Return the number of proxies that the spec asks for, or leave it to an autoscaler where it asks for none.

    A number that was once sent and then isn't would be removed and set to 1 by the API server. So while
    Metacontroller's last-applied annotation has one, the observed number is sent. A stdio server has one process, to
    which one proxy at most talks, even where the spec asks for more.
    """
    wanted = _replicas(proxy, observed)
    return {} if wanted is None else {"replicas": min(wanted, 1) if proxy.transport == "stdio" else wanted}


def _replicas(proxy: ProxySpec, observed: Object | None) -> int | None:
    if proxy.replicas is not None or observed is None:
        return proxy.replicas
    seen: int = observed["spec"].get("replicas", 1)
    sent = (last_applied(observed) or {}).get("spec")
    is_sent = isinstance(sent, dict) and "replicas" in sent
    return seen if is_sent or (proxy.transport == "stdio" and seen > 1) else None


def make_strategy(proxy: ProxySpec, observed: Object | None) -> Object:
    """Return how the Deployment replaces its pods: gently, but for an immediate restart that isn't complete yet.

    Never Recreate: Metacontroller's merge can't take away the `rollingUpdate` that the API server puts beside it.
    """
    if observed is None or proxy.restart is None or not proxy.restart.immediate:
        return ROLLING
    begins = _last_restart(observed) != proxy.restart.at
    goes_on = observed["spec"].get("strategy") == IMMEDIATE and not is_rolled_out(observed)
    return IMMEDIATE if begins or goes_on else ROLLING


def is_config_first(config_map: Object, observed: Object | None) -> bool:
    """Return whether the pods may take the new RunConfig: none is observed, or it is the desired one.

    Metacontroller swallows a conflict on the ConfigMap and goes on to the Deployment. Pods that start with the new
    checksum and the old file would keep it for ever.
    """
    return observed is None or config_map["data"].items() <= (observed.get("data") or {}).items()


def _last_restart(deployment: Object | None) -> str | None:
    return annotations_of(deployment["spec"]["template"]).get(names.RESTARTED_AT) if deployment else None


def is_rolled_out(deployment: Object) -> bool:
    """Whether a Deployment's rollout is complete, by the rule of `kubectl rollout status`."""
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    counts = [status.get(count, 0) for count in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0) and counts == [wanted] * 3


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None
