"""`migrate` and `diff` on a real API server where a tenant, or bad luck, works against them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apiserver.api_relay import api_relay
from tests.apiserver.test_diff import CONFIG_KIND, EXCHANGE, obj, server
from tests.controlplane import ControlPlane
from tests.old_operator import create, run

pytestmark = pytest.mark.apiserver


@pytest.mark.parametrize("name", ["../../kube-system/secrets/x", "../configmaps", "a?watch=true", "..", "."])
def test_a_tenant_chooses_no_path_that_is_read(
    cluster: ControlPlane, namespace: str, tmp_path: Path, name: str
) -> None:
    exchange = {**EXCHANGE, "clientSecretRef": {"name": name, "key": "k"}}
    create(cluster, namespace, obj(CONFIG_KIND, "tx", spec={"type": "tokenExchange", "tokenExchange": exchange}))
    server(cluster, namespace, externalAuthConfigRef={"name": "tx"})

    with api_relay(cluster, tmp_path) as relay:
        result = run("diff", relay.kubeconfig, "-n", namespace)

    assert result.returncode == 1
    assert "clientSecretRef.name must be the name of a Secret\n" in result.stderr
    assert [path for path in relay.reads if "secrets" in path or "kube-system" in path] == []
