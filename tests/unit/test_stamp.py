"""The generation stamp: one number in RunConfig and pod template, which tells a stale proxy that it is one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, STATEFUL_SET
from hooks.kubernetes.objects import Object
from tests.world import (
    USES_TX,
    child,
    made,
    observed,
    run_config,
    running,
    server,
    sync,
    with_metadata,
)

IMAGE = server()["spec"]["image"]
STAMP = "toolhive.stacklok.dev/mcpserver-generation"
HASH = "toolhive.stacklok.dev/workload-hash"
LARGEST = 2**63 - 1
HUGE = 2**63
UNNOTICED = {"resourceOverrides": {"proxyService": {"labels": {"a": "b"}}}}
"""A part of the spec of which neither RunConfig nor pod template has anything."""


def at(generation: int, **spec: Any) -> Object:
    """The MCPServer at a generation."""
    return with_metadata(server(**spec), generation=generation)


RUNNERS = {"app": "demo", "toolhive": "true", "toolhive-name": "demo"}
"""Labels that the proxy runner gives to what it makes."""


def backend(stamp: object | None = None, *, image: str = IMAGE, **metadata: Any) -> Object:
    """The StatefulSet of a proxy runner."""
    annotations = {} if stamp is None else {"annotations": {STAMP: str(stamp)}}
    template = {"metadata": annotations, "spec": {"containers": [{"name": "mcp", "image": image}]}}
    return made(STATEFUL_SET, "demo", spec={"template": template}, metadata={"labels": RUNNERS, **metadata})


def template(answer: Object) -> Object:
    return child(answer, DEPLOYMENT, "demo")["spec"]["template"]


def stamps(answer: Object) -> tuple[int, str]:
    """The numbers in the RunConfig and on the pod template of an answer."""
    return run_config(answer)["mcpserver_generation"], template(answer)["metadata"]["annotations"][STAMP]


def with_run_config(children: list[Object], *, number: object = None, digest: str | None = None) -> list[Object]:
    """Children whose RunConfig somebody edited: its stamp, its hash."""
    for obj in children:
        if obj["kind"] == "ConfigMap":
            run = json.loads(obj["data"]["runconfig.json"])
            run |= {} if number is None else {"mcpserver_generation": number}
            obj["data"]["runconfig.json"] = json.dumps(run)
            obj["metadata"]["annotations"] |= {} if digest is None else {HASH: digest}
    return children


def seen(children: list[Object], answer: Object, owner: Object, kind: str) -> list[Object]:
    """The children once Metacontroller has applied an answer's child of a kind."""
    [applied] = [obj for obj in answer["children"] if obj["kind"] == kind]
    return [observed(applied, owner) if obj["kind"] == kind else obj for obj in children]


def test_a_new_server_has_its_generation_in_runconfig_template_and_environment() -> None:
    answer = sync(at(4))

    assert list(run_config(answer))[:3] == ["schema_version", "mcpserver_generation", "image"]
    assert stamps(answer) == (4, "4")
    [container] = template(answer)["spec"]["containers"]
    assert [variable for variable in container["env"] if variable["name"] == "THV_MCPSERVER_GENERATION"] == [
        {
            "name": "THV_MCPSERVER_GENERATION",
            "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.annotations['{STAMP}']"}},
        }
    ]
    annotations = child(answer, CONFIG_MAP, "demo-runconfig")["metadata"]["annotations"]
    assert annotations.keys() == {"toolhive.stacklok.dev/content-checksum", HASH}


def test_a_users_own_stamp_is_overruled() -> None:
    proxy = {
        "env": [{"name": "THV_MCPSERVER_GENERATION", "value": "99"}],
        "annotations": {STAMP: "98"},
        "podTemplateMetadataOverrides": {"annotations": {STAMP: "97"}},
    }

    answer = sync(at(4, resourceOverrides={"proxyDeployment": proxy}))

    assert stamps(answer) == (4, "4")
    [container] = template(answer)["spec"]["containers"]
    assert all("value" not in item for item in container["env"] if item["name"] == "THV_MCPSERVER_GENERATION")


def test_an_edit_that_changes_nothing_keeps_number_hash_and_pods() -> None:
    before = sync(at(1))

    after = sync(at(5, **UNNOTICED), running(at(1)), [backend(1)])

    for kind, name in ((CONFIG_MAP, "demo-runconfig"), (DEPLOYMENT, "demo")):
        assert child(after, kind, name) == child(before, kind, name)


@pytest.mark.parametrize(
    "change",
    [
        {"args": ["-v"]},
        {"image": "ghcr.io/acme/other:1"},
        {"secrets": [{"name": "s", "key": "k"}]},
        {"podTemplateSpec": {"spec": {"nodeSelector": {"a": "b"}}}},
        {"resourceOverrides": {"proxyDeployment": {"env": [{"name": "A", "value": "1"}]}}},
        {"resources": {"limits": {"cpu": "1"}}},
    ],
)
def test_any_other_edit_takes_the_generation_in_the_file_first_and_then_on_the_template(change: Object) -> None:
    owner, before = at(5, **change), running(at(1))

    first = sync(owner, before, [backend(1)])
    assert run_config(first)["mcpserver_generation"] == 5
    assert template(first) == template(sync(at(1)))

    second = sync(owner, seen(before, first, owner, "ConfigMap"), [backend(1)])
    assert child(second, CONFIG_MAP, "demo-runconfig") == child(first, CONFIG_MAP, "demo-runconfig")
    assert stamps(second) == (5, "5")
    assert template(second) == template(sync(owner))

    third = sync(owner, seen(seen(before, second, owner, "ConfigMap"), second, owner, "Deployment"), [backend(5)])
    assert third["children"] == [*second["children"]]


def test_a_restart_that_was_asked_for_takes_the_generation_too() -> None:
    """So nothing that rolls the pods keeps an old number."""
    restart = {"mcpserver.toolhive.stacklok.dev/restarted-at": "2026-11-23T12:00:00Z"}
    owner = with_metadata(at(5, **UNNOTICED), annotations=restart)
    before = running(at(1))

    first = sync(owner, before, [backend(1)])
    second = sync(owner, seen(before, first, owner, "ConfigMap"), [backend(1)])

    assert template(first) == template(sync(at(1)))
    assert stamps(second) == (5, "5")
    assert template(second)["metadata"]["annotations"].items() >= restart.items()


RULE: dict[str, tuple[int, object, object, bool, int]] = {
    # generation, stamp of the StatefulSet, stamp of the observed RunConfig, whether its hash is right: the stamp
    "a new server beside an old StatefulSet": (1, 7, None, True, 7),
    "nothing changed": (5, 3, 3, True, 3),
    "nothing changed, no StatefulSet": (5, None, 3, True, 3),
    "something changed": (5, 3, 3, False, 5),
    "the StatefulSet is ahead": (5, 4, 3, True, 5),
    "a restored server": (2, 7, 7, True, 7),
    "a restored server that was edited": (3, 7, 7, False, 7),
    "up to the StatefulSet's": (2, 7, 5, True, 7),
    "the file is beyond the generation": (5, None, 6, True, 5),
    "the file is beyond both": (5, 7, 8, True, 7),
    "the StatefulSet of a restored server went": (2, None, 7, True, 2),
    "the largest": (5, LARGEST, LARGEST, True, LARGEST),
    "a StatefulSet that stops nobody": (5, HUGE, 3, True, 3),
    "a StatefulSet with a sign": (5, "+7", 3, True, 7),
    "a StatefulSet with zeros": (5, f"{'0' * 40}7", 3, True, 7),
    "a negative StatefulSet": (5, -7, 3, True, 3),
    "a StatefulSet at zero": (5, 0, 3, True, 3),
    **{f"a StatefulSet at {text!r}": (5, text, 3, True, 3) for text in ("", " 7", "7 ", "7.0", "7e3", "0x7", "1_0")},
    "a StatefulSet at a full-width 7": (5, "\uff17", 3, True, 3),
    "a StatefulSet with many digits": (5, "9" * 5000, 3, True, 3),
    **{
        f"a file with {number!r}"[:40]: (5, 2, number, True, 5)
        for number in (0, -3, "3", 3.0, 3.5, True, None, [], {}, HUGE, 10**30, 1)
    },
}


@pytest.mark.parametrize(("generation", "theirs", "ours", "same", "expected"), RULE.values(), ids=RULE)
def test_the_stamp_follows_generation_statefulset_and_runconfig(
    generation: int, theirs: object, ours: object, same: bool, expected: int
) -> None:
    owner = at(generation)
    children = with_run_config(running(owner), number=ours, digest=None if same else "0")
    if ours is None:
        children = [obj for obj in children if obj["kind"] != "ConfigMap"]

    answer = sync(owner, children, [backend(theirs)] if theirs is not None else [])

    assert run_config(answer)["mcpserver_generation"] == expected


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"3"', "null", "[" * 50_000])
def test_a_runconfig_that_is_none_is_written_anew(text: str) -> None:
    children = running(at(5))
    for obj in children:
        if obj["kind"] == "ConfigMap":
            obj["data"]["runconfig.json"] = text

    assert run_config(sync(at(5), children)) == run_config(sync(at(5)))


def test_a_statefulset_that_was_adopted_counts_the_same() -> None:
    owner, own = at(1), backend(7)

    answer = sync(owner, [own], [own])

    assert stamps(answer) == (7, "7")
    assert child(answer, STATEFUL_SET, "demo") == {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "demo"},
    }


def test_an_edited_runconfig_never_rolls_the_pods_on_and_on() -> None:
    """However often a tenant edits number or hash: both are put right."""
    owner = at(3)
    children = running(at(3))
    rollouts = 0
    for number, digest in [(1, None), (HUGE, None), (None, "x"), (2, "x"), (LARGEST, ""), (3, None), (None, "x")]:
        children = with_run_config(children, number=number, digest=digest)
        for _ in range(3):
            answer = sync(owner, children, [backend(3)])
            rollouts += template(answer) != template({"children": children})
            children = [observed(obj, owner) for obj in answer["children"]]
        assert answer["children"] == sync(owner, children, [backend(3)])["children"]

    assert rollouts == 0
    assert stamps(answer) == (3, "3")


def test_a_hold_keeps_the_number() -> None:
    owner = at(9, **USES_TX)

    answer = sync(owner, running(at(4)), [backend(6)])

    assert answer["status"]["phase"] == "Failed"
    assert stamps(answer) == (4, "4")
    assert template(answer) == template(sync(at(4)))


def test_an_object_of_an_earlier_release_is_stamped_once() -> None:
    """As 0.1.0 left it: neither stamp nor hash."""
    owner = at(3)
    before = running(owner)
    for obj in before:
        if obj["kind"] == "ConfigMap":
            run = json.loads(obj["data"]["runconfig.json"])
            del run["mcpserver_generation"], obj["metadata"]["annotations"][HASH]
            obj["data"]["runconfig.json"] = json.dumps(run)

    first = sync(owner, before, [backend()])
    second = sync(owner, seen(before, first, owner, "ConfigMap"), [backend()])

    assert stamps(second) == (3, "3")
    assert second["children"] == sync(owner, [observed(obj, owner) for obj in second["children"]])["children"]
