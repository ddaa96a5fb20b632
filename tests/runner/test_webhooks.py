"""An MCPWebhookConfig: webhooks refuse and change calls; signature, TLS and failure policies are as it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from hooks.kubernetes.objects import Object
from tests.runner.backend import Backend
from tests.runner.caller import Caller
from tests.runner.gate import Gate
from tests.runner.manifests import custom, secret, server
from tests.runner.runner import Start

pytestmark = pytest.mark.runner

KEY = "hm4c-s3cr3t"
CA = {"caSecretRef": {"name": "gate", "key": "ca"}}


@pytest.fixture
def gate() -> Iterator[Gate]:
    """The webhooks."""
    with Gate(KEY).running() as running:
        yield running


def asking(backend: Backend) -> Object:
    """An MCPServer whose calls webhooks see."""
    return server(backend, webhookConfigRef={"name": "gate"})


def webhook(gate: Gate, path: str, **settings: Any) -> Object:
    """A webhook whose certificate is checked and to which the proxy signs."""
    name = path.strip("/")
    return {"name": name, "url": f"{gate.url}{path}", "tlsConfig": CA, **settings}


def config(gate: Gate, mutating: list[Object] | None = None, validating: list[Object] | None = None) -> list[Object]:
    """An MCPWebhookConfig, and the Secret that it needs."""
    spec = {"mutating": mutating or [], "validating": validating or []}
    credentials = secret("gate", hmac=KEY, ca=gate.authority.cert_pem.bytes().decode())
    return [custom("MCPWebhookConfig", "gate", {key: value for key, value in spec.items() if value}), credentials]


SIGNED = {"hmacSecretRef": {"name": "gate", "key": "hmac"}}


def called(caller: Caller, *tools: str) -> list[int]:
    return [caller.call(tool).status for tool in tools]


def test_a_call_is_changed_then_judged(start: Start, backend: Backend, gate: Gate) -> None:
    gate.renamed, gate.refused = {"fetch": "search", "look": "delete"}, {"delete"}
    webhooks = config(gate, [webhook(gate, "/mutate", **SIGNED)], [webhook(gate, "/validate", **SIGNED)])
    caller = start(asking(backend), *webhooks).wait_started().caller().connect()

    assert called(caller, "fetch", "delete", "look") == [200, 403, 403]

    assert [len(backend.called(tool)) for tool in ("search", "fetch", "delete", "look")] == [1, 0, 0, 0]
    assert [len(gate.about(path, "search")) for path in ("/mutate", "/validate")] == [0, 1]
    assert all(question.signed == question.signature for question in gate.asked)


def test_without_a_key_nothing_is_signed(start: Start, backend: Backend, gate: Gate) -> None:
    webhooks = config(gate, validating=[webhook(gate, "/validate")])
    start(asking(backend), *webhooks).wait_started().caller().connect()

    assert {question.signed for question in gate.asked} == {""}


@pytest.mark.parametrize(("policy", "status"), [("fail", 403), ("ignore", 200)])
def test_what_the_policy_says_holds_while_a_validating_webhook_fails(
    start: Start, backend: Backend, gate: Gate, policy: str, status: int
) -> None:
    webhooks = config(gate, validating=[webhook(gate, "/validate", failurePolicy=policy)])
    caller = start(asking(backend), *webhooks).wait_started().caller().connect()
    gate.failing, gate.refused = 500, {"delete"}
    assert called(caller, "fetch") == [status]

    gate.failing = 0
    assert called(caller, "fetch", "delete") == [200, 403]


@pytest.mark.parametrize(("policy", "status"), [("fail", 500), ("ignore", 200)])
def test_what_the_policy_says_holds_while_a_mutating_webhook_fails(
    start: Start, backend: Backend, gate: Gate, policy: str, status: int
) -> None:
    webhooks = config(gate, [webhook(gate, "/mutate", failurePolicy=policy)])
    caller = start(asking(backend), *webhooks).wait_started().caller().connect()
    gate.failing, gate.renamed = 500, {"fetch": "search"}
    assert called(caller, "fetch") == [status]

    gate.failing = 0
    assert called(caller, "fetch") == [200]
    assert len(backend.called("search")) == 1


def test_a_webhook_with_another_certificate_is_not_believed(start: Start, backend: Backend, gate: Gate) -> None:
    """With the policy "fail" the proxy doesn't even get ready: it asks itself first, through the same webhooks."""
    gate.refused = {"fetch"}
    stranger = Gate(KEY)  # has a CA of its own
    webhooks = config(stranger, validating=[webhook(gate, "/validate", failurePolicy="ignore")])

    assert called(start(asking(backend), *webhooks).wait_started().caller().connect(), "fetch") == [200]
    assert gate.asked == []


def test_the_proxy_shows_its_client_certificate(start: Start, backend: Backend) -> None:
    clients = trustme.CA()
    mine = clients.issue_cert("proxy.acme.test")
    tls = {**CA, "clientCertSecretRef": {"name": "client", "key": "cert"}}
    tls["clientKeySecretRef"] = {"name": "client", "key": "key"}
    pems = {
        "cert": mine.cert_chain_pems[0].bytes().decode(),
        "key": mine.private_key_pem.bytes().decode(),
    }
    with Gate(KEY).running(clients=clients) as gate:
        webhooks = config(gate, validating=[webhook(gate, "/validate", tlsConfig=tls)])
        caller = start(asking(backend), *webhooks, secret("client", **pems)).wait_started().caller().connect()

        assert called(caller, "fetch") == [200]
        assert len(gate.about("/validate", "fetch")) == 1
