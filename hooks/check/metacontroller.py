"""Whether Metacontroller is there, of a release and with settings that these hooks need, and with enough rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from hooks.check.point import Point
from hooks.cluster import LiveCluster
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.kinds import DEPLOYMENT, POD, SECRET, STATEFUL_SET, Kind
from hooks.kubernetes.objects import Object
from hooks.text import some, where

TOPIC = "Metacontroller"
MIN_VERSION = (4, 17, 2)
_IMAGE = re.compile(r"(?:^|/)metacontroller(?:-helm)?(?::v?(\d+)\.(\d+)\.(\d+))?(?:@|$|[-+:])")
_MIN_QPS = 50


class Metacontroller(NamedTuple):
    """Metacontroller's workload."""

    workload: Object
    container: Object
    version: tuple[int, ...] | None

    @property
    def namespace(self) -> str:
        """The namespace in which it runs."""
        return str(self.workload["metadata"]["namespace"])

    @property
    def user(self) -> str:
        """Its ServiceAccount as the API server's user."""
        pod = self.workload["spec"]["template"]["spec"]
        return f"system:serviceaccount:{self.namespace}:{pod.get('serviceAccountName') or 'default'}"


def find(live: LiveCluster) -> list[Metacontroller]:
    """Find the workloads that run Metacontroller's image."""
    found = []
    for kind in (STATEFUL_SET, DEPLOYMENT):
        for workload in live.list(kind):
            for container in workload["spec"]["template"]["spec"].get("containers") or []:
                match = _IMAGE.search(str(container.get("image")))
                if match:
                    version = tuple(int(part) for part in match.groups()) if match[1] else None
                    found.append(Metacontroller(workload, container, version))
    return found


def check_metacontroller(live: LiveCluster) -> Iterator[Point]:
    """Whether Metacontroller runs, of which release and with which settings."""
    found = find(live)
    if not found:
        yield Point(
            TOPIC, False, "no pods run Metacontroller in this cluster", "install Metacontroller: README.md, Install"
        )
    for each in found:
        name, kind = where(each.workload), each.workload["kind"]
        ready = (each.workload.get("status") or {}).get("readyReplicas", 0)
        at = f"-n {each.namespace} {kind.lower()}/{each.workload['metadata']['name']}"
        if ready:
            yield Point(TOPIC, True, f"{kind} {name} has {ready} ready pod{'s' if ready > 1 else ''}")
        else:
            yield Point(TOPIC, False, f"{kind} {name} has no ready pod", f"kubectl describe {at}")
        yield _version(each)
        yield from _settings(each, at)


def _version(found: Metacontroller) -> Point:
    needed = ".".join(map(str, MIN_VERSION))
    if found.version is None:
        image = found.container.get("image")
        return Point(TOPIC, None, f"image {image} doesn't tell its release: it must be {needed} or newer")
    version = ".".join(map(str, found.version))
    if found.version < MIN_VERSION:
        return Point(TOPIC, False, f"release {version} is older than {needed}", f"upgrade it to {needed} or newer")
    return Point(TOPIC, True, f"release {version}")


def _settings(found: Metacontroller, at: str) -> Iterator[Point]:
    flags = _flags([*(found.container.get("command") or []), *(found.container.get("args") or [])])
    strategy = flags.get("apply-strategy", "dynamic-apply")
    if strategy == "dynamic-apply":
        yield Point(TOPIC, True, "--apply-strategy is dynamic-apply")
    else:
        text = f"--apply-strategy={strategy} is not supported"
        yield Point(TOPIC, False, text, f"take it away, or set dynamic-apply: kubectl edit {at}")
    qps = flags.get("client-go-qps", "5")
    if _number(qps) >= _MIN_QPS:
        yield Point(TOPIC, True, f"--client-go-qps={qps}")
    else:
        text = f"--client-go-qps={qps} makes a few syncs a second in the whole cluster"
        yield Point(TOPIC, None, text, f"set --client-go-qps=100 --client-go-burst=200 --workers=10: kubectl edit {at}")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0


def _flags(words: list[str]) -> dict[str, str]:
    """Options of a command line, in both of the ways in which Go programs take them."""
    flags = {}
    for word, after in pairwise([*words, ""]):
        if word.startswith("-"):
            name, equals, value = word.lstrip("-").partition("=")
            flags[name] = value if equals else after
    return flags


def check_rights(live: LiveCluster) -> Iterator[Point]:
    """Whether Metacontroller's account may do what these hooks ask of it."""
    for each in find(live):
        lacking = [
            f"{verb} {kind.resource}{f'/{subresource}' if subresource else ''}"
            for verb, kind, subresource in _needed()
            if not live.may(each.user, verb, kind, subresource)
        ]
        if lacking:
            text = f"{each.user} may not {some(lacking)}"
            yield Point("rights", False, text, "docs/installing.md, Least privilege")
        else:
            yield Point("rights", True, f"{each.user} has the rights that these hooks need")


def _needed() -> list[tuple[str, Kind, str]]:
    """Verb, kind and subresource of each right; component least-privilege has the same."""
    needed: dict[tuple[str, Kind, str], None] = {}
    for controller in CONTROLLERS:
        for verb in ("get", "list", "watch", "update"):
            needed[verb, controller.parent, ""] = None
        needed["update", controller.parent, "status"] = None
        for kind in controller.child_kinds:
            for verb in ("list", "watch", "create", "update", "delete"):
                needed[verb, kind, ""] = None
    for kind in (POD, SECRET):
        for verb in ("list", "watch"):
            needed[verb, kind, ""] = None
    return list(needed)
