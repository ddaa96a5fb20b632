"""MCPAuthzConfig: what the callers of workloads may do."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from hooks import strict_json
from hooks.api.meta import Model
from hooks.api.scalars import NonEmpty


def _not_too_deep(settings: dict[str, Any]) -> dict[str, Any]:
    """Refuse what no RunConfig can contain: the API server stores any depth here."""
    if strict_json.is_too_deep(strict_json.cut(settings, strict_json.MAX_DEPTH - 1)):
        message = f"is nested deeper than about {strict_json.MAX_DEPTH} levels"
        raise PydanticCustomError("rule", "{message}", {"message": message})
    return settings


class MCPAuthzConfigSpec(Model):
    """The desired authorization."""

    type: NonEmpty
    """Way to decide: "cedarv1" by Cedar policies, "httpv1" by a policy decision point over HTTP."""
    config: Annotated[dict[str, Any], AfterValidator(_not_too_deep)]
    """Settings of that type: policies and entities_json for "cedarv1", http and claim_mapping for "httpv1"."""
