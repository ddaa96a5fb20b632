"""What a hook call may cost: bytes that it is sent and memory that it takes. Bounds are generous, and never seconds."""

import json
from collections.abc import Callable

import pytest

from hooks import webhook
from hooks.api.kinds import MCP_REMOTE_PROXY, MCP_SERVER
from hooks.controllers.configs import users
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Hook
from tests.bench.bodies import at_rest, deleted_config, deleted_server, full_server, used_config
from tests.bench.in_process import answering, peak_bytes
from tests.events import Calls
from tests.world import (
    BY_KIND,
    CONFIG,
    NOW,
    external_auth,
    group,
    oidc_config,
    secret,
    server,
    sync_request,
    telemetry_config,
    written,
)

REQUESTS: dict[str, tuple[Hook, Callable[[], Object]]] = {
    "server sync": ("sync", full_server),
    "server sync, from a cluster": ("sync", at_rest),
    "server finalize": ("finalize", deleted_server),
    "config sync": ("sync", lambda: used_config(1_000)),
    "config finalize": ("finalize", lambda: deleted_config(1_000)),
}


@pytest.mark.parametrize(("hook", "make"), REQUESTS.values(), ids=REQUESTS)
def test_a_call_takes_a_few_times_the_memory_of_its_request(hook: Hook, make: Callable[[], Object]) -> None:
    """Measured: 15 to 17 times while it is read, most of it room that orjson asks for and doesn't touch."""
    sent, answer = answering(hook, make())

    assert peak_bytes(answer) <= 20 * len(sent)


@pytest.mark.parametrize(("hook", "make"), REQUESTS.values(), ids=REQUESTS)
def test_an_answer_makes_no_copy_of_its_request(hook: Hook, make: Callable[[], Object]) -> None:
    """Measured: up to 2 times the bytes, of what a held child says of itself. A copy would be 3 more."""
    request = make()
    controller, sent = BY_KIND[request["parent"]["kind"]], written(request)
    read = webhook.read(controller, hook, sent)

    assert peak_bytes(lambda: webhook.respond(controller, read, CONFIG, NOW)) <= 3 * len(sent)


def test_a_configs_request_does_not_grow_with_servers_that_do_not_use_it() -> None:
    others = [server(f"other-{number}") for number in range(100)]

    alone, among_others = (sync_request(external_auth(), related=[secret(), *extra]) for extra in ([], others))

    assert among_others == alone


def test_a_config_that_is_being_deleted_is_sent_each_server_once() -> None:
    """Each server, and not its ServiceAccount too."""
    request = deleted_config(references=3, others=2)

    sent = {kind: len(objects) for kind, objects in request["related"].items()}
    assert sent == {"Secret.v1": 1, MCP_SERVER.key: 5, MCP_REMOTE_PROXY.key: 0}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (external_auth("shared"), "externalAuthConfigRef"),
        (oidc_config("shared"), "oidcConfigRef"),
        (telemetry_config("shared"), "telemetryConfigRef"),
        (group("shared"), "groupRef"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_server_more_on_a_config_that_many_use_costs_as_much_as_the_one_before(
    config: Object, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each new user wakes the others while the status lists them; after that, none does."""
    monkeypatch.setattr(users, "LISTED_AT_MOST", 6)
    calls = Calls()
    calls.apply(secret(), config)
    audience = {"audience": "a"} if field == "oidcConfigRef" else {}
    spent = []
    for number in range(16):
        before = calls.by_kind.total()
        calls.apply(server(f"s{number}", **{field: {"name": "shared", **audience}}))
        spent.append(calls.by_kind.total() - before)

    assert spent == [*range(4, 11), *[4] * 9]


def test_an_answer_has_the_bytes_that_it_needs() -> None:
    """Without white space and escapes, the children of a full server fit in half of what was sent."""
    sent = written(full_server())

    answer = webhook.answer(BY_KIND["MCPServer"], "sync", sent, CONFIG, NOW)

    assert answer.decode() == json.dumps(json.loads(answer), separators=(",", ":"), ensure_ascii=False)
    assert len(answer) <= len(sent) / 2
