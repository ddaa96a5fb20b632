"""The Service that callers of a proxy reach it by."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy.names import MANAGED_BY
from hooks.proxy.ports import displace_conflicting_ports
from hooks.proxy.spec import ProxySpec


def make_service(proxy: ProxySpec, observed: Object | None) -> Object:
    """Return the proxy's Service; `observed` is the one that exists, if one does."""
    ports = [{"name": "http", "port": proxy.port, "targetPort": proxy.port, "protocol": "TCP"}]
    overrides = proxy.service_overrides
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": proxy.names.service,
            "labels": {**(overrides.labels or {}), **proxy.names.labels},
            "annotations": {**(overrides.annotations or {}), MANAGED_BY: "toolhive-hooks"},
        },
        "spec": {
            "selector": proxy.names.labels,
            "sessionAffinity": proxy.session_affinity,
            "ports": displace_conflicting_ports(ports, observed, ("spec", "ports"), "port"),
        },
    }
