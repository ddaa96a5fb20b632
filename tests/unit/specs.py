"""Specs in which every field is set, and ways to change one place in them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.mcpauthzconfig import MCPAuthzConfigSpec
from hooks.api.mcpgroup import MCPGroupSpec
from hooks.api.mcpoidcconfig import MCPOIDCConfigSpec
from hooks.api.mcpremoteproxy import MCPRemoteProxySpec
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.mcptelemetryconfig import MCPTelemetryConfigSpec
from hooks.api.mcptoolconfig import MCPToolConfigSpec
from hooks.api.mcpwebhookconfig import MCPWebhookConfigSpec
from hooks.api.meta import Model
from hooks.kubernetes.objects import Object
from tests.unit.config_specs import EXTERNAL_AUTHS, OIDC_CONFIGS, TOOLS
from tests.unit.workload_specs import AUTHZ, GROUP, OLD_SERVER, REMOTE_PROXY, SERVER, TELEMETRY, WEBHOOKS

EXTERNAL_AUTH = EXTERNAL_AUTHS[0]
EVERYTHING: list[tuple[type[Model], Object]] = [
    (MCPServerSpec, OLD_SERVER),
    (MCPServerSpec, SERVER),
    (MCPRemoteProxySpec, REMOTE_PROXY),
    *((MCPExternalAuthConfigSpec, spec) for spec in EXTERNAL_AUTHS),
    (MCPToolConfigSpec, TOOLS),
    *((MCPOIDCConfigSpec, spec) for spec in OIDC_CONFIGS),
    (MCPAuthzConfigSpec, AUTHZ),
    (MCPTelemetryConfigSpec, TELEMETRY),
    (MCPWebhookConfigSpec, WEBHOOKS),
    (MCPGroupSpec, GROUP),
]
"""Every field of every kind is set in one of these."""

Step = str | int
Path = tuple[Step, ...]


def errors(model: type[Model], data: object) -> list[str]:
    """Every line that users are told; none where the spec is good."""
    try:
        model.parse(data)
    except ValidationError as error:
        return spec_errors(error, model)
    return []


def server_errors(**fields: object) -> list[str]:
    return errors(MCPServerSpec, {"image": "mcp:1", **fields})


FREE_FORM = {"podTemplateSpec", "config"}
"""Fields without a schema of their own."""


def paths(value: object, at: Path = ()) -> Iterator[Path]:
    """The place of every value inside this one, but for what free-form fields hold."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*at, step)
        if step not in FREE_FORM:
            yield from paths(inner, (*at, step))


Change = Callable[[Any, Step], None]


def changed(document: Object, path: Path, change: Change) -> Object:
    """A copy in which one place was changed."""
    # Not deepcopy: parts that stand in several places would change in all of them.
    holder: Any = (document := json.loads(json.dumps(document)))
    for step in path[:-1]:
        holder = holder[step]
    change(holder, path[-1])
    return document


def put(value: object) -> Change:
    """The change that this value stands in the place."""
    return lambda holder, step: holder.__setitem__(step, value)


def written(path: Path) -> str:
    """The place as users are told it."""
    return "spec" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


PLACES = [(model, document, path) for model, document in EVERYTHING for path in paths(document)]
IDS = [f"{model.__name__}-{written(path)}" for model, _, path in PLACES]
