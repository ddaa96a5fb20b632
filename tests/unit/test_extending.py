"""docs/extending.md: its code runs, and gives a config kind all that the others have."""

from __future__ import annotations

import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from hooks import webhook
from hooks.api.kinds import MCP_SERVER
from hooks.installation import Installation
from hooks.kubernetes.kinds import SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.metacontroller.controller import Controller
from tests.rules import check_customize, check_sync
from tests.world import NAMESPACE, NOW, deleting, made, parent, server

PAGE = Path(__file__).parents[2] / "docs/extending.md"


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch) -> Controller:
    """The controller that the page's code makes."""
    module = ModuleType("extending")
    monkeypatch.setitem(sys.modules, "extending", module)  # where pydantic looks up the names in annotations
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL):
        exec(block, vars(module))  # noqa: S102  # the page's own code
    controller: Controller = module.CONTROLLER
    return controller


def answer(controller: Controller, owner: Object, *accounts: Object, servers: tuple[Object, ...] = ()) -> Object:
    """The answer to a sync or finalize; it keeps Metacontroller's rules."""
    asked = {"controller": composite_controller(controller), "parent": owner}
    rules = json.loads(webhook.answer(controller, "customize", json.dumps(asked).encode(), Installation(), NOW))
    assert check_customize(asked, rules) == []
    related = {
        "ServiceAccount.v1": {f"{NAMESPACE}/{obj['metadata']['name']}": obj for obj in accounts},
        "Secret.v1": {},
        MCP_SERVER.key: {f"{NAMESPACE}/{obj['metadata']['name']}": obj for obj in servers},
    }
    request = {**asked, "children": {}, "related": related, "finalizing": "deletionTimestamp" in owner["metadata"]}
    hook = "finalize" if request["finalizing"] else "sync"
    response = json.loads(
        webhook.answer(controller, hook, json.dumps(request).encode(), Installation(), NOW + timedelta(minutes=1))
    )
    assert check_sync(request, response) == []
    return response


def test_a_new_kind_is_judged_referenced_and_kept_while_in_use(controller: Controller) -> None:
    config = parent(controller.parent, "fast", {"seconds": 60})
    user = server(cacheConfigRef={"name": "fast"})
    owner = {"apiVersion": user["apiVersion"], "kind": "MCPServer", "name": "demo", "controller": True}
    account = made(
        SERVICE_ACCOUNT,
        "demo-proxy-runner",
        metadata={"labels": {"toolhive.stacklok.dev/cache-config": "fast"}, "ownerReferences": [owner]},
    )

    good = answer(controller, config, account)
    assert good["status"]["referencingServers"] == ["demo"]
    assert [(c["type"], c["status"]) for c in good["status"]["conditions"]] == [("Ready", "True"), ("Valid", "True")]

    bad = answer(controller, parent(controller.parent, "slow", {"seconds": 100_000}))
    assert bad["status"]["conditions"][0]["reason"] == "TooLong"

    kept = answer(controller, deleting(config), servers=(user,))
    assert (kept["finalized"], kept["status"]["conditions"][-1]["reason"]) == (False, "ReferencedByWorkloads")
