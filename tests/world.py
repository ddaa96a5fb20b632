"""Requests as Metacontroller sends them, made from plain objects; and hook calls whose answers pass the rules."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hooks import go_json, webhook
from hooks.api.kinds import (
    MCP_AUTHZ_CONFIG,
    MCP_EXTERNAL_AUTH_CONFIG,
    MCP_GROUP,
    MCP_OIDC_CONFIG,
    MCP_SERVER,
    MCP_TELEMETRY_CONFIG,
    MCP_TOOL_CONFIG,
    MCP_WEBHOOK_CONFIG,
    RESOURCES,
)
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.kubernetes.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    POD,
    ROLE,
    ROLE_BINDING,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.proxy.names import RUNCONFIG_CHECKSUM
from tests.leaks import leaked, secret_values
from tests.rules import check_customize, check_sync

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NAMESPACE = "team-a"
STATUS_DOCS = (Path(__file__).parents[1] / "docs/status.md").read_text()
"""Every reason that an answer has is in there."""
CONFIG = Installation()
USES_TX = {"externalAuthConfigRef": {"name": "tx"}}
ACCESS = ["Role/demo-proxy-runner", "ServiceAccount/demo-proxy-runner", "ServiceAccount/demo-sa"]
"""The first children of a server named demo, also where its spec is wrong."""
BINDING = "RoleBinding/demo-proxy-runner"
"""Its child once Role and ServiceAccount are there."""

OPEN = (
    "AccessRestricted",
    "False",
    "Open",
    "The spec asks for no authentication, no authorization and no filter of tools",
)
"""What every MCPServer's status says that asks for nothing of this: type, status, reason, message of a condition."""
NOT_ACTIVE = (
    ("RateLimitConfigValid", "True", "RateLimitNotApplicable", "rate limiting is not configured"),
    ("StdioReplicaCapped", "False", "StdioReplicaCapNotActive", "stdio replica cap is not active"),
    ("SessionStorageWarning", "False", "SessionStorageWarningNotApplicable", "session storage warning is not active"),
)
"""And of each whose spec could be read, where it has neither replicas nor rate limits."""

BY_KIND: dict[str, Controller] = {controller.parent.kind: controller for controller in CONTROLLERS}
KINDS = {
    kind.resource: kind
    for kind in (
        *(CONFIG_MAP, DEPLOYMENT, POD, ROLE, ROLE_BINDING, SECRET, SERVICE, SERVICE_ACCOUNT, STATEFUL_SET),
        *RESOURCES,
    )
}


def server(name: str = "demo", *, annotations: dict[str, str] | None = None, **spec: Any) -> Object:
    """An MCPServer as a request has it."""
    return parent(MCP_SERVER, name, {"image": "ghcr.io/acme/mcp-demo:1.2.3", **spec}, annotations=annotations)


def external_auth(name: str = "tx", *, oauth: str = "tx-oauth", **exchange: Any) -> Object:
    """An MCPExternalAuthConfig as a request has it."""
    block = {
        "tokenUrl": "https://idp.acme.test/token",
        "clientId": "acme-client",
        "clientSecretRef": {"name": oauth, "key": "client-secret"},
        "audience": "https://api.acme.test",
        **exchange,
    }
    return parent(MCP_EXTERNAL_AUTH_CONFIG, name, {"type": "tokenExchange", "tokenExchange": block})


def tool_config(name: str = "tools", **spec: Any) -> Object:
    """An MCPToolConfig as a request has it."""
    return parent(MCP_TOOL_CONFIG, name, spec)


def oidc_config(name: str = "idp", **inline: Any) -> Object:
    """An MCPOIDCConfig as a request has it."""
    return parent(MCP_OIDC_CONFIG, name, {"type": "inline", "inline": {"issuer": "https://idp.acme.test", **inline}})


def telemetry_config(name: str = "otel", **otel: Any) -> Object:
    """An MCPTelemetryConfig as a request has it."""
    settings = {"enabled": True, "endpoint": "otel.obs:4318", "tracing": {"enabled": True}, **otel}
    return parent(MCP_TELEMETRY_CONFIG, name, {"openTelemetry": settings})


def authz_config(name: str = "rules", type_: str = "cedarv1", **settings: Any) -> Object:
    """An MCPAuthzConfig as a request has it."""
    policies = {"policies": ["permit(principal, action, resource);"]} if type_ == "cedarv1" else {}
    return parent(MCP_AUTHZ_CONFIG, name, {"type": type_, "config": {**policies, **settings}})


def webhook_config(name: str = "gate", **webhook: Any) -> Object:
    """An MCPWebhookConfig of one validating webhook, as a request has it."""
    given = {"name": "check", "url": "https://gate.acme.test/check", **webhook}
    return parent(MCP_WEBHOOK_CONFIG, name, {"validating": [given]})


def group(name: str = "team", **spec: Any) -> Object:
    """An MCPGroup as a request has it."""
    return parent(MCP_GROUP, name, spec)


def parent(kind: Kind, name: str, spec: Any, *, annotations: dict[str, str] | None = None) -> Object:
    """A custom resource as the API server returns it."""
    metadata: Object = {"generation": 1, "finalizers": [f"metacontroller.io/compositecontroller-{kind.kind.lower()}"]}
    if annotations:
        metadata["annotations"] = annotations
    return made(kind, name, spec=spec, metadata=metadata)


def secret(name: str = "tx-oauth", **data: str | bytes) -> Object:
    """A Secret as a request has it."""
    values = {key: value.encode() if isinstance(value, str) else value for key, value in data.items()}
    encoded = {key.replace("_", "-"): base64.b64encode(value).decode() for key, value in values.items()}
    return made(SECRET, name, data=encoded or {"client-secret": "czNjcjN0"}, type="Opaque")


def config_map(name: str, **data: str) -> Object:
    """A ConfigMap as a request has it."""
    return made(CONFIG_MAP, name, data=data)


def pod(name: str, of: str, *, app: str = "mcpserver", ready: bool = True) -> Object:
    """A Pod of an MCPServer: of its proxy, or with the server's name as `app`, of the MCP server itself."""
    labels = {"app": app, "toolhive-name": of}
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": of, "controller": True}
    annotations = {}
    if app == "mcpserver":
        labels["pod-template-hash"] = "5d89"
        owner |= {"kind": "ReplicaSet", "name": f"{of}-5d89"}
        annotations[RUNCONFIG_CHECKSUM] = "0" * 64
    metadata = {"labels": labels, "annotations": annotations, "ownerReferences": [owner]}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return made(POD, name, metadata=metadata, status=status)


def made(kind: Kind, name: str, metadata: Object | None = None, **rest: Any) -> Object:
    """An object with what the API server adds."""
    set_by_server = {"uid": f"uid-{kind.resource}-{name}", "resourceVersion": "7", "generation": 1}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": NAMESPACE, **set_by_server, **(metadata or {})},
        **copy.deepcopy(rest),
    }


def deleting(obj: Object) -> Object:
    """The same object, its deletion asked for: the API server counts the generation up then."""
    generation = obj["metadata"]["generation"] + 1
    return with_metadata(obj, generation=generation, deletionTimestamp="2026-11-23T11:59:30Z")


def with_metadata(obj: Object, **metadata: Any) -> Object:
    """The same object with other metadata."""
    return {**obj, "metadata": {**obj["metadata"], **metadata}}


def observed(child: Object, owner: Object) -> Object:
    """A child as it is seen once Metacontroller made it: with its label, its annotation and its ownerReference."""
    child = copy.deepcopy(child)
    metadata = child["metadata"]
    metadata["namespace"] = owner["metadata"]["namespace"]
    metadata.setdefault("labels", {}).setdefault("controller-uid", owner["metadata"]["uid"])
    applied = json.dumps(child, sort_keys=True)
    metadata.setdefault("annotations", {})[LAST_APPLIED] = applied
    metadata["uid"], metadata["resourceVersion"] = f"uid-{child['kind']}-{metadata['name']}", "11"
    metadata["ownerReferences"] = [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    return child


def sync_request(
    owner: Object, children: Iterable[Object] = (), related: Iterable[Object] = (), *, config: Installation = CONFIG
) -> Object:
    """A sync request, or a finalize request where the parent is being deleted.

    `related` is the rest of the cluster: what our customize asks for is picked from all, by Metacontroller's rules.
    """
    children = list(children)
    controller = BY_KIND[owner["kind"]]
    return {
        "controller": composite_controller(controller),
        "parent": owner,
        "children": _keyed(children, controller.child_kinds),
        "related": _related(customize(owner, config=config), [*related, *children]),
        "finalizing": "deletionTimestamp" in owner["metadata"],
    }


def customize(owner: Object, *, config: Installation = CONFIG) -> Object:
    """Call customize; its answer keeps Metacontroller's rules."""
    request = {"controller": composite_controller(BY_KIND[owner["kind"]]), "parent": owner}
    answer = json.loads(webhook.answer(BY_KIND[owner["kind"]], "customize", written(request), config, NOW))
    assert check_customize(request, answer) == []
    return answer


def call(
    request: Object, *, config: Installation = CONFIG, now: datetime = NOW, may_delete: Collection[str] = ()
) -> Object:
    """Call sync or finalize; its answer keeps Metacontroller's rules."""
    controller = BY_KIND[request["parent"]["kind"]]
    hook = "finalize" if request["finalizing"] else "sync"
    text = webhook.answer(controller, hook, written(request), config, now).decode()
    assert leaked(secret_values(request), text) == []
    answer = json.loads(text)
    assert check_sync(request, answer, may_delete) == []
    assert [reason for reason in _reasons(answer) if f"`{reason}`" not in STATUS_DOCS] == []
    return answer


def _reasons(answer: Object) -> list[str]:
    return [condition["reason"] for condition in answer["status"]["conditions"]]


def sync(
    owner: Object,
    children: Iterable[Object] = (),
    related: Iterable[Object] = (),
    *,
    config: Installation = CONFIG,
    now: datetime = NOW,
    may_delete: Collection[str] = (),
) -> Object:
    """The answer to a sync (or finalize) of this parent in this world."""
    request = sync_request(owner, children, related, config=config)
    return call(request, config=config, now=now, may_delete=may_delete)


def running(owner: Object, *related: Object) -> list[Object]:
    """The children of a server, all made, as its next request has them."""
    return settled(owner, *related)[1]


def settled(owner: Object, *related: Object, config: Installation = CONFIG) -> tuple[Object, list[Object]]:
    """A server's answer once all its children are made, and these children as its next request has them."""
    answer, children = sync(owner, related=related, config=config), []
    while len(children) < len(answer["children"]):
        children = [observed(made_child, owner) for made_child in answer["children"]]
        answer = sync({**owner, "status": answer["status"]}, children, related, config=config)
    return answer, children


def judged(config: Object, *related: Object, by: Installation = CONFIG) -> Object:
    """A shared config with the status that its own controller gives it."""
    return {**config, "status": sync(config, related=related, config=by)["status"]}


def good_config() -> Object:
    """The config to which a server with USES_TX refers: all is well with it."""
    return judged(external_auth(), secret())


def child(answer: Object, kind: Kind, name: str) -> Object:
    """The child of this kind and name in an answer."""
    found = [obj for obj in answer["children"] if obj["kind"] == kind.kind and obj["metadata"]["name"] == name]
    assert found, f"{kind.kind}/{name} is not among {child_names(answer)}"
    return found[0]


def run_config(answer: Object) -> Object:
    """The RunConfig in an answer about the server `demo`."""
    run: Object = json.loads(child(answer, CONFIG_MAP, "demo-runconfig")["data"]["runconfig.json"])
    return run


def child_names(answer: Object) -> list[str]:
    """The children of an answer as Kind/name, sorted."""
    return sorted(f"{obj['kind']}/{obj['metadata']['name']}" for obj in answer["children"])


def stamped(*conditions: tuple[str, str, str, str]) -> list[Object]:
    """Conditions of an object's first generation, by type, status, reason and message, as its status has them."""
    keys = ("type", "status", "reason", "message")
    since = {"observedGeneration": 1, "lastTransitionTime": "2026-11-23T12:00:00Z"}
    return [{**dict(zip(keys, condition, strict=True)), **since} for condition in conditions]


def condition(answer: Object, type_: str) -> tuple[str, str, str] | None:
    """Status, reason and message of a condition in an answer."""
    found = [c for c in answer["status"]["conditions"] if c["type"] == type_]
    return (found[0]["status"], found[0]["reason"], found[0]["message"]) if found else None


def _keyed(objects: Iterable[Object], kinds: Iterable[Kind]) -> Object:
    keyed: Object = {kind.key: {} for kind in kinds}
    for obj in objects:
        metadata = obj["metadata"]
        keyed[f"{obj['kind']}.{obj['apiVersion']}"][f"{metadata['namespace']}/{metadata['name']}"] = obj
    return keyed


def _related(answer: Object, cluster: list[Object]) -> Object:
    related: Object = {}
    for rule in answer["relatedResources"]:
        kind = KINDS[rule["resource"]]
        matching = [obj for obj in cluster if obj["kind"] == kind.kind and _matches(obj, rule)]
        related.setdefault(kind.key, {}).update(_keyed(matching, [kind])[kind.key])
    return related


def _matches(obj: Object, rule: Object) -> bool:
    metadata = obj["metadata"]
    wanted = rule.get("labelSelector", {}).get("matchLabels", {}).items()
    return (
        metadata["namespace"] == rule["namespace"]
        and metadata["name"] in rule.get("names", [metadata["name"]])
        and wanted <= metadata.get("labels", {}).items()
    )


def written(request: Object) -> bytes:
    """The body of a request as Metacontroller writes it: compact, and escaped as Go does."""
    return go_json.escaped(json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode())
