"""Related objects: what a customize answer's rules select, as Metacontroller selects it for v2 hooks.

The rules are those of pkg/controller/common/customize/manager.go.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hooks.kubernetes.objects import Object, labels_of
from hooks.simulator.cluster import Cluster
from hooks.simulator.webhooks import HookError

ObjectMap = dict[str, dict[str, Object]]
"""Objects as v2 hooks get them: by `Kind.key`, and by namespace/name."""


def related_objects(cluster: Cluster, rules: Iterable[Object]) -> ObjectMap:
    """The objects that these rules select. Each rule gives its kind a key, if an empty one.

    Raises:
        HookError: Metacontroller refuses a rule, or this run can't follow it.
    """
    related: ObjectMap = {}
    for rule in rules:
        kind = cluster.kinds.get((rule.get("apiVersion", ""), rule.get("resource", "")))
        if kind is None:
            raise HookError(f"customize asks for {rule.get('apiVersion')} {rule.get('resource')}, which isn't served")
        names, namespace, selector = rule.get("names") or [], rule.get("namespace") or "", rule.get("labelSelector")
        if rule.get("namespaceSelector") is not None:
            raise HookError("customize has a namespaceSelector: an offline run knows no namespaces")
        if names and selector is not None:
            raise HookError("customize has a rule with both names and labelSelector")
        selects(selector, {})  # a bad one is refused even where there is nothing to select from
        if names and namespace:
            found = [obj for name in names if (obj := cluster.get((kind.key, namespace, name)))]
        else:
            found = [obj for obj in cluster.all(kind, namespace) if not names or obj["metadata"]["name"] in names]
        related.setdefault(kind.key, {}).update(
            by_namespaced_name(obj for obj in found if selects(selector, labels_of(obj)))
        )
    return {key: dict(sorted(objects.items())) for key, objects in sorted(related.items())}


def by_namespaced_name(objects: Iterable[Object]) -> dict[str, Object]:
    """Objects under the keys that v2 hooks know them by."""
    return {f"{obj['metadata']['namespace']}/{obj['metadata']['name']}": obj for obj in objects}


def selects(selector: Any, having: dict[str, str]) -> bool:
    """Whether a LabelSelector selects something with these labels; no selector, or an empty one, selects everything.

    Raises:
        HookError: it is no LabelSelector.
    """
    selector = {} if selector is None else selector
    try:
        wanted = selector.get("matchLabels") or {}
        expressions = selector.get("matchExpressions") or []
        return all(having.get(key) == value for key, value in wanted.items()) and all(
            _holds(expression["operator"], having.get(expression["key"]), expression.get("values") or [])
            for expression in expressions
        )
    except (AttributeError, KeyError, TypeError):
        raise HookError("customize has a labelSelector that is none") from None


def _holds(operator: str, value: str | None, values: list[str]) -> bool:
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[operator]
