"""Ports that someone edited by hand to collide with ours."""

from __future__ import annotations

from typing import Any

from hooks.kubernetes.objects import Object
from hooks.metacontroller.last_applied import last_applied


def displace_conflicting_ports(
    ports: list[Object], observed: Object | None, path: tuple[str, ...], key: str
) -> list[Object]:
    """Return our ports, and rename a port that an edit by hand made collide with ours.

    Metacontroller merges such lists by the port's number, and removes an item only if a hook once returned it. So
    after an edit of the number both stay with one name, which the API server refuses for ever. The other port is
    therefore returned once under another name; the next answer is without it, and Metacontroller removes it.

    Args:
        ports: ours.
        observed: the Service or Deployment as it is, if it is.
        path: where in it the ports are: keys, and in a list the name of an item.
        key: the field that has the number: `port` or `containerPort`.
    """
    if observed is None:
        return ports
    numbers, names = {port[key] for port in ports}, {port["name"] for port in ports}
    seen = _ports(observed, path)
    foreign = [port for port in seen if port.get(key) not in numbers and port.get("name") in names]
    # What a hook returned before, Metacontroller removes by itself: our own old port is not foreign.
    own = [port.get(key) for port in _ports(last_applied(observed), path)]
    return [*ports, *({**port, "name": f"not-ours-{port[key]}"} for port in foreign if port.get(key) not in own)]


def _ports(value: Any, path: tuple[str, ...]) -> list[Object]:
    """The ports at the end of a path; a tenant can write the annotation, so anything may be on the way."""
    for step in path:
        if isinstance(value, list):
            value = next((item for item in value if isinstance(item, dict) and item.get("name") == step), None)
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return [port for port in value if isinstance(port, dict)] if isinstance(value, list) else []
