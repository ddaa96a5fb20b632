"""How many proxies there are, to which of them a client comes back, and with which Secrets images are pulled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hooks.api.meta import NameRef
from hooks.api.workload import ProxyDeploymentOverrides
from hooks.installation import Installation
from hooks.kubernetes.kinds import DEPLOYMENT, SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.proxy.deployment import make_deployment
from hooks.proxy.pull_secrets import named_pull_secrets
from hooks.proxy.rollout import make_replicas
from hooks.proxy.service import make_service
from tests.proxies import proxy
from tests.world import CONFIG, child, server, sync

DEFAULTS = Installation(image_pull_secrets=("company", "mine"))


def deployment(replicas: int) -> Object:
    return {"metadata": {"annotations": {}}, "spec": {"replicas": replicas}}


@pytest.mark.parametrize(
    ("transport", "asked", "seen", "sent"),
    [
        ("sse", None, None, None),
        ("sse", None, 5, None),
        ("sse", 3, None, 3),
        ("sse", 3, 5, 3),
        ("sse", 0, 3, 0),
        ("stdio", None, None, None),
        ("stdio", None, 0, None),
        ("stdio", None, 5, 1),
        ("stdio", 3, None, 1),
        ("stdio", 0, 1, 0),
    ],
)
def test_a_deployment_has_the_specs_replicas_and_one_at_most_for_stdio(
    transport: str, asked: int | None, seen: int | None, sent: int | None
) -> None:
    observed = None if seen is None else deployment(seen)

    assert make_replicas(proxy(transport=transport, replicas=asked), observed) == (
        {} if sent is None else {"replicas": sent}
    )


@pytest.mark.parametrize("affinity", ["ClientIP", "None"])
def test_the_service_has_the_specs_session_affinity(affinity: str) -> None:
    assert make_service(proxy(session_affinity=affinity), None)["spec"]["sessionAffinity"] == affinity


def test_pull_secrets_of_the_spec_come_before_those_of_the_installation() -> None:
    overrides = ProxyDeploymentOverrides(image_pull_secrets=[NameRef(name=name) for name in ("mine", "mine", "b")])

    made = make_deployment(proxy(deployment_overrides=overrides), DEFAULTS, None)

    expected = [{"name": "mine"}, {"name": "b"}, {"name": "company"}]
    assert made["spec"]["template"]["spec"]["imagePullSecrets"] == expected


def test_both_service_accounts_have_the_pull_secrets_of_the_pod() -> None:
    overrides = {"proxyDeployment": {"imagePullSecrets": [{"name": "b"}]}}
    installation = replace(CONFIG, image_pull_secrets=("company",))

    answer = sync(server(resourceOverrides=overrides), config=installation)

    expected = [{"name": "b"}, {"name": "company"}]
    for name in ("demo-proxy-runner", "demo-sa"):
        assert child(answer, SERVICE_ACCOUNT, name)["imagePullSecrets"] == expected
    assert child(answer, DEPLOYMENT, "demo")["spec"]["template"]["spec"]["imagePullSecrets"] == expected


@pytest.mark.parametrize(
    "overrides", [None, [], {"proxyDeployment": 1}, {"proxyDeployment": {"imagePullSecrets": [1, {}, {"name": "A b"}]}}]
)
def test_pull_secrets_of_any_raw_spec_can_be_read(overrides: object) -> None:
    assert named_pull_secrets({"spec": {"resourceOverrides": overrides}}) == []
