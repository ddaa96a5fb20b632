"""Users of shared configs, and the ServiceAccounts by which workloads say which configs they use."""

from __future__ import annotations

from hooks.kubernetes.kinds import SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object, controller_reference
from tests.world import child, made, observed, server, sync


def using(config: str, name: str = "demo") -> Object:
    """An MCPServer that refers to this MCPExternalAuthConfig."""
    return server(name, externalAuthConfigRef={"name": config})


def account_of(owner: Object) -> Object:
    """The ServiceAccount of an MCPServer, as its own sync makes it."""
    return observed(child(sync(owner), SERVICE_ACCOUNT, f"{owner['metadata']['name']}-proxy-runner"), owner)


def claiming(of: Object, suffix: str = "-proxy-runner", **labels: str) -> Object:
    """The ServiceAccount of a workload, with these claims: `external_auth_config="tx"`."""
    return made(
        SERVICE_ACCOUNT,
        f"{of['metadata']['name']}{suffix}",
        metadata={
            "labels": {f"toolhive.stacklok.dev/{key.replace('_', '-')}": value for key, value in labels.items()},
            "ownerReferences": [controller_reference(of)],
        },
    )
