"""What hooks answer, read as Metacontroller reads it: strictly, and refused where it would break something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hooks import strict_json, webhook
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import webhook_path
from hooks.metacontroller.controller import Controller
from hooks.metacontroller.last_applied import LAST_APPLIED
from hooks.metacontroller.requests import CONTROLLER_UID
from hooks.simulator.webhooks import HookError, Hooks


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to sync or finalize. The children have the parent's namespace and its controller-uid label."""

    status: Object
    children: list[Object]
    finalized: bool


def ask_rules(hooks: Hooks, controller: Controller, parent: Object, composite: Object) -> list[Object]:
    """Ask customize which related objects a parent needs.

    Raises:
        HookError: no answer that Metacontroller takes.
    """
    answer = _ask(hooks, webhook_path(controller, "customize"), {"controller": composite, "parent": parent})
    _refuse_unknown_keys(answer, {"relatedResources"})
    rules = _field_or_default(answer, "relatedResources", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise HookError("relatedResources is not a list of rules")
    for rule in rules:
        _refuse_unknown_keys(
            rule, {"apiVersion", "resource", "labelSelector", "namespaceSelector", "namespace", "names"}
        )
    return rules


def ask_decision(hooks: Hooks, controller: Controller, request: Object) -> Decision:
    """Ask sync or finalize what shall be.

    Raises:
        HookError: no answer that Metacontroller takes, or one that it shouldn't take.
    """
    hook = "finalize" if request["finalizing"] else "sync"
    answer = _ask(hooks, webhook_path(controller, hook), request)
    _refuse_unknown_keys(answer, {"status", "children", "resyncAfterSeconds", "finalized"})
    status, children = _field_or_default(answer, "status", {}), _field_or_default(answer, "children", [])
    finalized = _field_or_default(answer, "finalized", False)
    resync = _field_or_default(answer, "resyncAfterSeconds", 0)
    if not isinstance(status, dict) or not isinstance(children, list):
        raise HookError("status is not an object, or children not a list")
    if not isinstance(finalized, bool) or isinstance(resync, bool) or not isinstance(resync, int | float):
        raise HookError("finalized is not a boolean, or resyncAfterSeconds not a number")
    kinds = {(kind.kind, kind.api_version) for kind in controller.child_kinds}
    desired = [_desired(child, request["parent"], kinds) for child in children]
    return Decision(status, desired, finalized)


def _ask(hooks: Hooks, path: str, request: Object) -> Object:
    try:
        answer = strict_json.read(hooks(path, webhook.write(request)))
    except ValueError:
        raise HookError("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise HookError("the answer is not a JSON object")
    return answer


def _field_or_default(answer: Object, field: str, default: Any) -> Any:
    """A field of an answer; to Go's JSON, null is as good as absent."""
    value = answer.get(field)
    return default if value is None else value


def _refuse_unknown_keys(obj: Object, known: set[str]) -> None:
    """v2 hooks are read strictly: an unknown field fails the call."""
    if unknown := obj.keys() - known:
        raise HookError(f"the answer has fields that Metacontroller doesn't know: {', '.join(sorted(unknown))}")


def _desired(child: Any, parent: Object, kinds: set[tuple[str, str]]) -> Object:
    """A child as the merge and the last-applied annotation get it.

    Refused is what Metacontroller refuses, and what would lose objects: null crashes it, a kind that isn't a
    childResource is never seen again, an annotation that is no string wipes all of them.
    """
    metadata = child.get("metadata") if isinstance(child, dict) else None
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise HookError("a child is not an object with a name")
    where = f"child {child.get('kind')}/{metadata['name']}"
    if (child.get("kind"), child.get("apiVersion")) not in kinds:
        raise HookError(f"{where} is not of a kind among the childResources")
    namespace, uid = parent["metadata"]["namespace"], parent["metadata"]["uid"]
    if metadata.get("namespace", namespace) != namespace:
        raise HookError(f"{where} is in another namespace than its parent")
    for field in ("labels", "annotations"):
        texts = metadata.get(field) or {}
        if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
            raise HookError(f"{where} has {field} that are not strings")
    labels = {CONTROLLER_UID: uid, **(metadata.get("labels") or {})}
    if labels[CONTROLLER_UID] != uid:
        raise HookError(f"{where} has the {CONTROLLER_UID} label of another parent")
    desired = {**metadata, "namespace": namespace, "labels": labels}
    if "annotations" in metadata:
        annotations = metadata["annotations"] or {}
        desired["annotations"] = {key: text for key, text in annotations.items() if key != LAST_APPLIED}
    return {**child, "metadata": desired}
