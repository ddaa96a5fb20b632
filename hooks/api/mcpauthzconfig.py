"""MCPAuthzConfig: what the callers of workloads may do."""

from __future__ import annotations

from typing import Any

from hooks.api.meta import Model
from hooks.api.scalars import NonEmpty


class MCPAuthzConfigSpec(Model):
    """The desired authorization."""

    type: NonEmpty
    """Way to decide: "cedarv1" by Cedar policies, "httpv1" by a policy decision point over HTTP."""
    config: dict[str, Any]
    """Settings of that type: policies and entities_json for "cedarv1", http and claim_mapping for "httpv1"."""
