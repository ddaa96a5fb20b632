"""Where we differ from the reference on purpose: everything that the comparison may overlook, and nothing else.

Each difference has a heading of the same name in docs/differences.md, in the same order.
"""

from __future__ import annotations

from collections.abc import Callable

from hooks.kubernetes.objects import Object

Children = dict[tuple[str, str], Object]


def runner_image(children: Children) -> None:
    for container in containers(children):
        del container["image"], container["imagePullPolicy"]


def controller_uid(children: Children) -> None:
    for run in run_configs(children):
        run["container_labels"].pop("controller-uid", None)


def checksums(children: Children) -> None:
    for child in children.values():
        drop(child["metadata"], "annotations", "toolhive.stacklok.dev/content-checksum")
    for template in templates(children):
        for key in ("runconfig-checksum", "credential-digest"):
            drop(template["metadata"], "annotations", f"toolhive.stacklok.dev/{key}")


def generation_stamp(children: Children) -> None:
    for run in run_configs(children):
        run.pop("mcpserver_generation", None)
    for child in children.values():
        drop(child["metadata"], "annotations", "toolhive.stacklok.dev/workload-hash")
    for template in templates(children):
        drop(template["metadata"], "annotations", "toolhive.stacklok.dev/mcpserver-generation")
    for container in containers(children):
        container["env"] = [item for item in container["env"] if item["name"] != "THV_MCPSERVER_GENERATION"]


def restricted(children: Children) -> None:
    for template in templates(children):
        template["spec"]["securityContext"].pop("seccompProfile", None)
    for container in containers(children):
        for key in ("seccompProfile", "capabilities"):
            container["securityContext"].pop(key, None)


def managed_by(children: Children) -> None:
    for child in children.values():
        drop(child["metadata"], "annotations", "toolhive.stacklok.dev/managed-by")


def replicas(children: Children) -> None:
    transport = next((run["transport"] for run in run_configs(children)), "stdio")
    for (kind, _), child in children.items():
        if kind == "Deployment" and transport != "stdio":
            child["spec"].pop("replicas", None)


def middleware_chain(children: Children) -> None:
    """The exchange's own entry stays, with its parameters: they are the reference's."""
    for run in run_configs(children):
        chain = run.pop("middleware_configs", [])
        exchange = [middleware for middleware in chain if middleware["type"] == "tokenexchange"]
        if exchange:
            run["middleware_configs"] = exchange
            parameters = exchange[0]["parameters"]["token_exchange_config"]
            assert run.pop("token_exchange_config", parameters) == parameters


def claims(children: Children) -> None:
    for (kind, name), child in children.items():
        if kind == "ServiceAccount" and name.endswith("-proxy-runner"):
            for key in [key for key in child["metadata"].get("labels", {}) if key.startswith("toolhive.stacklok.dev/")]:
                drop(child["metadata"], "labels", key)


def oidc_files(children: Children) -> None:
    for run in run_configs(children):
        if "oidc_config" in run:
            run["oidc_config"] |= {"CACertPath": "", "AuthTokenFile": ""}


def label_overrides(children: Children) -> None:
    for (kind, _), child in children.items():
        if kind == "Deployment":
            for metadata in (child["metadata"], child["spec"]["template"]["metadata"]):
                metadata["labels"] = child["spec"]["selector"]["matchLabels"] | {}


def restarts(children: Children) -> None:
    for template in templates(children):
        drop(template["metadata"], "annotations", "mcpserver.toolhive.stacklok.dev/restarted-at")


DIFFERENCES: dict[str, Callable[[Children], None]] = {
    "The whole middleware chain": middleware_chain,
    "Pods roll when their configuration changes": checksums,
    "Replicas of an HTTP server": replicas,
    "Restarts": restarts,
    "Image of the proxy runner": runner_image,
    "Pod Security": restricted,
    "Labels of the pods": label_overrides,
    "The generation stamp": generation_stamp,
    "The runner's StatefulSet is adopted": controller_uid,
    "Claims on the proxy's ServiceAccount": claims,
    "Annotations of ours": managed_by,
    "Files for OIDC": oidc_files,
}


def drop(metadata: Object, group: str, key: str) -> None:
    metadata.get(group, {}).pop(key, None)
    if metadata.get(group) == {}:
        del metadata[group]


def templates(children: Children) -> list[Object]:
    return [child["spec"]["template"] for (kind, _), child in children.items() if kind == "Deployment"]


def containers(children: Children) -> list[Object]:
    return [container for template in templates(children) for container in template["spec"]["containers"]]


def run_configs(children: Children) -> list[Object]:
    return [child["data"]["runconfig.json"] for child in children.values() if "runconfig.json" in child.get("data", {})]
