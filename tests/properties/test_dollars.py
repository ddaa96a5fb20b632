"""The kubelet puts variables, a client secret among them, into the proxy's arguments: never into a user's text."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.kinds import DEPLOYMENT
from hooks.proxy.names import TOKEN_EXCHANGE_CLIENT_SECRET
from tests.expansion import arguments, environment
from tests.neighbours import CANARY, CLUSTER
from tests.world import USES_TX, child, condition, server, sync

NAMES = st.sampled_from(("HOME", "A", TOKEN_EXCHANGE_CLIENT_SECRET, "XDG_CONFIG_HOME"))
TEXT = st.lists(
    st.sampled_from(("$", "$$", "(", ")", "a", "€", "<", "\\", '"')) | NAMES.map("$({})".format), max_size=5
).map("".join)


@given(st.lists(TEXT, max_size=3), TEXT, TEXT, st.lists(st.tuples(NAMES, TEXT), max_size=2))
def test_what_went_in_comes_out_under_any_environment(
    args: list[str], label: str, service: str, env: list[tuple[str, str]]
) -> None:
    proxy = proxy_container(
        podTemplateSpec={
            "metadata": {"annotations": {"a": label}},
            "spec": {"containers": [{"name": "x", "args": args}]},
        },
        telemetry={"openTelemetry": {"enabled": True, "serviceName": service}},
        resourceOverrides={"proxyDeployment": {"env": [{"name": name, "value": value} for name, value in env]}},
    )

    variables = environment(proxy, secret=lambda _: CANARY)
    _, patch, image = arguments(proxy, variables)
    template = json.loads(patch.removeprefix("--k8s-pod-patch="))

    assert template["metadata"]["annotations"] == {"a": label}
    assert template["spec"]["containers"][0].get("args", []) == args
    assert image == "ghcr.io/acme/mcp-demo:1.2.3"
    attributes = unquote(variables["OTEL_RESOURCE_ATTRIBUTES"])
    assert attributes == f"service.name={service or 'demo'},service.namespace=team-a"


@given(TEXT, TEXT)
def test_an_image_has_no_reference_to_a_variable(before: str, after: str) -> None:
    answer = sync(server(image=f"{before}${after}"), related=CLUSTER)

    fault = "spec.image: must not have a '$': write out the name of the image, no variable is put in"
    assert condition(answer, "Valid") == ("False", "SpecInvalid", fault)


def proxy_container(**spec: Any) -> Any:
    deployment = child(sync(server(**USES_TX, **spec), related=CLUSTER), DEPLOYMENT, "demo")
    return deployment["spec"]["template"]["spec"]["containers"][0]
