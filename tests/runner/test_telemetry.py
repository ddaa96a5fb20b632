"""An MCPTelemetryConfig: its headers reach the collector, those from Secrets too, which its operator forgets."""

from __future__ import annotations

import pytest

from tests.runner.backend import Backend
from tests.runner.collector import collector
from tests.runner.manifests import custom, server
from tests.runner.runner import Start

pytestmark = pytest.mark.runner

TOKEN = "Bearer a$(HOME)b=c;d e+/ü"  # made up, with what a shell or a list might stumble over


def test_headers_from_a_secret_reach_the_collector(start: Start, backend: Backend) -> None:
    """Beside plain ones, whose values may have any character."""
    with collector("X-Team", "Authorization") as (address, received):
        otel = {
            "enabled": True,
            "endpoint": address,
            "insecure": True,
            "headers": {"x-team": "a, b=100%"},
            "sensitiveHeaders": [{"name": "Authorization", "secretKeyRef": {"name": "otel", "key": "token"}}],
            "metrics": {"enabled": True},
            "tracing": {"enabled": True, "samplingRate": "1"},
        }
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "otel"}, "stringData": {"token": TOKEN}}
        config = custom("MCPTelemetryConfig", "otel", {"openTelemetry": otel})
        proxy = start(server(backend, telemetryConfigRef={"name": "otel"}), config, secret).wait_started()
        proxy.caller().connect()
        proxy.process.stop()  # sends what is left

    sent = TOKEN.encode().decode("latin-1")  # bytes of a header, as WSGI has them
    assert set(received) == {("traces", "a, b=100%", sent), ("metrics", "a, b=100%", sent)}
