"""The proxy's Deployment: its pods run the proxy runner, which also makes an MCP server that isn't remote."""

from __future__ import annotations

from hooks.api.workload import MetadataOverrides
from hooks.installation import Installation
from hooks.kubernetes.objects import Object
from hooks.kubernetes.quantity import canonical
from hooks.proxy import names
from hooks.proxy.env import make_env
from hooks.proxy.placement import placement
from hooks.proxy.pod_patch import make_pod_patch
from hooks.proxy.pod_template import merged_template
from hooks.proxy.ports import displace_conflicting_ports
from hooks.proxy.pull_secrets import merged_pull_secrets
from hooks.proxy.rollout import make_replicas, make_strategy, restarted_pods
from hooks.proxy.security import container_security, pod_security
from hooks.proxy.spec import Container, ProxySpec, Remote
from hooks.proxy.telemetry_env import literal
from hooks.proxy.volumes import make_volumes

PORTS = ("spec", "template", "spec", "containers", names.PROXY_CONTAINER, "ports")

PROBE: Object = {"httpGet": {"path": "/health", "port": "http"}}


def make_deployment(proxy: ProxySpec, installation: Installation, observed: Object | None) -> Object:
    """Return the Deployment of a proxy, before `with_checksum` ties its pods to a RunConfig.

    Args:
        proxy: what the proxy consists of.
        installation: what the installation decides.
        observed: the Deployment as it is, if it is.
    """
    labels = proxy.names.labels
    overrides = proxy.deployment_overrides
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": proxy.names.deployment,
            "labels": {**(overrides.labels or {}), **labels},
            "annotations": {
                **(overrides.annotations or {}),
                names.MANAGED_BY: "toolhive-hooks",
                **_pod_template_hash(proxy.backend),
            },
        },
        "spec": {
            **make_replicas(proxy, observed),
            "selector": {"matchLabels": labels},
            "strategy": make_strategy(proxy, observed),
            "template": _make_template(proxy, installation, observed),
        },
    }


def with_checksum(deployment: Object, checksum: str, stamp: int | None) -> Object:
    """Return the Deployment with what its pod template follows: the RunConfig's checksum, and the stamp, if any.

    Args:
        deployment: as `make_deployment` makes it.
        checksum: of the RunConfig with which the pods are to start; a new one rolls them.
        stamp: the generation stamp (hooks/proxy/stamp.py), or None.
    """
    spec = deployment["spec"]
    template = spec["template"]
    annotations = {
        **template["metadata"]["annotations"],
        names.RUNCONFIG_CHECKSUM: checksum,
        **({} if stamp is None else {names.MCPSERVER_GENERATION: str(stamp)}),
    }
    metadata = {**template["metadata"], "annotations": annotations}
    return {**deployment, "spec": {**spec, "template": {**template, "metadata": metadata}}}


def _make_template(proxy: ProxySpec, installation: Installation, observed: Object | None) -> Object:
    """The pod template; labels and annotations that the user adds yield to ours."""
    overrides = proxy.deployment_overrides.pod_template_metadata_overrides or MetadataOverrides()
    template: Object = {
        "metadata": {"labels": overrides.labels or {}, "annotations": overrides.annotations or {}},
        "spec": _make_pod_spec(proxy, installation, observed),
    }
    if isinstance(proxy.backend, Remote) and proxy.backend.pod_template:
        template = merged_template(template, proxy.backend.pod_template)
    metadata = template["metadata"]
    return {
        **template,
        "metadata": {
            **metadata,
            "labels": {**metadata["labels"], **proxy.names.labels},
            "annotations": {**metadata["annotations"], **_template_annotations(proxy, observed)},
        },
    }


def _template_annotations(proxy: ProxySpec, observed: Object | None) -> dict[str, str]:
    """The annotations whose change rolls the pods, less those of the RunConfig (`with_checksum`)."""
    ours: dict[str, str] = {}
    if proxy.content_digest:
        ours[names.CREDENTIAL_DIGEST] = proxy.content_digest
    time = restarted_pods(proxy, observed)
    if time:
        ours[names.RESTARTED_AT] = time
    return ours


def _pod_template_hash(backend: Container | Remote) -> dict[str, str]:
    """The operator's note of what the user wrote as podTemplateSpec of the proxy's own pod."""
    given = backend.pod_template_hash if isinstance(backend, Remote) else ""
    return {names.POD_TEMPLATE_HASH: given} if given else {}


def _make_pod_spec(proxy: ProxySpec, installation: Installation, observed: Object | None) -> Object:
    own_pull_secrets = [secret.name for secret in proxy.deployment_overrides.image_pull_secrets]
    pull_secrets = merged_pull_secrets(own_pull_secrets, installation)
    volumes = make_volumes(proxy)
    remote = proxy.backend if isinstance(proxy.backend, Remote) else None
    ports = [{"containerPort": proxy.port, "name": "http", "protocol": "TCP"}]
    return {
        "serviceAccountName": (remote and remote.service_account) or proxy.names.account,
        **({"imagePullSecrets": [{"name": secret} for secret in pull_secrets]} if pull_secrets else {}),
        **({} if remote else {"terminationGracePeriodSeconds": 30}),
        **placement(proxy.deployment_overrides),
        "securityContext": pod_security(installation),
        "containers": [
            {
                "name": names.PROXY_CONTAINER,
                "image": installation.runner_image,
                "args": _make_args(proxy.backend),
                "ports": displace_conflicting_ports(ports, observed, PORTS, "containerPort"),
                "env": make_env(proxy),
                "startupProbe": {
                    **PROBE,
                    "periodSeconds": 5,
                    "timeoutSeconds": 3,
                    "failureThreshold": 18,
                },
                "livenessProbe": {
                    **PROBE,
                    "initialDelaySeconds": 30,
                    "periodSeconds": 10,
                    "timeoutSeconds": 5,
                    "failureThreshold": 3,
                },
                "readinessProbe": {
                    **PROBE,
                    "initialDelaySeconds": 15 if remote else 5,
                    "periodSeconds": 5,
                    "timeoutSeconds": 3,
                    "failureThreshold": 3,
                },
                "resources": _make_resources(proxy),
                "securityContext": container_security(installation),
                "volumeMounts": [mount for mount, _ in volumes],
            }
        ],
        "volumes": [volume for _, volume in volumes],
    }


def _make_args(backend: Container | Remote) -> list[str]:
    if isinstance(backend, Remote):
        return ["run", "--foreground=true", "placeholder-for-remote-proxy"]
    patch = make_pod_patch(backend)
    return ["run", *([literal(f"--k8s-pod-patch={patch}")] if patch else []), literal(backend.image)]


def _make_resources(proxy: ProxySpec) -> Object:
    """spec.resources, which the reference gives to the proxy's container, not to the MCP server's."""
    if proxy.resources is None:
        return {}
    amounts = {
        group: {name: canonical(amount) for name in ("cpu", "memory") if (amount := getattr(wanted, name, ""))}
        for group, wanted in (("limits", proxy.resources.limits), ("requests", proxy.resources.requests))
    }
    return {group: amount for group, amount in amounts.items() if amount}
