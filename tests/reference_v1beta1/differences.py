"""Where we differ from operator 0.44.0 on purpose: all that the comparison overlooks, and nothing else.

The first list is about children, the others about statuses. Each difference of children has a heading of the same name
in docs/differences.md, which says why. Not in the lists: what Metacontroller and a cluster put on an object (its
ownerReferences, label `controller-uid`, the last-applied annotation, identity, status, addresses, the revision of a
rollout), and the API server's defaults, which `tests.reference.api_defaults` fills in on our side.
"""

from __future__ import annotations

from collections.abc import Callable

from hooks.kubernetes.objects import Object
from tests.reference.differences import (
    Children,
    claims,
    containers,
    controller_uid,
    drop,
    managed_by,
    restarts,
    run_configs,
    templates,
)

GROUP = "toolhive.stacklok.dev"
SECRET_HEADER = "TOOLHIVE_OTEL_HEADER_"


def usage_metrics(children: Children) -> None:
    """It phones home; the chain equals an operator's with TOOLHIVE_USAGE_METRICS_ENABLED=false."""
    for run in run_configs(children):
        chain = run.get("middleware_configs", [])
        run["middleware_configs"] = [item for item in chain if item["type"] != "usagemetrics"]


def checksums(children: Children) -> None:
    """Both have them; their values follow from the content. The digest of credentials is ours alone."""
    for child in children.values():
        _mask(child["metadata"], f"{GROUP}/content-checksum")
    for template in templates(children):
        _mask(template["metadata"], f"{GROUP}/runconfig-checksum")
        drop(template["metadata"], "annotations", f"{GROUP}/credential-digest")


def workload_hash(children: Children) -> None:
    """The stamp itself is compared: RunConfig, template annotation and env have 0.44's form."""
    for child in children.values():
        drop(child["metadata"], "annotations", f"{GROUP}/workload-hash")


def vault(children: Children) -> None:
    for run in run_configs(children):
        run.pop("env_file_dir", None)


def secret_headers(children: Children) -> None:
    """Of a collector: the runner reads them from the environment, and then all headers there.

    A remote proxy isn't given them there.
    """
    is_remote = any(
        kind == "Deployment" and ("Role", f"{name}-remote-proxy-runner") in children for kind, name in children
    )
    for container in containers(children):
        secret = [item for item in container.get("env", []) if item["name"].startswith(SECRET_HEADER)]
        if secret:
            dropped = secret * is_remote
            container["env"] = [
                item
                for item in container["env"]
                if item["name"] != "OTEL_EXPORTER_OTLP_HEADERS" and item not in dropped
            ]
            for run in run_configs(children):
                run["telemetry_config"].pop("headers", None)
                for middleware in run["middleware_configs"]:
                    (middleware["parameters"] or {}).get("config", {}).pop("headers", None)


def dollars(children: Children) -> None:
    """In the proxy's arguments: they are the MCP server's to replace, and `$(NAME)` there is the proxy's own."""
    for container in containers(children):
        if "args" in container:
            container["args"] = [text.replace("$$", "$") for text in container["args"]]


def rights(children: Children) -> None:
    """Of an MCPRemoteProxy: its Role there reads all Secrets of the namespace, and its proxy none.

    A proxy with a ServiceAccount of the user's has none of its own there; ours carries the claims.
    """
    for kind, name in [name for name in children if name[0] == "Deployment"]:
        own = f"{name}-remote-proxy-runner"
        if children[kind, name]["spec"]["template"]["spec"]["serviceAccountName"] != own:
            children.pop(("ServiceAccount", own), None)
    for child in children.values():
        if child["kind"] == "Role" and child["metadata"]["name"].endswith("-remote-proxy-runner"):
            child["rules"] = [rule for rule in child["rules"] if rule["resources"] != ["secrets"]]


def named_twice(children: Children) -> None:
    """TOOLHIVE_SECRETS_PROVIDER, with the same value, where an MCPRemoteProxy forwards headers from Secrets."""
    for container in containers(children):
        env = container.get("env", [])
        names = [item["name"] for item in env]
        container["env"] = [item for at, item in enumerate(env) if item["name"] not in names[at + 1 :]]


DIFFERENCES: dict[str, Callable[[Children], None]] = {
    "The runner's StatefulSet is adopted": controller_uid,
    "Pods roll when their configuration changes": checksums,
    "The generation stamp": workload_hash,
    "Annotations of ours": managed_by,
    "The whole middleware chain": usage_metrics,
    "Claims on the proxy's ServiceAccount": claims,
    "Rights of a remote proxy": rights,
    "Remote proxies": named_twice,
    "Files of a Vault agent": vault,
    "Telemetry": secret_headers,
    "Dollar signs": dollars,
    "Restarts": restarts,
}


NOT_OURS = {"AuthConfigured": "set to False at a fault of a remote proxy, and never taken back"}
"""Types of conditions that operator 0.44.0 publishes and we don't, with the reason."""

OURS_ALONE = {
    "Ready": "what it says depends on Pods, and offline there are none",
    "Valid": "of a workload: its own spec, in one place; a shared config's is compared",
    "AccessRestricted": "what a spec asks for against callers, by which a replaced CRD is noticed",
    "PortsAgree": "a port with two names that differ",
    "AuthServerStorageWarning": "logins that are kept in memory are lost with each rollout",
    "SecretAvailable": "carries the digest of what a config names",
    "DeletionBlocked": "a config in use says who uses it",
    "IncomingAuthentication": "says that a proxy is open",
    "TelemetryValid": "telemetry that a runner could not start with",
    "AuthzConfigRefValidated": "of a ConfigMap that spec.authzConfig names, too",
    "PermissionProfileValidated": "a profile restricts nothing in Kubernetes",
    "ExternalAuthConfigValidated": "True on an MCPServer too; there only False",
    "ToolConfigValidated": "an MCPServer has none there",
    "WebhookConfigValidated": "there is none there",
}
"""Types of conditions that we publish where operator 0.44.0 publishes none, with the reason."""

SAYS_MORE = {
    # Of a type that does nothing for a remote proxy.
    ("True", "NoEffect"): ("True", "ExternalAuthConfigValid"),
    # Of an MCPToolConfig whose filter has the old name of a renamed tool.
    ("True", "FilterNameReplaced"): ("True", "ValidationSucceeded"),
}
"""Status and reason of a condition of ours, and those that operator 0.44.0 has in its place."""


def _mask(metadata: Object, key: str) -> None:
    if key in metadata.get("annotations", {}):
        metadata["annotations"][key] = "follows from the content"
