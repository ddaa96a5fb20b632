"""Whether Metacontroller knows these hooks, and reaches them: CompositeControllers, Service, TLS and token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from hooks.api.meta import GROUP
from hooks.check.point import Point
from hooks.cluster import CERTIFICATE, COMPOSITE_CONTROLLER, ENDPOINT_SLICE, LiveCluster
from hooks.controllers import CONTROLLERS
from hooks.kubernetes import conditions
from hooks.kubernetes.kinds import DEPLOYMENT, SECRET, SERVICE
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import HOOKS

TOPIC, SERVED = "CompositeControllers", "hooks"
_APPLY = "kubectl apply -k metacontroller/"


def check_controllers(live: LiveCluster) -> Iterator[Point]:
    """Whether each kind has one CompositeController, with the settings that these hooks need."""
    found = live.list(COMPOSITE_CONTROLLER)
    for controller in CONTROLLERS:
        wanted = composite_controller(controller)
        theirs = [each for each in found if _parent(each) == (GROUP, controller.parent.resource)]
        names = ", ".join(each["metadata"]["name"] for each in theirs)
        if not theirs:
            yield Point(TOPIC, False, f"there is none for {controller.parent.kind}", _APPLY)
        for each in theirs:
            faults = list(_faults(each, wanted))
            name = each["metadata"]["name"]
            yield from (Point(TOPIC, False, f"{name}: {fault}", _APPLY) for fault in faults)
            if not faults:
                yield Point(TOPIC, True, f"{name} is of this release")
        if len(theirs) > 1 and not _share(theirs):
            text = f"{names} all work for {controller.parent.kind}: they undo each other's work"
            yield Point(TOPIC, False, text, f"kubectl delete compositecontroller {theirs[-1]['metadata']['name']}")


def _parent(composite: Object) -> tuple[str, str]:
    resource = composite["spec"]["parentResource"]
    return resource["apiVersion"].partition("/")[0], resource["resource"]


def _share(composites: list[Object]) -> bool:
    """Whether each takes its own part of the objects, by a label."""
    return all((each["spec"]["parentResource"].get("labelSelector") or {}) for each in composites)


def _faults(theirs: Object, wanted: Object) -> Iterator[str]:
    spec, ours = theirs["spec"], wanted["spec"]
    if not spec["parentResource"].get("ignoreStatusChanges"):
        yield "spec.parentResource.ignoreStatusChanges isn't true: each status would call the hooks again"
    if not spec.get("generateSelector"):
        yield "spec.generateSelector isn't true: children aren't found"
    if _children(spec) != _children(ours):
        yield "spec.childResources is another list than this release's"
    for hook in HOOKS:
        path = ours["hooks"][hook]["webhook"]["path"]
        webhook = ((spec.get("hooks") or {}).get(hook) or {}).get("webhook") or {}
        if not webhook:
            yield f"spec.hooks.{hook} is missing"
        elif not str(webhook.get("path") or webhook.get("url")).endswith(path):
            yield f"spec.hooks.{hook} calls another path than {path}"


def _children(spec: Object) -> set[tuple[str, str, str]]:
    return {
        (child["apiVersion"], child["resource"], (child.get("updateStrategy") or {}).get("method", "OnDelete"))
        for child in spec.get("childResources") or []
    }


def check_hooks(live: LiveCluster) -> Iterator[Point]:
    """Whether the Services that CompositeControllers call have ready pods, and TLS and token the Secrets they need."""
    webhooks = [
        webhook
        for each in live.list(COMPOSITE_CONTROLLER)
        if _parent(each)[0] == GROUP
        for hook in (each["spec"].get("hooks") or {}).values()
        if (webhook := hook.get("webhook"))
    ]
    by_service: dict[tuple[str, str], list[Object]] = {}
    for webhook in webhooks:
        if service := webhook.get("service"):
            by_service.setdefault((str(service.get("namespace")), str(service.get("name"))), []).append(webhook)
    for (namespace, name), theirs in by_service.items():
        yield from _service(live, namespace, name)
        yield from _tls(live, namespace, theirs)
        yield from _token(live, namespace, name, theirs)
    outside = {urlsplit(str(webhook["url"]))[:2] for webhook in webhooks if "url" in webhook}
    for scheme, host in sorted(outside):
        yield Point(SERVED, None, f"{scheme}://{host} is no Service of the cluster, and isn't looked at")


def _service(live: LiveCluster, namespace: str, name: str) -> Iterator[Point]:
    if live.get(SERVICE, name, namespace) is None:
        yield Point(SERVED, False, f"Service {namespace}/{name}, which is called, isn't there", _APPLY)
        return
    slices = live.list(ENDPOINT_SLICE, namespace, labels=f"kubernetes.io/service-name={name}")
    endpoints = [endpoint for each in slices for endpoint in each.get("endpoints") or []]
    ready = sum((endpoint.get("conditions") or {}).get("ready") is not False for endpoint in endpoints)
    if ready:
        yield Point(SERVED, True, f"Service {namespace}/{name} has {ready} ready pod{'s' if ready > 1 else ''}")
    else:
        remedy = f"kubectl describe pods -n {namespace} -l app.kubernetes.io/name=toolhive-hooks"
        yield Point(SERVED, False, f"Service {namespace}/{name} has no ready pod", remedy)


def _tls(live: LiveCluster, namespace: str, webhooks: list[Object]) -> Iterator[Point]:
    protocols = {str((webhook.get("service") or {}).get("protocol") or "http") for webhook in webhooks}
    if len(protocols) > 1:
        yield Point("TLS", False, "some hooks are called by https and some by http", _APPLY)
        return
    if protocols == {"http"}:
        yield Point("TLS", True, "off: calls aren't encrypted. Component tls turns it on: docs/installing.md")
        return
    yield from _secrets(live, "TLS", [webhook.get("caBundle") for webhook in webhooks], "a caBundle")
    for certificate in live.list(CERTIFICATE, namespace):
        name, ready = certificate["metadata"]["name"], conditions.find(certificate, "Ready") or {}
        until = (certificate.get("status") or {}).get("notAfter", "an unknown day")
        if ready.get("status") == "True":
            yield Point("TLS", True, f"Certificate {name} is good until {until}")
        else:
            text = f"Certificate {name} isn't ready: {ready.get('message') or 'cert-manager has not looked at it'}"
            yield Point("TLS", False, text, f"kubectl describe certificate {name} -n {namespace}")


def _token(live: LiveCluster, namespace: str, name: str, webhooks: list[Object]) -> Iterator[Point]:
    sent = [webhook.get("authorization") for webhook in webhooks]
    asked = _setting(live, namespace, name, "TOOLHIVE_HOOKS_AUTH_TOKEN_FILE")
    if asked and not all(sent):
        yield Point("token", False, "the hooks ask for a token, and Metacontroller sends none", _APPLY)
    elif any(sent):
        yield from _secrets(live, "token", sent, "a token")
    else:
        yield Point(
            "token",
            True,
            "off: anyone who reaches the Service may call. Component auth turns it on: docs/installing.md",
        )


def _secrets(live: LiveCluster, topic: str, given: list[Any], what: str) -> Iterator[Point]:
    """Whether the Secrets are there that webhooks name; their content isn't read."""
    references = [(each or {}).get("secretRef") for each in given]
    if not all(references):
        yield Point(topic, None, f"not all hooks have {what} from a Secret")
    for namespace, name in sorted({(each["namespace"], each["name"]) for each in references if each}):
        if live.is_there(SECRET, name, namespace):
            yield Point(topic, True, f"Secret {namespace}/{name}, which has {what}, is there")
        else:
            yield Point(topic, False, f"Secret {namespace}/{name}, which has {what}, is missing", "docs/installing.md")


def _setting(live: LiveCluster, namespace: str, name: str, variable: str) -> str:
    """The value of a variable of the hooks' own Deployment, which has the name of its Service."""
    deployment = live.get(DEPLOYMENT, name, namespace) or {}
    pod = ((deployment.get("spec") or {}).get("template") or {}).get("spec") or {}
    variables = (each for container in pod.get("containers") or [] for each in container.get("env") or [])
    return next((str(each.get("value") or "") for each in variables if each.get("name") == variable), "")
