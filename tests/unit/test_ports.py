"""The two names of each port: which counts."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.kubernetes.kinds import SERVICE
from tests.world import child, condition, run_config, server, sync

CASES = [
    ({}, 8080, 8080, None),
    ({"port": 9090, "targetPort": 3000}, 9090, 3000, None),
    ({"proxyPort": 9090, "mcpPort": 3000}, 9090, 3000, None),
    ({"proxyPort": 9090, "port": 9090}, 9090, 8080, None),
    # ToolHive 0.44's CRD stored a proxyPort that nobody wrote.
    (
        {"proxyPort": 8080, "port": 9090},
        *(9090, 8080, "spec.port 9090 counts, not spec.proxyPort 8080: remove spec.proxyPort"),
    ),
    (
        {"proxyPort": 9090, "port": 8080},
        *(9090, 8080, "spec.proxyPort 9090 counts, not spec.port 8080: remove spec.port"),
    ),
    (
        {"proxyPort": 9090, "port": 9091, "mcpPort": 3000, "targetPort": 3001},
        9090,
        3000,
        "spec.proxyPort 9090 counts, not spec.port 9091: remove spec.port; "
        "spec.mcpPort 3000 counts, not spec.targetPort 3001: remove spec.targetPort",
    ),
]


@pytest.mark.parametrize(("spec", "port", "target_port", "said"), CASES)
def test_the_current_name_counts_and_a_port_of_8080_counts_least(
    spec: Any, port: int, target_port: int, said: str | None
) -> None:
    answer = sync(server(transport="sse", **spec))

    run = run_config(answer)
    assert (run["port"], run["target_port"], run["env_vars"]["MCP_PORT"]) == (port, target_port, str(target_port))
    assert child(answer, SERVICE, "mcp-demo-proxy")["spec"]["ports"][0]["port"] == port
    assert condition(answer, "PortsAgree") == (("False", "TwoPorts", said) if said else None)
