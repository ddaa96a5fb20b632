"""What the offline API server makes of a manifest."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from hooks.kubernetes.kinds import CONFIG_MAP, DEPLOYMENT, POD, SECRET, SERVICE_ACCOUNT
from hooks.kubernetes.objects import Object
from hooks.simulator.admission import admit, schemas_of
from tests.unit.widgets import WIDGET

KINDS = {WIDGET, CONFIG_MAP, DEPLOYMENT, POD, SECRET, SERVICE_ACCOUNT}
SCHEMA: Object = {
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "properties": {
                "port": {"type": "integer", "default": 8080},
                "mode": {"type": "object", "default": {}, "properties": {"type": {"type": "string", "default": "a"}}},
                "env": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "secret": {"type": "boolean", "default": False}},
                    },
                },
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "tools": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "properties": {"on": {"type": "boolean", "default": True}},
                    },
                },
                "template": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "maybe": {"type": "string", "nullable": True},
            },
        },
        "status": {"type": "object"},
    },
}
CRD: Object = {
    "spec": {
        "group": "example.com",
        "names": {"kind": "Widget"},
        "versions": [{"name": "v1", "schema": {"openAPIV3Schema": SCHEMA}}],
    }
}


def admitted(*manifests: Object, unknown: dict[str, list[str]] | None = None) -> tuple[list[Object], list[str]]:
    found = admit(copy.deepcopy(list(manifests)), KINDS, [WIDGET], schemas_of([CRD]))
    assert found.unknown == (unknown or {})
    return found.objects, found.warnings


def widget(spec: Any = None, **metadata: Any) -> Object:
    obj = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", **metadata}}
    return obj if spec is None else {**obj, "spec": spec}


def secret(**content: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **content}


def test_fields_that_the_api_server_sets_are_replaced() -> None:
    manifest = widget(
        {"port": 1, "mode": {"type": "b"}},
        uid="other",
        resourceVersion="77",
        generation=5,
        creationTimestamp="2026-01-01T00:00:00Z",
        deletionTimestamp="2026-01-01T00:00:00Z",
        finalizers=["f"],
        managedFields=[{}],
        ownerReferences=[{"kind": "Gadget", "apiVersion": "example.com/v1", "controller": True}],
        labels={"a": None},
        annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}", "b": "c"},
    )

    objects, warnings = admitted({**manifest, "status": {"phase": "Running"}})

    assert warnings == []
    assert objects == [
        {
            "apiVersion": "example.com/v1",
            "kind": "Widget",
            "metadata": {
                "name": "w",
                "namespace": "default",
                "uid": "8a7ad7f4-be71-50d7-8948-76d33e38acc5",
                "resourceVersion": "1",
                "generation": 1,
                "creationTimestamp": "1970-01-01T00:00:00Z",
                "labels": {"a": ""},
                "annotations": {"b": "c"},
            },
            "spec": {"port": 1, "mode": {"type": "b"}},
        }
    ]


def test_a_uid_depends_on_kind_namespace_and_name_alone() -> None:
    uids = [
        obj["metadata"]["uid"]
        for obj in admitted(widget({}), widget({"port": 1}), widget({}, namespace="b"), secret(), widget({}, name="x"))[
            0
        ]
    ]

    assert uids[0] == uids[1]
    assert len(set(uids)) == 4


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {"port": 8080, "mode": {"type": "a"}}),
        ({"port": None, "mode": None}, {"port": 8080, "mode": {"type": "a"}}),
        ({"port": 1, "mode": {"type": "b"}}, {"port": 1, "mode": {"type": "b"}}),
        ({"env": [{"name": "a"}]}, {"port": 8080, "mode": {"type": "a"}, "env": [{"name": "a", "secret": False}]}),
        ({"tools": {"x": {}, "y": None}}, {"port": 8080, "mode": {"type": "a"}, "tools": {"x": {"on": True}}}),
        ({"maybe": None}, {"port": 8080, "mode": {"type": "a"}, "maybe": None}),
        ({"template": {"x": {"y": None}}}, {"port": 8080, "mode": {"type": "a"}, "template": {"x": {"y": None}}}),
        ("not an object", "not an object"),
        ({"env": "not a list"}, {"port": 8080, "mode": {"type": "a"}, "env": "not a list"}),
    ],
)
def test_defaults_are_filled_in_and_nulls_dropped_as_the_schema_says(spec: Any, expected: Any) -> None:
    (obj,), warnings = admitted(widget(spec))

    assert (obj["spec"], warnings) == (expected, [])


def test_unknown_fields_are_told_and_those_of_a_spec_stay() -> None:
    spec = {"portt": 1, "env": [{"name": "a"}, {"name": "b", "vlaue": {"x": None}}], "labels": {"a": "b"}}
    unknown = {"Widget n/w": ["extra", "spec.env[1].vlaue", "spec.portt"]}

    (obj,), warnings = admitted({**widget(spec, namespace="n"), "extra": 1}, unknown=unknown)

    assert obj["spec"] == {
        "portt": 1,
        "env": [{"name": "a", "secret": False}, {"name": "b", "vlaue": {"x": None}, "secret": False}],
        "labels": {"a": "b"},
        "port": 8080,
        "mode": {"type": "a"},
    }
    assert "extra" not in obj
    assert warnings == []


def test_a_parent_without_a_spec_stays_without() -> None:
    (obj,), warnings = admitted(widget())

    assert ("spec" in obj, warnings) == (False, [])


def test_string_data_of_a_secret_becomes_data() -> None:
    manifest = secret(data={"a": "eA==", "b": "eA==", "c": "e\nA==\n", "d": None}, stringData={"b": "y", "e": None})

    (obj,), warnings = admitted(manifest)

    assert ("stringData" in obj, warnings) == (False, [])
    assert obj["data"] == {"a": "eA==", "b": "eQ==", "c": "eA==", "d": "", "e": ""}


def test_an_encrypted_value_of_a_secret_is_taken_as_it_is() -> None:
    (obj,), warnings = admitted(secret(data={"a": "ENC[AES256_GCM,data:x]"}))

    assert obj["data"] == {"a": "RU5DW0FFUzI1Nl9HQ00sZGF0YTp4XQ=="}
    assert warnings == ["Secret default/s: data[a] is not base64, and taken as it is"]


def test_an_empty_value_of_a_config_map_is_an_empty_string() -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": None, "b": "c"}}

    (obj,), _ = admitted(manifest)

    assert obj["data"] == {"a": "", "b": "c"}


def test_objects_that_no_hook_is_sent_are_left_out() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}

    assert admitted(pod, namespace) == ([], [])


def test_a_version_that_is_not_served_is_left_out() -> None:
    assert admitted({**widget({}), "apiVersion": "example.com/v2"}) == ([], [])


def test_children_of_our_parents_are_left_out() -> None:
    owner = {"apiVersion": "example.com/v0", "kind": "Widget", "name": "w", "uid": "u", "controller": True}
    mine = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "ownerReferences": [owner]}}
    owned = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "d", "ownerReferences": [{"controller": True}]},
    }

    objects, warnings = admitted(mine, owned)

    assert [obj["metadata"]["name"] for obj in objects] == ["d"]
    assert "ownerReferences" not in objects[0]["metadata"]
    assert warnings == []
