"""What a hook call costs in process, bytes in to bytes out.

Time is the processor time of the best of several runs: least disturbed by whatever else the machine does. Memory is the
most that one call holds at a time, by tracemalloc.
"""

from __future__ import annotations

import gc
import time
import timeit
import tracemalloc
from collections.abc import Callable

import orjson

from hooks.controllers.controller import Hook
from hooks.protocol import Object
from tests.bench.bodies import customize_of, deleted_config, deleted_server, full_server, used_config
from tests.world import BY_KIND, CONFIG, NOW, written

RUN_SECONDS, RUNS = 0.1, 15


def microseconds(call: Callable[[], object]) -> float:
    """Processor time of a call."""
    timer = timeit.Timer(call, timer=time.process_time)
    once = max(timer.timeit(3) / 3, 1e-6)
    number = max(int(RUN_SECONDS / once), 1)
    return min(timer.repeat(repeat=RUNS, number=number)) / number * 1e6


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
        "MCPServer finalize": ("finalize", deleted_server()),
        "MCPServer customize": ("customize", customize_of(full_server())),
        **{f"config sync, {n:,} references": ("sync", used_config(n)) for n in (1, 100, 1_000)},
        **{f"config finalize, {n:,} references": ("finalize", deleted_config(n)) for n in (1, 100, 1_000)},
        "config customize": ("customize", customize_of(used_config(1))),
    }


def main() -> None:
    print(f"{'':34} {'request':>9} {'time':>10} {'of it JSON':>10} {'memory':>10}")
    for name, (hook, request) in calls().items():
        controller, sent = BY_KIND[request["parent"]["kind"]], written(request)

        def answer(hook: Hook = hook, sent: bytes = sent, controller=controller) -> bytes:  # type: ignore[no-untyped-def]
            return controller.answer(hook, sent, CONFIG, NOW)

        def parse(sent: bytes = sent) -> object:
            return orjson.loads(sent)

        print(
            f"{name:34} {len(sent) / 1024:5.0f} KiB {microseconds(answer):7.0f} us {microseconds(parse):7.0f} us "
            f"{peak_bytes(answer) / 1024:6.0f} KiB"
        )


if __name__ == "__main__":
    main()
