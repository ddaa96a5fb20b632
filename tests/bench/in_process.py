"""What a hook call costs, bytes in to bytes out, in one process: the best of several runs, in microseconds."""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable

from hooks import wire
from tests.world import BY_KIND, CONFIG, NOW, external_auth, judged, observed, pod, secret, server, sync, sync_request

CALLS, RUNS = 500, 7


def microseconds(call: Callable[[], object]) -> float:
    return min(timeit.repeat(call, number=CALLS, repeat=RUNS)) / CALLS * 1e6


def main() -> None:
    owner = server(
        externalAuthConfigRef={"name": "tx"},
        oidcConfig={"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "aud"}},
    )
    config = judged(external_auth(), secret())
    first = sync(owner, related=[config])
    children = [observed(child, owner) for child in first["children"]]
    request = sync_request({**owner, "status": first["status"]}, children, [config, pod("demo-1", "demo")])
    body = json.dumps(request).encode()
    controller = BY_KIND["MCPServer"]
    auth = json.dumps(sync_request(external_auth(), related=[secret()])).encode()
    rows = {
        f"parse {len(body) / 1024:.0f} KiB of JSON alone": lambda: wire.read_customize(body, controller.parent),
        "MCPServer sync": lambda: controller.answer("sync", body, CONFIG, NOW),
        "MCPServer customize": lambda: controller.answer("customize", body, CONFIG, NOW),
        "MCPExternalAuthConfig sync": lambda: BY_KIND["MCPExternalAuthConfig"].answer("sync", auth, CONFIG, NOW),
    }
    for name, call in rows.items():
        print(f"{name:32} {microseconds(call):7.0f} us")


if __name__ == "__main__":
    main()
