"""Requests that a real Metacontroller 4.17.2 sent, answered."""

import json
from pathlib import Path

import pytest

from hooks.api.meta import API_VERSION, OLDER_API_VERSION
from hooks.kubernetes.objects import Object
from hooks.metacontroller.composite import composite_controller
from hooks.server.app import HookSettings, create_app, create_metrics
from tests.payloads.test_at_rest import returned_before
from tests.rules import check_customize, check_sync
from tests.world import BY_KIND, CONFIG, KINDS, condition, customize

RECORDED = sorted(Path(__file__).parent.glob("recorded/*.json"))
KIND_OF = {kind.lower(): kind for kind in BY_KIND}


def ours(path: Path) -> tuple[str, Object]:
    """The webhook's path, and the recorded request as it would be with our CompositeController.

    The recording's was a placeholder's: it knew fewer kinds of children, and asked for other related objects. Ours come
    in the version that is stored now.
    """
    kind, hook, *_ = path.stem.split("-")
    body = json.loads(path.read_text())["body"]
    body["parent"]["apiVersion"] = API_VERSION
    body["controller"] = composite_controller(BY_KIND[KIND_OF[kind]])
    if hook != "customize":
        body["related"] = {
            key.replace(OLDER_API_VERSION, API_VERSION): {
                name: {**obj, "apiVersion": obj["apiVersion"].replace(OLDER_API_VERSION, API_VERSION)}
                for name, obj in objects.items()
            }
            for key, objects in body["related"].items()
        }
        for child_kind in BY_KIND[KIND_OF[kind]].child_kinds:
            body["children"].setdefault(child_kind.key, {})
        for rule in customize(body["parent"])["relatedResources"]:
            body["related"].setdefault(KINDS[rule["resource"]].key, {})
    return f"/{kind}/{hook}", body


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_request_gets_an_answer_that_keeps_the_rules(path: Path) -> None:
    url, body = ours(path)

    response = create_app(HookSettings(CONFIG), create_metrics()).test_client().post(url, json=body)

    assert response.status_code == 200
    check = check_customize if url.endswith("customize") else check_sync
    assert check(body, response.json) == []


def test_a_first_finalize_of_an_unused_config_waits_and_says_so() -> None:
    url, body = ours(Path(__file__).parent / "recorded/mcpexternalauthconfig-finalize-free.json")

    answer = create_app(HookSettings(CONFIG), create_metrics()).test_client().post(url, json=body).json

    assert {**answer, "status": None} == {"status": None, "children": [], "resyncAfterSeconds": 2, "finalized": False}
    assert condition(answer, "DeletionBlocked") == (
        "True",
        "CheckingReferences",
        "Checking again for workloads that refer to this object before it is released",
    )


def test_a_config_in_use_stays_and_names_the_server() -> None:
    url, body = ours(Path(__file__).parent / "recorded/mcpexternalauthconfig-finalize-in-use.json")

    answer = create_app(HookSettings(CONFIG), create_metrics()).test_client().post(url, json=body).json

    assert {**answer, "status": None} == {"status": None, "children": [], "resyncAfterSeconds": 60, "finalized": False}
    assert answer["status"]["referencingServers"] == ["demo"]
    assert condition(answer, "DeletionBlocked") == (
        "True",
        "ReferencedByWorkloads",
        "Referenced by 1 MCPServer: demo. Delete them or remove their spec.externalAuthConfigRef",
    )


def test_a_server_whose_config_was_not_judged_yet_holds_what_it_has() -> None:
    url, body = ours(Path(__file__).parent / "recorded/mcpserver-sync-config-edited.json")

    answer = create_app(HookSettings(CONFIG), create_metrics()).test_client().post(url, json=body).json

    held = [c for c in answer["children"] if c["kind"] in ("ConfigMap", "Deployment")]
    assert held == [
        returned_before(observed)
        for key in ("ConfigMap.v1", "Deployment.apps/v1")
        for observed in body["children"][key].values()
    ]
