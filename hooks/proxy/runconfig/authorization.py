"""Which calls are admitted: the `config_data` of the authorization middleware."""

from __future__ import annotations

from hooks.kubernetes.objects import Object

_OPTIONAL = ("group_claim_name", "role_claim_name", "group_entity_type", "multi_valued_claims")


def with_upstream(authz: Object, upstream: str) -> Object:
    """Return the policies for a proxy that is an authorization server: Cedar judges the claims of the upstream's token.

    As release 0.44.0 does, with the keys of its Go struct in their order. Any other document is returned as it is.

    Args:
        authz: the `authz_config` of the RunConfig.
        upstream: name of the upstream identity provider; empty where the proxy is no authorization server.
    """
    cedar = authz.get("cedar")
    if not upstream or authz.get("type") != "cedarv1" or not isinstance(cedar, dict):
        return authz
    return {
        "version": authz["version"],
        "type": "cedarv1",
        "cedar": {
            "policies": cedar["policies"],
            "entities_json": cedar.get("entities_json", ""),
            "primary_upstream_provider": upstream,
            **{key: cedar[key] for key in _OPTIONAL if cedar.get(key)},
        },
    }
