"""Configs that several servers may share: who callers are, and what they may do."""

from __future__ import annotations

import pytest

from tests.runner.backend import Backend
from tests.runner.caller import Caller
from tests.runner.gate import Gate
from tests.runner.identity_provider import BACKEND, PROXY, IdentityProvider
from tests.runner.manifests import by_reference, custom, oidc_config
from tests.runner.runner import Start

pytestmark = pytest.mark.runner


def test_callers_of_a_shared_oidc_config(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    """With the provider's CA from a ConfigMap."""
    proxy = start(by_reference(backend), *oidc_config(provider)).wait_started()
    strangers = (None, provider.token(signed_by="x"), provider.token(aud=BACKEND), provider.token(exp=1))

    assert [proxy.caller(token).post("initialize").status for token in strangers] == [401] * 4
    assert backend.calls == []
    assert proxy.caller(provider.token()).post("initialize").status == 200
    metadata = proxy.caller().request("GET", "/.well-known/oauth-protected-resource").message
    assert (metadata["resource"], metadata["authorization_servers"]) == (PROXY, [provider.issuer])


def fetched(caller: Caller) -> int:
    return caller.call("fetch").status


def test_cedar_policies_decide_by_group(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    policies = [
        'permit(principal in THVGroup::"engineering", action == Action::"call_tool", resource == Tool::"fetch");',
    ]
    settings = {"policies": policies, "entities_json": "[]", "group_claim_name": "teams"}
    config = custom("MCPAuthzConfig", "rules", {"type": "cedarv1", "config": settings})
    proxy = start(by_reference(backend, authzConfigRef={"name": "rules"}), *oidc_config(provider), config)
    proxy.wait_started()
    engineer, seller, alone = (
        proxy.caller(provider.token(**claims)).connect()
        for claims in ({"teams": ["engineering"]}, {"teams": ["sales"], "groups": ["engineering"]}, {})
    )

    assert [fetched(caller) for caller in (engineer, seller, alone)] == [200, 403, 403]
    assert [list(caller.tools()) for caller in (engineer, seller)] == [["fetch"], []]
    assert len(backend.called("fetch")) == 1


def test_a_policy_decision_point_is_asked(start: Start, provider: IdentityProvider, backend: Backend) -> None:
    with Gate("").running("http") as gate:
        gate.refused = {"delete"}
        settings = {
            "http": {"url": gate.url, "timeout": 5},
            "context": {"include_args": True, "include_operation": True},
            "claim_mapping": "standard",
        }
        config = custom("MCPAuthzConfig", "rules", {"type": "httpv1", "config": settings})
        spec = by_reference(backend, authzConfigRef={"name": "rules"})
        proxy = start(spec, *oidc_config(provider), config).wait_started()
        alice = proxy.caller(provider.token(groups=["staff"])).connect()

        arguments = {"url": "https://acme.test"}
        assert alice.post("tools/call", name="fetch", arguments=arguments).status == 200
        assert alice.call("delete").status == 403

        about = {question.body["resource"]: question.body for question in gate.asked}
        assert set(about) >= {"mrn:mcp:weather:tool:fetch", "mrn:mcp:weather:tool:delete"}
        asked = about["mrn:mcp:weather:tool:fetch"]
        assert (asked["principal"]["sub"], asked["principal"]["groups"]) == ("alice", ["staff"])
        assert (asked["operation"], asked["context"]["mcp"]["args"]) == ("mcp:tool:call", arguments)
    assert fetched(alice) == 403, "a decision point out of reach permits nothing"
