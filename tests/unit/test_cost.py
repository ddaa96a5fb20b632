"""What a hook call may cost: bytes that it is sent and memory that it takes. Bounds are generous, and never seconds."""

import json
from collections.abc import Callable

import pytest

from hooks import wire
from hooks.controllers.controller import Hook
from hooks.protocol import Object
from tests.bench.bodies import deleted_config, deleted_server, full_server, used_config
from tests.bench.in_process import peak_bytes
from tests.world import BY_KIND, CONFIG, NOW, external_auth, secret, server, sync_request, written


@pytest.mark.parametrize(
    ("hook", "make"),
    [
        ("sync", full_server),
        ("finalize", deleted_server),
        ("sync", lambda: used_config(1_000)),
        ("finalize", lambda: deleted_config(1_000)),
    ],
    ids=["server sync", "server finalize", "config sync", "config finalize"],
)
def test_a_call_takes_a_few_times_the_memory_of_its_request(
    hook: Hook, make: Callable[[], Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measured: about three times. Reading JSON takes most of it; a second copy of the request would show."""
    monkeypatch.setattr(wire, "_QUICK_BYTES", 0)  # orjson's own memory would hide it

    request = make()
    controller, sent = BY_KIND[request["parent"]["kind"]], written(request)

    assert peak_bytes(lambda: controller.answer(hook, sent, CONFIG, NOW)) <= 5 * len(sent)


def test_reading_a_small_request_quickly_takes_little_memory_all_the_same() -> None:
    """Measured: 15 times the request, for as long as orjson reads."""
    sent = written(full_server())

    assert peak_bytes(lambda: BY_KIND["MCPServer"].answer("sync", sent, CONFIG, NOW)) <= 17 * len(sent)


def test_what_a_config_is_sent_does_not_grow_with_servers_that_do_not_use_it() -> None:
    others = [server(f"other-{number}") for number in range(100)]

    alone, among_others = (sync_request(external_auth(), related=[secret(), *extra]) for extra in ([], others))

    assert among_others == alone


def test_a_config_that_goes_is_sent_its_servers_once() -> None:
    """Each server, and not its ServiceAccount too."""
    request = deleted_config(references=3, others=2)

    sent = {kind: len(objects) for kind, objects in request["related"].items()}
    assert sent == {"Secret.v1": 1, "MCPServer.toolhive.stacklok.dev/v1alpha1": 5}


def test_an_answer_has_the_bytes_that_it_needs() -> None:
    """Without white space and escapes, the children of a full server fit in half of what was sent."""
    sent = written(full_server())

    answer = BY_KIND["MCPServer"].answer("sync", sent, CONFIG, NOW)

    assert answer.decode() == json.dumps(json.loads(answer), separators=(",", ":"), ensure_ascii=False)
    assert len(answer) <= len(sent) / 2
