"""A hook with nothing to it: the floor that ours is held against.

It returns the seven children of a server, finds who uses a config by label, and does nothing else: no checks and no
causes. Its objects are of the size of ours, so that the cluster has as much to do.

It asks for a server's config and pods. With our rules it asks for the same related objects as our hooks, and uses no
more of them. So the difference between the two is the cost of the rules: Metacontroller's comparisons, larger requests
and our own customize.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request

from hooks import webhook
from hooks.controllers.mcpserver.reconcile import CONTROLLER
from hooks.installation import Installation
from hooks.proxy.rbac import RULES

RUN_CONFIG_BYTES = 2200
"""About what a full server's runconfig.json has."""

Object = dict[str, Any]

GROUP = "toolhive.stacklok.dev"
VERSION = f"{GROUP}/v1beta1"
CONFIGS, SERVERS = (f"MCPExternalAuthConfig.{VERSION}", f"MCPServer.{VERSION}")
CLAIM = f"{GROUP}/external-auth-config"
PROBE: Object = {"httpGet": {"path": "/health", "port": "http"}, "failureThreshold": 3}
IDS: Object = {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000}
CONDITIONS: list[Object] = [
    {
        "type": each,
        "status": "True",
        "reason": "Placeholder",
        "message": "A sentence that is about as long as what a condition says.",
        "lastTransitionTime": "2026-11-29T00:00:00Z",
    }
    for each in ("Ready", "Valid", "ExternalAuthConfigValidated", "RateLimitConfigValid", "StdioReplicaCapped")
]
"""A status of about the size of ours. Its times never change, so that it is written only with a new phase."""


def app(*, with_our_rules: bool = False) -> Flask:
    """The application.

    Args:
        with_our_rules: whether its customize gives the same rules as ours.
    """
    flask = Flask("placeholder")
    flask.add_url_rule("/healthz", "healthz", lambda: "ok")
    customize = server_customize_as_ours if with_our_rules else server_customize
    for hook in (customize, server_sync, config_customize, config_sync):
        kind, name = hook.__name__.split("_")[:2]
        path = f"/{'mcpserver' if kind == 'server' else 'mcpexternalauthconfig'}"
        for url in [f"{path}/{name}"] + [f"{path}/finalize"] * (name == "sync"):
            flask.add_url_rule(url, url, lambda hook=hook: hook(request.get_json(cache=False)), methods=["POST"])
    return flask


def server_customize(body: Object) -> Object:
    name, namespace = body["parent"]["metadata"]["name"], body["parent"]["metadata"]["namespace"]
    config = body["parent"]["spec"]["externalAuthConfigRef"]["name"]
    by_name = {"apiVersion": VERSION, "resource": "mcpexternalauthconfigs", "names": [config]}
    by_label = {"apiVersion": "v1", "resource": "pods", "labelSelector": {"matchLabels": {"toolhive-name": name}}}
    return {"relatedResources": [{**rule, "namespace": namespace} for rule in (by_name, by_label)]}


def server_customize_as_ours(body: Object) -> Object:
    content = json.dumps(body).encode()
    answer: Object = json.loads(webhook.answer(CONTROLLER, "customize", content, Installation(), datetime.now(UTC)))
    return answer


def server_sync(body: Object) -> Object:
    if body["finalizing"]:
        left = any(body["children"].values())
        return {"status": {"phase": "Terminating"}, "children": [], "finalized": not left}
    configs = list(body["related"][CONFIGS].values())
    ready = any(pod["status"].get("phase") == "Running" for pod in body["related"]["Pod.v1"].values())
    status = {"phase": "Ready" if ready else "Pending", "conditions": CONDITIONS}
    if not configs or not configs[0].get("status", {}).get("credentialDigest"):
        return {"status": status, "children": _children(body["parent"], {"spec": {}, "status": {}})}
    return {"status": status, "children": _children(body["parent"], configs[0])}


def config_customize(body: Object) -> Object:
    metadata = body["parent"]["metadata"]
    secret = body["parent"]["spec"]["tokenExchange"]["clientSecretRef"]["name"]
    rules: list[Object] = [
        {
            "apiVersion": "v1",
            "resource": "serviceaccounts",
            "labelSelector": {"matchLabels": {CLAIM: metadata["name"]}},
        },
        {"apiVersion": "v1", "resource": "secrets", "names": [secret]},
    ]
    if "deletionTimestamp" in metadata:
        rules.append({"apiVersion": VERSION, "resource": "mcpservers"})
    return {"relatedResources": [{**rule, "namespace": metadata["namespace"]} for rule in rules]}


def config_sync(body: Object) -> Object:
    name, related = body["parent"]["metadata"]["name"], body["related"]
    using = {
        account["metadata"]["name"].removesuffix("-proxy-runner")
        for account in related.get("ServiceAccount.v1", {}).values()
    }
    for server in related.get(SERVERS, {}).values():
        if server["spec"].get("externalAuthConfigRef", {}).get("name") == name:
            using.add(server["metadata"]["name"])
    versions = [secret["metadata"]["resourceVersion"] for secret in related["Secret.v1"].values()]
    status = {"referencingServers": sorted(using), "credentialDigest": "".join(versions)}
    answer: Object = {"status": status, "children": []}
    return {**answer, "finalized": not using} if body["finalizing"] else answer


def _children(server: Object, config: Object) -> list[Object]:
    name, namespace, spec = server["metadata"]["name"], server["metadata"]["namespace"], server["spec"]
    labels = {"app": "mcpserver", "toolhive": "true", "toolhive-name": name}
    labels |= {"app.kubernetes.io/name": "mcpserver", "app.kubernetes.io/instance": name}
    run = json.dumps({"name": name, "image": spec["image"], "exchange": config["spec"]})
    run += " " * (RUN_CONFIG_BYTES - len(run))
    annotations = {
        "checksum": hashlib.sha256(run.encode()).hexdigest(),
        "digest": config["status"].get("credentialDigest", ""),
    }
    container = {
        "name": "toolhive",
        "image": "ghcr.io/stacklok/toolhive/proxyrunner:v0.44.0",
        "args": [
            "run",
            "--foreground=true",
            f'--k8s-pod-patch={{"spec":{{"serviceAccountName":"{name}-sa"}}}}',
            spec["image"],
        ],
        "ports": [{"containerPort": 8080, "name": "http", "protocol": "TCP"}],
        "env": [{"name": f"TOOLHIVE_{number}", "value": "kubernetes"} for number in range(4)],
        "volumeMounts": [{"name": "runconfig", "mountPath": "/etc/runconfig", "readOnly": True}],
        "livenessProbe": {**PROBE, "initialDelaySeconds": 30, "periodSeconds": 10, "timeoutSeconds": 5},
        "readinessProbe": {**PROBE, "initialDelaySeconds": 5, "periodSeconds": 5, "timeoutSeconds": 3},
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            **IDS,
        },
    }
    pod = {
        "serviceAccountName": f"{name}-proxy-runner",
        "securityContext": {**IDS, "fsGroup": 1000},
        "containers": [container],
        "volumes": [{"name": "runconfig", "configMap": {"name": f"{name}-runconfig"}}],
    }
    account, rbac = {"apiVersion": "v1", "kind": "ServiceAccount"}, "rbac.authorization.k8s.io"
    claim = {CLAIM: spec["externalAuthConfigRef"]["name"]}
    role = {"apiVersion": f"{rbac}/v1", "metadata": {"name": f"{name}-proxy-runner"}}
    return [
        {**account, "metadata": {"name": f"{name}-proxy-runner", "labels": claim}},
        {**account, "metadata": {"name": f"{name}-sa"}},
        {**role, "kind": "Role", "rules": RULES},
        {
            **role,
            "kind": "RoleBinding",
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": f"{name}-proxy-runner"},
            "subjects": [{"kind": "ServiceAccount", "name": f"{name}-proxy-runner", "namespace": namespace}],
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{name}-runconfig", "labels": labels},
            "data": {"runconfig.json": run},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"mcp-{name}-proxy", "labels": labels},
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]},
        },
    ]
