"""Ports that somebody else changed."""

from __future__ import annotations

from hooks.protocol import Object


def over_foreign(ports: list[Object], observed: list[Object], key: str) -> list[Object]:
    """The ports to return, so that one that somebody put in the place of ours goes away.

    Metacontroller merges such lists by the port's number, and takes an item away only if a hook once returned it. So
    after a hand's edit of the number both stay, with one name, which the API server refuses for ever. The other one is
    therefore returned once under another name; the next answer is without it, and Metacontroller removes it.

    Args:
        ports: ours.
        observed: those of the Service or container as it is.
        key: the field that has the number: `port` or `containerPort`.
    """
    numbers, names = {port[key] for port in ports}, {port["name"] for port in ports}
    foreign = [port for port in observed if port.get(key) not in numbers and port.get("name") in names]
    return [*ports, *({**port, "name": f"not-ours-{port[key]}"} for port in foreign)]
