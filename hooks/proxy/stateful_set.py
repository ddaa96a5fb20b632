"""The StatefulSet that the proxy runner makes for the MCP server, and whether it is the one that the spec asks for."""

from __future__ import annotations

import re
from typing import Any

from hooks.kubernetes.kinds import DEPLOYMENT, STATEFUL_SET
from hooks.kubernetes.objects import Object, annotations_of, raw_spec
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import names
from hooks.proxy.names import names_of
from hooks.proxy.rollout import is_rolled_out

MAX_STAMP = (1 << 63) - 1
"""The runner reads stamps as 64-bit integers: what is larger stops no proxy."""
_NUMBER = re.compile(r"\+?0*([0-9]{1,19})", re.ASCII)


def stateful_set(request: SyncRequest) -> Object | None:
    """The StatefulSet of the server's name, adopted or not: an earlier server of this name may have left it behind."""
    name = names_of(request).stateful_set
    return request.related.get(STATEFUL_SET, name) or request.children.get(STATEFUL_SET, name)


def stamp_of(workload: Object | None) -> int:
    """The generation stamp on the pod template of a Deployment or StatefulSet; 0 where it has none that counts.

    Read as runner 0.44.0 reads it (pkg/container/kubernetes/client.go), which is Go's strconv.ParseInt.
    """
    number = _NUMBER.fullmatch(str(annotations_of(_template(workload)).get(names.MCPSERVER_GENERATION)))
    return counted(int(number[1])) if number else 0


def counted(number: Any) -> int:
    """A stamp that someone else can have written: itself if the runner would heed it, else 0."""
    return number if type(number) is int and 0 < number <= MAX_STAMP else 0


def why_outdated(request: SyncRequest) -> str:
    """Why the MCP server isn't the one that the spec asks for, and what to do; "" where it is, or will be.

    A proxy leaves a StatefulSet alone whose stamp is above its own. One with the same stamp overwrites it, so an old
    proxy that starts again after a new one can bring the old image back.
    """
    own, namespace = names_of(request), request.namespace
    if not own.has_server:
        return ""
    observed = stateful_set(request)
    proxy = request.children.get(DEPLOYMENT, own.deployment)
    ours, theirs = stamp_of(proxy), stamp_of(observed)
    which = f"StatefulSet {own.stateful_set!r} has"
    restart = f"kubectl rollout restart deployment/{own.deployment} -n {namespace}"
    if 0 < ours < theirs:
        delete = f"kubectl delete statefulset {own.stateful_set} -n {namespace}"
        why = f"{which} generation stamp {theirs}, and a proxy with {ours} leaves it as it is"
        return f"{why}; one with {theirs} is on its way. If this stays, `{delete} && {restart}` makes it anew"
    wanted = raw_spec(request.parent).get("image")
    if proxy and observed and _runs(proxy, wanted) and is_rolled_out(proxy) and not _is_image(_image(observed), wanted):
        return f"{which} another image than spec.image: `{restart}` lets the proxy apply it again"
    return ""


def _template(workload: Object | None) -> Object:
    template = raw_spec(workload or {}).get("template")
    return template if isinstance(template, dict) else {}


def _containers(workload: Object) -> dict[str, Object]:
    listed = (_template(workload).get("spec") or {}).get("containers") or []
    return {container["name"]: container for container in listed}


def _runs(proxy: Object, image: object) -> bool:
    """Whether these proxies, once started, apply a StatefulSet with this image: it is the runner's last argument."""
    args = _containers(proxy).get(names.PROXY_CONTAINER, {}).get("args") or []
    return args[-1:] == [image]


def _image(observed: Object) -> str | None:
    """The MCP server's image; None in a StatefulSet that no runner made."""
    return _containers(observed).get(names.MCP_CONTAINER, {}).get("image")


def _is_image(image: str | None, wanted: object) -> bool:
    """Whether an image is the wanted one, or it with the digest that an admission webhook (Kyverno's) found for it."""
    return image is None or wanted in (image, image.partition("@")[0])
