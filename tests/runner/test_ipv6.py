"""TOOLHIVE_PROXY_HOST for a cluster whose pods have IPv6 addresses alone."""

from __future__ import annotations

import socket
from dataclasses import replace
from urllib.request import urlopen

import pytest

from hooks.server.settings import Settings
from tests.reference.cases import inputs
from tests.runner.backend import Backend
from tests.runner.runner import Start
from tests.runner.test_reference_starts import check_serves, on_free_ports
from tests.world import CONFIG

pytestmark = [pytest.mark.runner, pytest.mark.skipif(not socket.has_ipv6, reason="runner: SKIPPED (no IPv6 here)")]


@pytest.mark.parametrize(("host", "written"), [("0.0.0.0", "0.0.0.0"), ("::", "[::]")])  # noqa: S104
@pytest.mark.parametrize("transport", ["stdio", "streamable-http", "sse"])
def test_the_proxy_listens_on_addresses_of_both_families(  # noqa: PLR0917
    start: Start, backend: Backend, monkeypatch: pytest.MonkeyPatch, transport: str, host: str, written: str
) -> None:
    """Go takes the default for all addresses of both families. Without its brackets `::` would keep the runner down."""
    monkeypatch.setenv("TOOLHIVE_PROXY_HOST", host)
    config = replace(CONFIG, proxy_host=Settings().installation().proxy_host)

    proxy = start(*on_free_ports(inputs("minimal"), backend, transport=transport), config=config)

    check_serves(proxy)
    port = proxy.run_config["port"]
    assert proxy.run_config["host"] == written
    for address in ("[::1]", "127.0.0.1"):
        with urlopen(f"http://{address}:{port}/health", timeout=10) as answer:
            assert answer.status == 200
