"""What a hook call costs in process, bytes in to bytes out.

Time is the processor time of the best of several runs: least disturbed by whatever else the machine does. On a shared
machine that can be seconds on end, so the calls take turns. Memory is the most that one call holds at a time, by
tracemalloc. Since machines differ, and one from hour to hour, the full sync is also told as a share of what the same
machine takes, by turns with it, for a call of a served route that does nothing.
"""

from __future__ import annotations

import gc
import statistics
import time
import timeit
import tracemalloc
from collections.abc import Callable
from functools import partial

from hooks import webhook
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import Hook
from tests.bench import served
from tests.bench.bodies import (
    at_rest,
    customize_of,
    deleted_config,
    deleted_server,
    first_of_server,
    full_server,
    used_config,
)
from tests.bench.http import load, post, serving
from tests.controlplane.processes import free_port
from tests.served import MALLOC
from tests.world import BY_KIND, CONFIG, NOW, written

RUN_SECONDS, RUNS = 0.1, 20
TURNS, TURN_SECONDS = 7, 1.0
BODY_BYTES, CONNECTIONS = 15 << 10, 8
"""Of the call that does nothing."""


def microseconds(*calls: Callable[[], object], runs: int = RUNS) -> list[float]:
    """Processor time of each call, the best of runs in which they take turns."""
    timers = [timeit.Timer(call, timer=time.process_time) for call in calls]
    once = [max(timer.timeit(3) / 3, 1e-6) for timer in timers]
    numbers = [max(int(RUN_SECONDS / seconds), 1) for seconds in once]
    turns = [
        [timer.timeit(number) / number for timer, number in zip(timers, numbers, strict=True)] for _ in range(runs)
    ]
    return [min(seconds) * 1e6 for seconds in zip(*turns, strict=True)]


def peak_bytes(call: Callable[[], object]) -> int:
    """The most memory that a call holds at a time."""
    call()  # what is made once isn't the call's
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def calls() -> dict[str, tuple[Hook, Object]]:
    """What is measured."""
    return {
        "MCPServer sync": ("sync", full_server()),
        "the same, from a cluster": ("sync", at_rest()),
        "MCPServer sync, the first": ("sync", first_of_server()),
        "MCPServer finalize": ("finalize", deleted_server()),
        "MCPServer customize": ("customize", customize_of(full_server())),
        **{f"config sync, {n:,} references": ("sync", used_config(n)) for n in (1, 100, 1_000)},
        **{f"config finalize, {n:,} references": ("finalize", deleted_config(n)) for n in (1, 100, 1_000)},
        "config customize": ("customize", customize_of(used_config(1))),
    }


def answering(hook: Hook, request: Object) -> tuple[bytes, Callable[[], bytes]]:
    """The bytes of a request, and a call that answers them."""
    controller, sent = BY_KIND[request["parent"]["kind"]], written(request)
    return sent, lambda: webhook.answer(controller, hook, sent, CONFIG, NOW)


def reading(hook: Hook, request: Object) -> Callable[[], object]:
    """A call that only reads the request."""
    return partial(webhook.read, BY_KIND[request["parent"]["kind"]], hook, written(request))


def beside_nothing() -> tuple[float, float]:
    """Microseconds of a full sync, and of a call that does nothing: the median of turns in which both were measured."""
    _, answer = answering("sync", full_server())
    port, turns = free_port(), []
    with serving(served.command("nothing", port, workers=1), port, MALLOC):
        for _ in range(TURNS):
            rate, _ = load(port, CONNECTIONS, TURN_SECONDS, [post("/nothing", b"x" * BODY_BYTES)])
            turns.append((*microseconds(answer, runs=5), 1e6 / rate))
    return statistics.median(sync for sync, _ in turns), statistics.median(nothing for _, nothing in turns)


def main() -> None:
    print(f"{'':34} {'request':>9} {'time':>10} {'reading':>10} {'memory':>10}")
    measured = calls()
    bodies, answers = zip(*(answering(*call) for call in measured.values()), strict=True)
    times = microseconds(*answers, *(reading(*call) for call in measured.values()))
    answered, read = times[: len(measured)], times[len(measured) :]
    for name, body, answer, whole, part in zip(measured, bodies, answers, answered, read, strict=True):
        print(
            f"{name:34} {len(body) / 1024:5.0f} KiB {whole:7.0f} us {part:7.0f} us {peak_bytes(answer) / 1024:6.0f} KiB"
        )
    sync, nothing = beside_nothing()
    print(
        f"A served route that does nothing answers {1e6 / nothing:,.0f} calls/s, {nothing:.0f} us each. "
        f"By turns with it, an MCPServer sync took {sync:.0f} us: {sync / nothing:.2f} of such a call."
    )


if __name__ == "__main__":
    main()
