"""`toolhive-hooks diff`: what the hooks would change in a cluster, in the manner of `kubectl diff`.

The cluster's objects are read once; the hooks then run over them in memory, by Metacontroller's rules, until nothing
changes (hooks/render). Each child that has come out otherwise is tried out on the API server (a dry run), so that
defaults and admission are in the comparison. Nothing is written.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

import click

from hooks.cluster import Cluster, ClusterError
from hooks.controllers import CONTROLLERS, mcpserver
from hooks.controllers.conditions import find
from hooks.controllers.controller import Config
from hooks.controllers.kinds import CONFIG_MAP, MCP_SERVER, POD, SECRET
from hooks.controllers.mcpserver import children
from hooks.migrate.checks import composite_controllers
from hooks.migrate.load import worlds
from hooks.migrate.plan import World, merge_patch, take_over
from hooks.protocol import SERVER_SET_METADATA, CustomizeRequest, Kind, Object
from hooks.render.admit import title
from hooks.render.cluster import Cluster as Memory
from hooks.render.cluster import key_of
from hooks.render.merge import same
from hooks.render.output import dump, one_line, presentable
from hooks.render.run import MAX_ROUNDS, ready_condition, served_kinds
from hooks.render.sync import Metacontroller, sync
from hooks.render.webhooks import HookError, in_process

SAME, DIFFERENT, UNKNOWN = 0, 1, 2
"""Exit codes: as `diff` and `kubectl diff` have them."""

_COLOURS = {"-": "red", "+": "green", "@": "cyan"}
_IN_CLEAR = re.compile(r'("ClientSecret": )("(?:[^"\\]|\\.)+")')


def diff_command(cluster: Cluster, *, namespace: str, name: str, config: Config, stdout: TextIO, stderr: TextIO) -> int:
    """Compare what is in the cluster with what the hooks would make of it.

    Args:
        cluster: the user's.
        namespace: the only one to look at; all of them without it.
        name: the only MCPServer to look at; all of them without it.
        config: the installation's settings.
        stdout: gets the differences.
        stderr: gets what can't be told, and servers that aren't well.

    Returns:
        The exit code: see `SAME`.

    Raises:
        ClusterError: the cluster can't be asked.
    """
    comparison = _Comparison(cluster, name, config, stderr)
    colour = stdout.isatty() and not os.environ.get("NO_COLOR")
    found = False
    for world in worlds(cluster, namespace):
        for text in comparison.of(world):
            found = True
            click.echo(_coloured(text) if colour else text, stdout, nl=False, color=colour)
    if name and not comparison.seen:
        comparison.trouble(f"MCPServer {namespace}/{name} not found")
    return UNKNOWN if comparison.failed else DIFFERENT if found else SAME


class _Comparison:
    """Namespace by namespace, what would change."""

    def __init__(self, cluster: Cluster, name: str, config: Config, stderr: TextIO) -> None:
        self._cluster, self._name, self._config, self._stderr = cluster, name, config, stderr
        self._taken_over = bool(composite_controllers(cluster))
        self.seen = self.failed = False

    def trouble(self, text: str) -> None:
        """Say what keeps a comparison from being told."""
        self.failed = True
        click.echo(f"error: {one_line(text)}", self._stderr)

    def of(self, world: World) -> Iterator[str]:
        """A unified diff for each child of one namespace that would change."""
        before = [obj for objects in world.values() for obj in objects]
        memory = Memory(served_kinds(CONTROLLERS), [*self._migrated(world), *self._looked_up(world)])
        self._settle(memory, world)
        live = {key_of(obj): obj for obj in before}
        for kind in children.KINDS:
            wanted = {key_of(obj): obj for obj in memory.all(kind)}
            for key in sorted(live.keys() | wanted.keys()):
                if key[0] == kind.key and not same(live.get(key), wanted.get(key)):
                    yield from self._unified(kind, live.get(key), wanted.get(key))

    def _migrated(self, world: World) -> list[Object]:
        """The objects as they are, or, where Metacontroller hasn't come yet, as `migrate` would leave them."""
        objects = {(kind, obj["metadata"]["name"]): obj for kind, found in world.items() for obj in found}
        plan = take_over(world)
        if plan.changes and not self._taken_over:
            where = plan.changes[0].obj["metadata"]["namespace"]
            click.echo(f"note: namespace {where} as if `migrate --apply` had been run", self._stderr)
            for change in plan.changes:
                key = (change.kind, change.obj["metadata"]["name"])
                objects[key] = merge_patch(objects[key], change.patch(objects[key]))
        return list(objects.values())

    def _looked_up(self, world: World) -> list[Object]:
        """What the hooks look up beside parents and children: Pods, and the Secrets of configs that aren't judged."""
        found: list[Object] = []
        for server in filter(self._is_meant, world[MCP_SERVER]):
            for rule in mcpserver.customize(CustomizeRequest(server), self._config):
                if rule.kind == POD:
                    selector = ",".join(f"{key}={value}" for key, value in rule.labels.items())
                    found += self._cluster.list(POD, rule.namespace, labels=selector)
        for controller in CONTROLLERS:
            for parent in world[controller.parent]:
                if controller.parent != MCP_SERVER and not _is_judged(parent):
                    rules = controller.customize(CustomizeRequest(parent), self._config)
                    names = [(name, rule.namespace) for rule in rules if rule.kind == SECRET for name in rule.names]
                    found += filter(None, (self._cluster.get(SECRET, *name) for name in names))
        return found

    def _is_meant(self, server: Object) -> bool:
        return self._name in ("", server["metadata"]["name"])

    def _settle(self, memory: Memory, world: World) -> None:
        """Run the hooks until nothing changes.

        A config that its controller has judged keeps that verdict: its credential digest is made with the
        installation's key, which needn't be known here.
        """
        hooks = in_process(CONTROLLERS, self._config, datetime.now(UTC))
        runs = {controller.parent: Metacontroller(controller, memory, hooks) for controller in CONTROLLERS}
        configs = [(kind, obj) for kind in runs for obj in world[kind] if kind != MCP_SERVER and not _is_judged(obj)]
        servers = [(MCP_SERVER, obj) for obj in filter(self._is_meant, world[MCP_SERVER])]
        self.seen = self.seen or bool(servers)
        failed: set[str] = set()
        changed = True
        for _ in range(MAX_ROUNDS):
            changed = False
            for kind, parent in [*configs, *servers]:
                try:
                    changed |= bool(sync(runs[kind], key_of(parent)).changes)
                except HookError as error:
                    failed.add(f"{title(parent)}: {error}")
            if not changed:
                break
        if changed:
            failed.add(f"nothing settles in {MAX_ROUNDS} rounds: please report it")
        for text in sorted(failed):
            self.trouble(text)
        for _, parent in servers:
            self._tell_if_held(memory.get(key_of(parent)))

    def _tell_if_held(self, server: Object | None) -> None:
        """A server whose children are held shows no difference: say why."""
        if server and server.get("status", {}).get("phase") == "Failed":
            message = ready_condition(server).get("message") or server["status"].get("message", "")
            click.echo(f"warning: {title(server)} is Failed: {one_line(str(message))}", self._stderr)

    def _unified(self, kind: Kind, live: Object | None, wanted: Object | None) -> Iterator[str]:
        if wanted is not None:
            tried = _sendable(wanted, new=live is None)
            if live is None or not same(_shown(live), _shown(wanted)):
                try:
                    wanted = self._cluster.try_out(kind, tried, create=live is None)
                except ClusterError as error:
                    self.trouble(f"{title(wanted)}: {error}")
                    return
        old, new = _lines(live, wanted)
        name = title(live or wanted or {})
        yield from ["".join(difflib.unified_diff(old, new, f"live {name}", f"hooks {name}"))] if old != new else []


def _is_judged(config: Object) -> bool:
    """Whether a config's own controller has published a verdict about this very generation."""
    observed = (config.get("status") or {}).get("observedGeneration")
    return observed == config["metadata"].get("generation") and find(config, "Ready") is not None


def _sendable(obj: Object, *, new: bool) -> Object:
    """An object as Metacontroller would send it; without resourceVersion, since nothing is stored."""
    mine = {*(SERVER_SET_METADATA if new else ()), "resourceVersion", "managedFields"} - {"ownerReferences"}
    metadata = {key: value for key, value in obj["metadata"].items() if key not in mine}
    return {**obj, "metadata": metadata}


def _shown(obj: Object) -> Object:
    """What of an object is compared: neither status nor what the API server and Metacontroller note on it."""
    return presentable({key: value for key, value in obj.items() if key != "status"})


def _lines(live: Object | None, wanted: Object | None) -> tuple[list[str], list[str]]:
    """The lines of both. Client secrets that stand in a RunConfig in clear are masked, as `kubectl diff` does it."""
    changed = _secrets(live) != _secrets(wanted)
    marks = ("*** (before)", "*** (after)") if changed else ("***", "***")
    old, new = (
        dump(_shown(_masked(obj, mark))).splitlines(keepends=True) if obj else []
        for obj, mark in zip((live, wanted), marks, strict=True)
    )
    return old, new


def _secrets(obj: Object | None) -> list[str]:
    return [secret for text in _texts(obj).values() for _, secret in _IN_CLEAR.findall(text)]


def _masked(obj: Object, mark: str) -> Object:
    texts = {key: _IN_CLEAR.sub(rf'\1"{mark}"', text) for key, text in _texts(obj).items()}
    return {**obj, "data": texts} if texts else obj


def _texts(obj: Object | None) -> dict[str, str]:
    """The data of a ConfigMap."""
    return (obj.get("data") or {}) if obj and obj["kind"] == CONFIG_MAP.kind else {}


def _coloured(text: str) -> str:
    lines = text.splitlines(keepends=True)
    bold = [click.style(line, bold=True) for line in lines[:2]]
    return "".join([*bold, *(click.style(line, fg=_COLOURS.get(line[0])) for line in lines[2:])])
