"""Two dialects, one outcome: a manifest of October 2025 and its translation make the same children."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hooks.api.kinds import MCP_OIDC_CONFIG, MCP_TELEMETRY_CONFIG
from hooks.kubernetes.objects import Object
from tests.neighbours import CLUSTER
from tests.strategies import GOOD_VALUES
from tests.world import judged, parent, server, settled, tool_config

URL = st.sampled_from(("https://idp.acme.test", "https://keys.acme.test/jwks"))
INLINE = st.fixed_dictionaries(
    {"issuer": URL, "audience": st.sampled_from(("demo", "https://mcp.acme.test"))},
    optional={
        "jwksUrl": URL,
        "introspectionUrl": URL,
        "clientId": st.just("client"),
        "jwksAuthTokenPath": st.just("/var/run/token"),
        "jwksAllowPrivateIP": st.booleans(),
    },
)
ACCOUNTS = st.fixed_dictionaries(
    {},
    optional={
        "audience": st.just("demo"),
        "issuer": URL,
        "jwksUrl": URL,
        "introspectionUrl": URL,
        "useClusterAuth": st.booleans(),
    },
)
RESOURCE = st.fixed_dictionaries({}, optional={"resourceUrl": st.just("https://mcp.acme.test/mcp")})
OIDC = st.one_of(
    st.builds(lambda block, rest: {"type": "inline", "inline": block, **rest}, INLINE, RESOURCE),
    st.builds(lambda block, rest: {"type": "kubernetes", "kubernetes": block, **rest}, ACCOUNTS, RESOURCE),
)
SENDS = st.fixed_dictionaries(
    {"enabled": st.just(True), "endpoint": st.sampled_from(("otel:4318", "https://otel:4318"))},
    optional={
        "serviceName": st.just("svc"),
        "headers": st.just(["x-team=a", "x-key=b"]),
        "insecure": st.booleans(),
        "metrics": st.just({"enabled": True}),
    },
).map(lambda otel: {**otel, "tracing": {"enabled": True, "samplingRate": "0.25"}})
TELEMETRY = st.fixed_dictionaries(
    {}, optional={"openTelemetry": SENDS, "prometheus": st.just({"enabled": True})}
).filter(bool)
BOTH = (
    *("transport", "proxyMode", "image", "args", "env", "volumes", "resources", "secrets", "serviceAccount"),
    *("permissionProfile", "podTemplateSpec", "resourceOverrides", "authzConfig", "audit", "trustProxyHeaders"),
    "externalAuthConfigRef",
)
"""Fields that have one name in both dialects."""
OLD = st.fixed_dictionaries(
    {"image": st.just("ghcr.io/acme/mcp-demo:1.2.3")},
    optional={
        **{field: st.sampled_from(GOOD_VALUES[field]) for field in BOTH if field != "image"},
        "port": st.sampled_from((8080, 9000)),
        "targetPort": st.sampled_from((8080, 9001)),
        "oidcConfig": OIDC,
        "telemetry": TELEMETRY,
        "tools": st.sampled_from((["a"], ["b", "a"])),
    },
)
"""Specs of October 2025 of which each setting has a place in today's dialect."""


def translated(old: Object) -> tuple[Object, list[Object]]:
    """The same in today's dialect, with the config objects that it needs."""
    new, configs = copy.deepcopy(old), []
    for name, now in (("port", "proxyPort"), ("targetPort", "mcpPort")):
        if name in new:
            new[now] = new.pop(name)
    if "oidcConfig" in new:
        given_oidc = new.pop("oidcConfig")
        block = given_oidc.get("inline", given_oidc.get("kubernetes"))
        audience = block.pop("audience", "toolhive")
        of_cluster = given_oidc["type"] == "kubernetes"
        kind = "kubernetesServiceAccount" if of_cluster else "inline"
        configs.append(parent(MCP_OIDC_CONFIG, "translated", {"type": kind, kind: block}))
        resource = {key: given_oidc[key] for key in ("resourceUrl",) if key in given_oidc}
        new["oidcConfigRef"] = {"name": "translated", "audience": audience, **resource}
    if "telemetry" in new:
        telemetry = new.pop("telemetry")
        otel = telemetry.get("openTelemetry", {})
        named = {"serviceName": otel.pop("serviceName")} if "serviceName" in otel else {}
        if "headers" in otel:
            otel["headers"] = dict(header.split("=", 1) for header in otel["headers"])
        configs.append(parent(MCP_TELEMETRY_CONFIG, "translated", telemetry))
        new["telemetryConfigRef"] = {"name": "translated", **named}
    if "tools" in new:
        configs.append(tool_config("translated", toolsFilter=new.pop("tools")))
        new["toolConfigRef"] = {"name": "translated"}
    return new, [judged(config) for config in configs]


def children_of(spec: Object, configs: list[Object]) -> list[Any]:
    """All that exists for a server with this spec, less the claims, which name config objects."""
    children = settled({**server(), "spec": spec}, *CLUSTER, *configs)[0]["children"]
    for child in children:
        if child["kind"] == "ServiceAccount":
            labels = child["metadata"].pop("labels", {})
            assert all(label.startswith("toolhive.stacklok.dev/") for label in labels)
    return children


@given(OLD)
def test_an_old_spec_and_its_translation_make_equal_children(old: Object) -> None:
    new, configs = translated(old)

    made = children_of(old, [])

    assert {"Deployment", "Service"} <= {child["kind"] for child in made}
    assert children_of(new, configs) == made
