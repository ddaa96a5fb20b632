"""The config objects that a run adds: which are one and the same, what they are called, and where they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

from hooks.api.meta import API_VERSION, GROUP
from hooks.convert.parts import Wanted
from hooks.go_json import same, to_json
from hooks.kubernetes.objects import Object

SECRET_KEY = "client-secret"  # noqa: S105  # the key's name
_NAME_MAX = 63
"""Claims have a config's name as a label's value."""


Taken: TypeAlias = dict[tuple[str, str], set[str]]
"""For each kind and name, the namespaces in which there is one; "" for one that the files don't name."""


class Request(NamedTuple):
    """A workload that wants a config."""

    scope: str
    """The files of one scope are applied together."""
    workload: Object
    wanted: Wanted


class Named(NamedTuple):
    """The config that a request is met by."""

    name: str
    additions: list[Object]
    """What is to be added for it: the config and its Secret; nothing where an earlier request had it added."""


def name_configs(requests: Sequence[Request], objects: Iterable[tuple[str, Object]]) -> list[Named]:
    """Find a config for each request: one that exists, one that an earlier request added, or a new one.

    Args:
        requests: in the order of the files.
        objects: all that the files hold, each with its scope; no new object has the name of one of them.
    """
    known = [(scope, obj) for scope, obj in objects if _is_named(obj)]
    taken: Taken = {}
    for _, obj in known:
        taken.setdefault((obj["kind"], obj["metadata"]["name"]), set()).add(_namespace(obj))
    kinds = {request.wanted.kind for request in requests}
    configs = [(scope, obj) for scope, obj in known if obj["kind"] in kinds and _is_ours(obj)]
    users = Counter(map(_identity, requests))
    met: dict[tuple[str, ...], str] = {}
    answers = []
    for request in requests:
        identity, additions = _identity(request), []
        if identity not in met:
            met[identity] = _existing(request, configs)
        if not met[identity]:
            name = request.wanted.shared_name if users[identity] > 1 else request.wanted.name
            met[identity] = _free(request.wanted.kind, request, name, taken)
            additions = _additions(request, met[identity], taken)
        answers.append(Named(met[identity], additions))
    return answers


def _identity(request: Request) -> tuple[str, ...]:
    """What equal requests have in common; a workload with no namespace is in one that the files don't name."""
    wanted = request.wanted
    return request.scope, wanted.kind, _namespace(request.workload), to_json(wanted.spec), wanted.client_secret


def _existing(request: Request, configs: Iterable[tuple[str, Object]]) -> str:
    """The name of a config among the files that says just what is wanted; empty if there is none."""
    wanted = request.wanted
    if wanted.client_secret:  # no config has one in clear
        return ""
    place = (request.scope, wanted.kind, _namespace(request.workload))
    for scope, obj in configs:
        if (scope, obj["kind"], _namespace(obj)) == place and same(obj.get("spec"), wanted.spec):
            return str(obj["metadata"]["name"])
    return ""


def _additions(request: Request, name: str, taken: Taken) -> list[Object]:
    wanted = request.wanted
    config: Object = {
        "apiVersion": API_VERSION,
        "kind": wanted.kind,
        "metadata": _metadata(request, name),
        "spec": wanted.spec,
    }
    if not wanted.client_secret:
        return [config]
    secret_name = _free("Secret", request, f"{name}-client", taken)
    reference = {"name": secret_name, "key": SECRET_KEY}
    config["spec"] = {**wanted.spec, "inline": {**wanted.spec["inline"], "clientSecretRef": reference}}
    secret: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(request, secret_name),
        "stringData": {SECRET_KEY: wanted.client_secret},
    }
    return [config, secret]


def _metadata(request: Request, name: str) -> Object:
    namespace = _namespace(request.workload)
    return {"name": name, **({"namespace": namespace} if namespace else {})}


def _free(kind: str, request: Request, name: str, taken: Taken) -> str:
    """Take a name that no object of the kind has; one without a namespace may be in any."""
    namespace, count, free = _namespace(request.workload), 1, _cut(name, "")
    while _is_taken(taken.get((kind, free), set()), namespace):
        count += 1
        free = _cut(name, f"-{count}")
    taken.setdefault((kind, free), set()).add(namespace)
    return free


def _is_taken(namespaces: set[str], namespace: str) -> bool:
    return bool(namespaces) and (not namespace or bool(namespaces & {namespace, ""}))


def _cut(name: str, suffix: str) -> str:
    return f"{name[: _NAME_MAX - len(suffix)].rstrip('-.')}{suffix}"


def _namespace(obj: Object) -> str:
    return str(obj["metadata"].get("namespace") or "")


def _is_named(obj: Object) -> bool:
    metadata = obj.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("name"), str) and isinstance(obj.get("kind"), str)


def _is_ours(obj: Object) -> bool:
    return str(obj.get("apiVersion")).startswith(f"{GROUP}/")
