"""What a soak asks of the server: recorded and built requests, and bad bodies, each with the code that it must get."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import NamedTuple

from hooks.kubernetes.objects import Object
from tests.neighbours import CLUSTER, SECRET
from tests.payloads.test_recorded import RECORDED, ours
from tests.rules import check_customize, check_sync
from tests.world import (
    deleting,
    external_auth,
    pod,
    running,
    server,
    sync_request,
    tool_config,
    written,
)


class Call(NamedTuple):
    """One call of a hook."""

    name: str
    path: str
    body: bytes
    code: int
    request: Object | None
    """What an answer is checked against."""

    def fault(self, code: int, text: str) -> str | None:
        """What is wrong with this answer."""
        if code != self.code:
            return f"{self.name}: {code} instead of {self.code}: {text[:200]!r}"
        if self.request is None:
            return None if len(text) < 300 else f"{self.name}: a refusal of {len(text)} bytes"
        answer = json.loads(text)
        check = check_customize if self.path.endswith("customize") else check_sync
        broken = check(self.request, answer)
        return f"{self.name}: {broken}" if broken else None


def calls() -> list[Call]:
    """One of each; a soak goes through them again and again."""
    return [*_recorded(), *_built(), *_bad()]


def _recorded() -> list[Call]:
    return [_good(path.stem, *ours(Path(path))) for path in RECORDED]


def _good(name: str, path: str, request: Object) -> Call:
    return Call(name, path, written(request), 200, request)


def _built() -> list[Call]:
    full = server(
        externalAuthConfigRef={"name": "tx"},
        toolConfigRef={"name": "tools"},
        oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}},
        authzConfig={"type": "inline", "inline": {"policies": ["permit(p,a,r);"]}},
    )
    children = running(full, *CLUSTER)
    many = [*CLUSTER, *(pod(f"demo-{number}", "demo") for number in range(200))]
    servers = [server(f"server-{number}", externalAuthConfigRef={"name": "tx"}) for number in range(200)]
    requests: dict[str, Object] = {
        "a server at rest": sync_request(full, children, CLUSTER),
        "a new server": sync_request(full, related=CLUSTER),
        "a server with many pods": sync_request(full, children, many),
        "a server whose references are gone": sync_request(full, children),
        "a server with a bad spec": sync_request({**full, "spec": {"image": 1}}, children, CLUSTER),
        "a server that goes": sync_request(deleting(full), children, CLUSTER),
        "a config": sync_request(external_auth(), related=[SECRET]),
        "a config that goes, and is used by many": sync_request(deleting(external_auth()), related=[SECRET, *servers]),
        "a tool config": sync_request(tool_config(toolsFilter=["a"])),
    }
    made = [_good(name, _path(request), request) for name, request in requests.items()]
    asked = {"parent": full, "controller": requests["a new server"]["controller"]}
    return [*made, _good("which related objects", "/mcpserver/customize", asked)]


def _path(request: Object) -> str:
    return f"/{request['parent']['kind'].lower()}/{'finalize' if request['finalizing'] else 'sync'}"


def _bad() -> list[Call]:
    request = sync_request(server(), related=CLUSTER)
    body = written(request)
    stale = copy.deepcopy(request)
    del stale["related"]["Pod.v1"]
    bodies: dict[str, bytes] = {
        "nothing": b"",
        "a request that is cut off": body[:-200],
        "bytes that are no UTF-8": body.replace(b"ghcr.io", b"\xff\xfe"),
        "NaN": body.replace(b'"ghcr.io/acme/mcp-demo:1.2.3"', b"NaN"),
        "a huge integer": body.replace(b'"ghcr.io/acme/mcp-demo:1.2.3"', b"9" * 5_000),
        "a name that comes twice": body.replace(b'"children":', b'"children": {}, "children":'),
        "a lone surrogate": body.replace(b"ghcr.io", b"\\ud800"),
        "a string that never ends": b'{"parent":"' + b"x" * (1 << 20),
        "depth without end": b"[" * (1 << 20),
        "depth, then quotes and backslashes": b"[" * 300 + b'"\\' * (1 << 19),
        "an answer instead of a request": b'{"relatedResources":[]}',
    }
    made = [Call(name, "/mcpserver/sync", text, 400, None) for name, text in bodies.items()]
    return [
        *made,
        Call("a parent of another kind", "/mcptoolconfig/sync", body, 400, None),
        Call("no hook", "/mcpserver/nothing", body, 404, None),
        Call("stale rules", "/mcpserver/sync", written(stale), 500, None),
    ]
