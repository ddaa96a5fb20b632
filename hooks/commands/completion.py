"""What a shell completes beside options and files: contexts, namespaces, and names of objects.

Completion runs while a user types. So each of these asks for at most two seconds, and offers nothing where it can't:
without a cluster, without rights, without the Kubernetes client.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from click.shell_completion import CompletionItem

from hooks.api.kinds import RESOURCES, WORKLOADS, CustomResource

if TYPE_CHECKING:
    from hooks.cluster import LiveCluster

_TIMEOUT_SECONDS = 2


def contexts(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The contexts of the kubeconfig; nothing is asked of a cluster."""
    places = context.params.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
    found: list[str] = []
    for place in str(places).split(os.pathsep):
        try:
            config = yaml.safe_load(Path(place).expanduser().read_text())
            found += [str(each["name"]) for each in config["contexts"]]
        except (OSError, ValueError, yaml.YAMLError, LookupError, TypeError):
            continue
    return _items(found, incomplete)


def namespaces(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The cluster's namespaces."""
    return _items(_asked(context, _namespaces), incomplete)


def servers(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of servers in the namespace that is meant."""
    return _items(_asked(context, lambda live: _names(live, context, WORKLOADS)), incomplete)


def objects(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of servers; behind `KIND/` the names of that kind."""
    typed, slash, _name = incomplete.partition("/")
    if not slash:
        return servers(context, _, incomplete)
    kinds = [kind for kind in RESOURCES if typed in kind.kubectl_names]
    found = _asked(context, lambda live: [f"{typed}/{name}" for name in _names(live, context, kinds)])
    return _items(found, incomplete)


def _namespaces(live: LiveCluster) -> list[str]:
    from hooks.cluster import NAMESPACE  # noqa: PLC0415  # an optional dependency

    return [obj["metadata"]["name"] for obj in live.list(NAMESPACE)]


def _names(live: LiveCluster, context: click.Context, kinds: Iterable[CustomResource]) -> list[str]:
    namespace = "" if context.params.get("all_namespaces") else context.params.get("namespace") or live.namespace
    return [obj["metadata"]["name"] for kind in kinds for obj in live.list(kind, namespace)]


def _asked(context: click.Context, ask: Callable[[LiveCluster], list[str]]) -> list[str]:
    """What a cluster answers in time. A plugin for credentials may wait for a browser: so the clock is beside it."""
    found: list[str] = []
    chosen: dict[str, Any] = context.params

    def run() -> None:
        try:
            from hooks.cluster import LiveCluster  # noqa: PLC0415  # an optional dependency

            live = LiveCluster(
                chosen.get("context"), chosen.get("kubeconfig"), chosen.get("as_user") or "", _TIMEOUT_SECONDS
            )
            found.extend(ask(live))
        except Exception:  # noqa: BLE001, S110  # a shell can show no fault: the command itself will
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_TIMEOUT_SECONDS)
    return [] if thread.is_alive() else found


def _items(found: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(each) for each in sorted(set(found)) if each.startswith(incomplete)]
