"""Requests to measure with, as Metacontroller would send them."""

from __future__ import annotations

from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.kinds import SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.references.table import REFERENCES
from tests.payloads.test_at_rest import BODY
from tests.world import (
    BY_KIND,
    USES_TX,
    deleting,
    external_auth,
    good_config,
    made,
    observed,
    pod,
    secret,
    server,
    sync,
    sync_request,
    with_metadata,
)

OIDC = {"type": "inline", "inline": {"issuer": "https://idp.acme.test", "audience": "aud"}}


def full_server() -> Object:
    """The sync request of a server with all its children, a shared config and a pod: nothing is to be done."""
    owner = server(**USES_TX, oidcConfig=OIDC)
    config = good_config()
    first = sync(owner, related=[config])
    children = [_stored(observed(child, owner)) for child in first["children"]]
    return sync_request({**_stored(owner), "status": first["status"]}, children, [config, pod("demo-1", "demo")])


def first_of_server() -> Object:
    """The first sync request of that server: nothing of it exists."""
    return sync_request(_stored(server(**USES_TX, oidcConfig=OIDC)), related=[good_config()])


def at_rest() -> Object:
    """The like from a real cluster: with managedFields of four writers, and a pod that the API server completed."""
    return BODY


def deleted_server() -> Object:
    """The finalize request of that server: its proxy still runs."""
    request = full_server()
    return {**request, "parent": deleting(request["parent"]), "finalizing": True}


def used_config(references: int) -> Object:
    """The sync request of a config to which so many servers refer."""
    return sync_request(_stored(external_auth()), related=[secret(), *_claims(references)])


def deleted_config(references: int, others: int = 0) -> Object:
    """The finalize request of that config, in a namespace with so many servers more that don't use it."""
    servers = [_server(f"uses-{n}", **USES_TX) for n in range(references)]
    servers += [_server(f"other-{n}") for n in range(others)]
    return sync_request(deleting(_stored(external_auth())), related=[secret(), *_claims(references), *servers])


def customize_of(request: Object) -> Object:
    """What Metacontroller asks before it sends such a request."""
    return {"controller": composite_controller(BY_KIND[request["parent"]["kind"]]), "parent": request["parent"]}


def _claims(count: int) -> list[Object]:
    """The proxies' ServiceAccounts of so many servers."""
    labels = {REFERENCES[0].claim: "tx"}
    return [
        _stored(
            observed(
                made(SERVICE_ACCOUNT, f"uses-{n}-proxy-runner", metadata={"labels": labels}),
                made(MCP_SERVER, f"uses-{n}"),
            )
        )
        for n in range(count)
    ]


def _server(name: str, **spec: object) -> Object:
    """A server that runs, its status as our hooks write it."""
    owner = server(name, **spec)
    status = {"phase": "Ready", "message": "MCP server is running", "url": f"http://mcp-{name}-proxy.team-a.svc:8080"}
    conditions = [
        {
            "type": type_,
            "status": "True",
            "reason": type_,
            "message": f"{type_} since then",
            "observedGeneration": 1,
            "lastTransitionTime": "2026-11-23T12:00:00Z",
        }
        for type_ in ("Ready", "Valid")
    ]
    return _stored({**owner, "status": {**status, "observedGeneration": 1, "conditions": conditions}})


def _stored(obj: Object) -> Object:
    """The object with the managedFields that the API server keeps on it, and sends along."""
    fields = {
        "f:metadata": {"f:annotations": {".": {}}, "f:labels": {".": {}}, "f:ownerReferences": {".": {}}},
        "f:spec": {f"f:{key}": {} for key in obj.get("spec") or {}},
    }
    entry = {
        "manager": "metacontroller",
        "operation": "Update",
        "apiVersion": obj["apiVersion"],
        "time": "2026-11-23T12:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return with_metadata(obj, managedFields=[entry])
