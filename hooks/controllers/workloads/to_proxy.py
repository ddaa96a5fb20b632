"""The parts of a ProxySpec that are made alike from the spec of each workload kind."""

from __future__ import annotations

import hashlib

from hooks.api.external_auth.embedded_auth_server import EmbeddedAuthServer
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.controllers.workloads.resolutions import Resolutions
from hooks.proxy import spec
from hooks.proxy.outgoing_auth import acts


def outgoing_auth(resolutions: Resolutions) -> spec.OutgoingAuth | None:
    """Return the external auth by which the proxy calls its backend; an authorization server is none."""
    found = resolutions.external_auth
    if found.value is None or isinstance(found.value.block, EmbeddedAuthServer):
        return None
    return spec.OutgoingAuth(found.name, found.value.type, found.value.block)


def content_digest(resolutions: Resolutions, backend: spec.Container | spec.Remote) -> str:
    """Return what stands for the content of all Secrets and ConfigMaps of the shared configs that reach the pods.

    External auth alone gives its own digest: so it was before there were other configs, and pods must not roll for it.
    A type of external auth without effect rolls no pods: its Secret reaches none.
    """
    digests = {field: config.digest for field, config in resolutions.configs.items() if config.digest}
    outgoing = outgoing_auth(resolutions)
    if outgoing and not acts(outgoing.type, backend):
        digests.pop("externalAuthConfigRef", None)
    if digests.keys() <= {"externalAuthConfigRef"}:
        return digests.get("externalAuthConfigRef", "")
    text = "\n".join(f"{field}={digest}" for field, digest in sorted(digests.items()))
    return hashlib.sha256(text.encode()).hexdigest()


def tools(config: MCPToolConfigSpec | None) -> spec.Tools:
    """Return the tools that callers see by an MCPToolConfig: all of them without one."""
    if config is None:
        return spec.Tools()
    overrides = {
        tool: spec.ToolOverride(
            new.name,
            new.description,
            new.annotations.model_dump(by_alias=True, exclude_none=True) if new.annotations else {},
        )
        for tool, new in (config.tools_override or {}).items()
    }
    return spec.Tools(config.tools_filter, overrides)
