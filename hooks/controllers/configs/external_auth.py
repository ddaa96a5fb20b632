"""MCPExternalAuthConfig: how a server's callers' tokens become tokens for the API behind it (RFC 8693)."""

from __future__ import annotations

from collections.abc import Iterator

from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG
from hooks.api.meta import secret_refs
from hooks.controllers.configs.config_controller import ConfigController, Validation
from hooks.controllers.configs.credentials import credential
from hooks.installation import Installation
from hooks.kubernetes import conditions
from hooks.kubernetes.names import OBJECT_NAME, SECRET_KEY
from hooks.metacontroller.requests import SyncRequest
from hooks.references.table import references_to


def validate(spec: MCPExternalAuthConfigSpec, request: SyncRequest, installation: Installation) -> Validation:
    """Check that a config's parts can be used, and that its Secret can be had.

    The secret's value stays here: the status gets a digest, by which a server sees that the content changed.
    """
    fault = next(_faults(spec), None)
    if fault:
        return Validation([conditions.false("Valid", *fault)])
    valid = conditions.true("Valid", "Valid", "The spec is valid")
    where, reference = next(secret_refs(spec), ("", None))
    if spec.block is None or reference is None or not installation.read_secrets:
        return Validation([valid])
    use = spec.block.uses[where.rpartition(".")[2]]
    available, digest = credential(request, where, reference, use, installation.digest_key)
    return Validation([valid, available], {"credentialDigest": digest} if digest else {})


def _faults(spec: MCPExternalAuthConfigSpec) -> Iterator[tuple[str, str]]:
    """Reason and message of what the schema admits and no token endpoint, proxy or API server would."""
    if spec.block:
        yield from spec.block.faults()
    for where, reference in secret_refs(spec):
        if not OBJECT_NAME.fullmatch(reference.name):
            yield "SecretNameInvalid", f"{where}.name must be the name of a Secret"
        if not SECRET_KEY.fullmatch(reference.key):
            yield "SecretKeyInvalid", f"{where}.key must be letters, digits, '-', '_' and '.'"


CONTROLLER = ConfigController(
    MCP_EXTERNAL_AUTH_CONFIG, MCPExternalAuthConfigSpec, references_to(MCP_EXTERNAL_AUTH_CONFIG), validate
).controller()
