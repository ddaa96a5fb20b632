"""awsSts: the proxy gets temporary AWS credentials for each caller, and signs calls of a remote MCP server."""

from __future__ import annotations

from hooks.api.external_auth.aws_sts import AwsSts, RoleMapping
from hooks.kubernetes.objects import Object
from hooks.proxy.outgoing_auth.base import Effect, without_empty
from hooks.proxy.spec import ProxySpec, Remote


def effect(sts: AwsSts, proxy: ProxySpec) -> Effect:
    """Return the settings, and the middleware that signs for the remote server's URL."""
    config = {
        "region": sts.region,
        "service": sts.service,
        **without_empty(
            {
                "fallback_role_arn": sts.fallback_role_arn,
                "role_mappings": [_role_mapping(mapping) for mapping in sts.role_mappings],
                "role_claim": sts.role_claim,
                "session_duration": sts.session_duration,
                "session_name_claim": sts.session_name_claim,
            }
        ),
    }
    target = proxy.backend.url if isinstance(proxy.backend, Remote) else ""
    return Effect(
        run_config={"aws_sts_config": config},
        middleware={"awssts": {"aws_sts_config": config, "target_url": target}},
    )


def _role_mapping(mapping: RoleMapping) -> Object:
    """Without a priority a mapping comes last; 0 is a priority."""
    priority = {} if mapping.priority is None else {"priority": mapping.priority}
    conditions = without_empty({"claim": mapping.claim, "matcher": mapping.matcher})
    return {**conditions, "role_arn": mapping.role_arn, **priority}
