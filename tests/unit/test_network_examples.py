"""examples/network-policy and examples/ingress: their selectors and ports are those of the pods that the hooks make."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from hooks.cli import main
from hooks.kubernetes.objects import Object
from tests.e2e.page import blocks
from tests.examples import FOLDER
from tests.world import pod

pytestmark = pytest.mark.slow

OWN = pod("fetch-0", "fetch", app="fetch")
"""A pod of the MCP server, as the proxy runner labels them."""


def rendered(example: str) -> dict[tuple[str, str], Object]:
    """The children of an example, by kind and name."""
    result = CliRunner().invoke(main, ["render", str(FOLDER / example)])
    assert result.exit_code == 0
    found = [document for document in yaml.safe_load_all(result.stdout) if document]
    return {(obj["kind"], obj["metadata"]["name"]): obj for obj in found}


def manifests(path: str) -> dict[str, Any]:
    """The specs of a file by their objects' names."""
    return {obj["metadata"]["name"]: obj["spec"] for obj in yaml.safe_load_all((FOLDER / path).read_text())}


def test_policies_select_the_proxy_and_the_mcp_server() -> None:
    children = rendered("network-policy")
    policies = manifests("network-policy/networkpolicies.yaml")
    template = children["Deployment", "fetch"]["spec"]["template"]
    [port] = children["Service", "mcp-fetch-proxy"]["spec"]["ports"]
    proxy, own = policies["fetch-proxy"], policies["fetch"]

    assert proxy["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert own["podSelector"]["matchLabels"].items() <= OWN["metadata"]["labels"].items()
    assert not own["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert not proxy["podSelector"]["matchLabels"].items() <= OWN["metadata"]["labels"].items()
    assert [rule["port"] for rule in proxy["ingress"][0]["ports"]] == [port["targetPort"]]
    assert proxy["egress"][0]["to"] == [{"podSelector": own["podSelector"]}]
    assert own["ingress"][0]["from"] == [{"podSelector": proxy["podSelector"]}]
    assert [rule["port"] for rule in own["ingress"][0]["ports"]] == [8080]


def test_ingress_and_route_lead_to_the_proxys_service() -> None:
    children = rendered("ingress")
    ingress = manifests("ingress/ingress.yaml")["fetch"]
    [text] = blocks("Access to a server from outside the cluster", "yaml", FOLDER / "ingress/README.md")
    route = yaml.safe_load(text)["spec"]
    [path] = ingress["rules"][0]["http"]["paths"]
    service = path["backend"]["service"]
    [port] = children["Service", "mcp-fetch-proxy"]["spec"]["ports"]
    url = manifests("ingress/mcpserver.yaml")["fetch"]["oidcConfigRef"]["resourceUrl"]

    assert service == {"name": "mcp-fetch-proxy", "port": {"number": port["port"]}}
    assert route["rules"][0]["backendRefs"] == [{"name": service["name"], "port": port["port"]}]
    assert route["hostnames"] == ingress["tls"][0]["hosts"] == [url.split("/")[2]]
