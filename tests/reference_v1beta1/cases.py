"""The cases of release 0.44.0: what its operator was given and made of it, and what our hooks make of the same.

An input is what a user applies. The offline run admits it (defaults of our CRDs, Secrets as they are stored) and syncs
every parent until nothing changes; what the cluster then holds is compared.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import yaml

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.admission import Admitted, admit, schemas_of
from hooks.simulator.run import Result, render, served_kinds
from hooks.simulator.webhooks import in_process
from tests.reference.api_defaults import with_defaults, without_cluster_state
from tests.reference.cases import comparable, documents, namespace_of
from tests.reference.differences import Children

HERE = Path(__file__).parent
ALL = sorted(path.parent.name for path in HERE.glob("*/input.yaml"))
COMBINED = {
    "amounts-in-pod-template",
    "auth-server-audience-differs",
    "auth-server-confidential-clients",
    "auth-server-inject-webhooks-telemetry",
    "auth-server-oauth2-dcr-sentinel",
    "auth-server-oauth2-user-info",
    "auth-server-oidc-redis-cluster",
    "auth-server-plain-http",
    "auth-server-redis-tls-pod-template",
    "auth-server-ref-wrong-type",
    "auth-server-registration-endpoint",
    "auth-server-sentinel-trusted-issuer",
    "auth-server-token-exchange-limits",
    "auth-server-trailing-slashes",
    "auth-server-two-upstreams",
    "auth-server-without-oidc",
    "authz-configmap-http",
    "authz-inline-upstream-provider",
    "authz-ref-cedar-claims",
    "authz-ref-http-context",
    "aws-sts-with-auth-server",
    "empty-fields",
    "exchange-id-token-kubernetes",
    "exchange-limits-by-external-auth",
    "group-stdio-secrets",
    "oidc-introspection-secret-ca",
    "oidc-kubernetes-defaults",
    "overrides-pod-template",
    "pod-template-volumes-init",
    "proxy-amounts-in-pod-template",
    "proxy-auth-server-aws-sts",
    "proxy-auth-server-overrides",
    "proxy-aws-sts",
    "proxy-aws-sts-roles",
    "proxy-exchange-auth-server-redis",
    "proxy-exchange-header-introspection",
    "proxy-exchange-kubernetes-authz",
    "proxy-group-missing",
    "proxy-group-unauthenticated",
    "proxy-headers-sessions-audit",
    "proxy-inject-pod-template",
    "proxy-inject-telemetry-authz",
    "proxy-obo",
    "proxy-oidc-kubernetes-scopes",
    "proxy-pod-template-sidecar",
    "proxy-remote-blocked",
    "proxy-restart",
    "proxy-restart-vault",
    "proxy-stopped",
    "proxy-stopped-bearer-headers",
    "proxy-xaa-group-headers",
    "rate-limits-per-tool",
    "rate-limits-stdio-tools",
    "sse-backend-replicas",
    "sse-replicas-sessions",
    "stdio-redis-sessions",
    "stdio-sse-stopped",
    "telemetry-prometheus-only",
    "telemetry-sensitive-headers-ca",
    "tool-annotations",
    "upstream-inject-tools",
    "webhooks-limits-telemetry",
    "webhooks-mutual-tls",
    "webhooks-stdio-mutual-tls",
    "xaa-pod-template-volumes",
}
"""Cases with many settings at once. They are compared offline, and left out where a case takes seconds."""
LIVE = [case for case in ALL if case not in COMBINED]
NOW = datetime(2026, 11, 29, tzinfo=UTC)
SCHEMAS = schemas_of(crds())

FAILED_THERE = {
    *("aws-sts", "external-auth-missing", "external-auth-secret-missing", "obo", "oidc-ref-missing"),
    *("auth-server-audience-differs", "auth-server-ref-wrong-type", "auth-server-two-upstreams"),
    *("auth-server-without-oidc", "aws-sts-with-auth-server", "proxy-obo", "proxy-remote-blocked"),
}
"""Cases in which operator 0.44.0 makes neither RunConfig, Deployment nor Service."""
FAILED_HERE = FAILED_THERE | {"bearer-token"}
"""Ours. Runner 0.44.0 exits at start with the RunConfig that its operator makes of `bearer-token`."""
STOPPED = {"stopped", "stdio-sse-stopped"}
"""MCPServers with replicas 0."""
SCALED_TO_ZERO = {"proxy-stopped", "proxy-stopped-bearer-headers"}
"""Remote proxies with replicas 0: the kind has no phase Stopped."""
ACCESS = ("Role", "RoleBinding", "ServiceAccount")
"""The kinds of children that a workload has whatever is wrong with it."""
WORKLOADS = ("MCPServer", "MCPRemoteProxy")


def inputs(case: str) -> list[Object]:
    """The manifests of a case, in its namespace."""
    manifests = documents(HERE / case / "input.yaml")
    for manifest in manifests:
        manifest["metadata"]["namespace"] = namespace_of(case)
    return manifests


def admitted(case: str) -> Admitted:
    """What our CRDs make of a case's manifests."""
    parents = [controller.parent for controller in CONTROLLERS]
    return admit(inputs(case), served_kinds(CONTROLLERS), parents, SCHEMAS)


@cache
def rendered(case: str) -> Result:
    """A case's parents and children, once nothing changes."""
    hooks = in_process(CONTROLLERS, Installation(), NOW)
    return render(inputs(case), hooks, CONTROLLERS, SCHEMAS)


def ours(case: str) -> Children:
    """The children that our hooks made, with the API server's defaults, by kind and name."""
    return comparable(with_defaults(_as_desired(child)) for child in rendered(case).children)


def theirs(case: str) -> Children:
    """The children that the operator made, as the cluster held them, by kind and name."""
    return comparable(without_cluster_state(child) for child in operator_children(case))


def operator_children(case: str) -> list[Object]:
    """The children that the operator made, with all that a cluster added."""
    return documents(HERE / case / "children.yaml")


def our_statuses(case: str) -> dict[str, Object]:
    """The statuses that our hooks wrote, by Kind/name."""
    return {f"{obj['kind']}/{obj['metadata']['name']}": obj.get("status", {}) for obj in rendered(case).parents}


def their_statuses(case: str) -> dict[str, Object]:
    """The statuses that the operator wrote, by Kind/name."""
    statuses: dict[str, Object] = yaml.safe_load((HERE / case / "status.yaml").read_text())
    return statuses


def workload(case: str) -> str:
    """The MCPServer or MCPRemoteProxy of a case, as Kind/name."""
    [name] = [name for name in their_statuses(case) if name.startswith(WORKLOADS)]
    return name


def _as_desired(child: Object) -> Object:
    """A child less what Metacontroller and the API server put on it."""
    metadata = copy.deepcopy(child["metadata"])
    metadata["annotations"].pop(LAST_APPLIED)
    metadata["labels"].pop(CONTROLLER_UID)
    kept = {key: value for key, value in metadata.items() if value != {}}
    return without_cluster_state({**child, "metadata": kept})
