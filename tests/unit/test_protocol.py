"""What counts as a request, how JSON is read and written, and what is kept of an observed object."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hooks import json_values, protocol, wire
from hooks.controllers import CONTROLLERS
from hooks.controllers.kinds import CONFIG_MAP, MCP_SERVER, POD, SECRET, SERVICE_ACCOUNT
from hooks.protocol import BrokenRule, Kind, Malformed, Object
from tests.payloads.test_at_rest import AT_REST
from tests.payloads.test_recorded import RECORDED
from tests.world import (
    BY_KIND,
    CONFIG,
    NOW,
    config_map,
    deleting,
    external_auth,
    made,
    running,
    server,
    sync_request,
    written,
)


def read(request: Object) -> protocol.SyncRequest:
    return wire.read_sync(written(request), MCP_SERVER)


def whole(obj: Object) -> Object:
    """The object, what was left unread of it read."""
    for of in (obj, obj["metadata"]):
        for key in of:
            protocol.part(of, key)
    return obj


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "the body is not JSON"),
        (b'{"parent": {', "the body is not JSON"),
        (b'{"parent": "' + b"x" * (8 << 20), "the body is not JSON"),
        (b'"\\' * 500_000, "the body is not JSON"),
        (b"[" * 300 + b'"\\' * 500_000, "the body is not JSON"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (
            written({"controller": 0, "parent": {"metadata": {"annotations": {"a": "?"}}}}).replace(b"?", b"\xff"),
            "the body is not JSON",
        ),
        (b'{"a": NaN}', "the body is not JSON"),
        (b'{"a": "\\ud800"}', "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b"{}", "parent is not an object"),
    ],
)
def test_a_body_that_is_no_request_is_malformed(body: bytes, complaint: str) -> None:
    for read_body in (wire.read_sync, wire.read_customize):
        with pytest.raises(Malformed) as refused:
            read_body(body, MCP_SERVER)

        assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("parent", "kind"), "Pod", "the parent is not a MCPServer of toolhive.stacklok.dev/v1alpha1"),
        (("parent", "metadata"), None, "parent.metadata is not an object"),
        (("parent", "metadata", "name"), "", "parent.metadata.name is missing"),
        (("parent", "metadata", "namespace"), 1, "parent.metadata.namespace is missing"),
        (("parent", "metadata", "uid"), None, "parent.metadata.uid is missing"),
        (("parent", "metadata", "generation"), "1", "parent.metadata.generation is not an integer"),
        (("finalizing",), None, "finalizing is not a boolean"),
        (("children",), None, "children is not an object"),
        (("related",), [], "related is not an object"),
        (("related", "Pod.v1"), [], "related: the objects of a kind are not an object"),
        (("related", "Pod.v1"), {"team-a/p": None}, "related: an object is not of the kind that it is listed under"),
        (
            ("related", "Pod.v1"),
            {"team-a/s": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}},
            "related: an object is not of the kind that it is listed under",
        ),
        (
            ("children", "ConfigMap.v1"),
            {"demo-runconfig": config_map("demo-runconfig")},
            "children: objects are not keyed by namespace/name: the hooks speak version v2",
        ),
        (
            ("children", "ConfigMap.v1"),
            {"team-a/x": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}},
            "children: an object has no name",
        ),
    ],
)
def test_a_request_with_a_wrong_part_is_malformed(path: tuple[str, ...], value: Any, complaint: str) -> None:
    request = sync_request(server())
    part = request
    for key in path[:-1]:
        part[key] = dict(part[key])
        part = part[key]
    part[path[-1]] = value

    with pytest.raises(Malformed) as refused:
        read(request)

    assert str(refused.value) == complaint


def test_a_kind_that_was_asked_for_and_is_absent_is_no_empty_one() -> None:
    request = sync_request(server())
    del request["related"]["Pod.v1"]

    with pytest.raises(BrokenRule) as refused:
        read(request).related.require(POD)

    assert str(refused.value) == "no related pods in the request: the customize rules in force are stale"


def test_what_is_kept_has_the_values_of_now_and_none_of_the_annotation() -> None:
    """A tenant can write the annotation: it says which fields Metacontroller would take away, not what they are."""
    applied = {"metadata": {"labels": {"a": "0", "gone": "1"}, "annotations": "x"}, "data": {"k": "0"}, "rules": []}
    stranger = config_map("theirs", k="1")
    stranger["metadata"] |= {
        "labels": {"a": "2", "controller-uid": "u", "other": "3"},
        "annotations": {protocol.LAST_APPLIED: json.dumps(applied)},
    }

    assert protocol.kept(stranger) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "labels": {"a": "2"}},
        "data": {"k": "1"},
    }


@pytest.mark.parametrize("oddly", [False, True], ids=["as it is sent", "oddly"])
@pytest.mark.parametrize("depth", [100, 198, 199, 240, 254, 260, 900, 10_000])
def test_a_spec_that_is_nested_deeply_is_cut_the_same_whatever_comes_along(depth: int, oddly: bool) -> None:
    """Anything odd in a request has it read with more care: a server must not change with its neighbours."""
    deep = written(sync_request(server())).replace(b'"image"', b'"deep":%b,"image"' % (b"[" * depth + b"]" * depth))
    if oddly:
        deep = deep.replace(b'"finalizing"', b'"more":1e22,"finalizing"')

    parent = wire.read_sync(deep, MCP_SERVER).parent

    assert json_values.is_too_deep(parent) == (depth > 198)
    assert parent["spec"]["image"] == server()["spec"]["image"]


@pytest.mark.parametrize("depth", [199, 900, 10_000])
def test_a_neighbour_that_is_nested_deeply_keeps_nobody_from_being_answered(depth: int) -> None:
    users = {**server(), "metadata": {**server()["metadata"], "name": "deep"}}
    request = sync_request(deleting(external_auth()), related=[users])
    deep = written(request).replace(b'"image"', b'"deep":%b,"image"' % (b"[" * depth + b"]" * depth))

    answer = json.loads(BY_KIND["MCPExternalAuthConfig"].answer("finalize", deep, CONFIG, NOW))

    assert answer["finalized"] is False


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["as it is sent", "oddly"])
def test_a_null_is_nothing_however_it_is_written(separators: tuple[str, str]) -> None:
    """`rules` has no omitempty in Go: a tenant's copy of a Role, with Metacontroller's annotation, can have it null."""
    owner = server()
    copy = next(child for child in running(owner) if child["kind"] == "Role")
    copy = {**copy, "metadata": {**copy["metadata"], "name": "theirs"}, "rules": None}
    bare = {**config_map("bare"), "metadata": {**config_map("bare")["metadata"], "annotations": None}}
    body = json.dumps(sync_request(owner, [copy, bare]), separators=separators).encode()

    children = json.loads(BY_KIND["MCPServer"].answer("sync", body, CONFIG, NOW))["children"]

    shown = {child["metadata"]["name"]: child for child in children}
    assert (shown["theirs"]["rules"], shown["bare"]) == (
        None,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bare"}},
    )


def test_who_calls_is_not_looked_at() -> None:
    """Which kinds are watched is told by the keys of `children`."""
    assert read({**sync_request(server()), "controller": 0}).name == "demo"


def test_a_child_of_another_namespace_is_refused_not_overlooked() -> None:
    request = sync_request(server())
    foreign = {**config_map("x"), "metadata": {"name": "x", "namespace": "kube-system"}}
    request["children"]["ConfigMap.v1"] = {"kube-system/x": foreign}

    with pytest.raises(Malformed, match="children: an object is in another namespace than its parent"):
        read(request)


def test_objects_of_another_namespace_are_never_looked_up() -> None:
    foreign = {**config_map("x"), "metadata": {"name": "x", "namespace": "kube-system"}}
    request = sync_request(server())
    request["related"]["ConfigMap.v1"] = {"kube-system/x": foreign}

    related = read(request).related
    assert (related.get(CONFIG_MAP, "x"), related.list(CONFIG_MAP), list(related)) == (None, [], [])


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "1.0", "-0.0", "1e2", "0.1", "1e-7", "5e-324", "9007199254740993", "9223372036854775807", "1e22"],
)
def test_a_number_comes_out_as_the_one_that_went_in(number: str) -> None:
    """A held child is compared with its last-applied text: another number would be another write, at every sync."""
    value = json_values.strict_json(number)

    assert (type(value), value) == (type(json.loads(number)), json.loads(number))
    assert repr(json.loads(wire.write({"number": value}))["number"]) == repr(value)


def test_of_a_key_that_is_there_twice_the_last_counts_as_in_go() -> None:
    assert json_values.strict_json('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    "text", ["[1,]", "01", '"\x00"', "{} {}", "\ufeff{}", "NaN", "-Infinity", '"\\ud800"', "{'a': 1}"]
)
def test_what_is_nearly_json_is_none(text: str) -> None:
    assert json_values.strict_json(text) is None


def with_number(number: str) -> bytes:
    return written(sync_request(server())).replace(b'"image"', b'"n":%b,"image"' % number.encode(), 1)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400])
def test_a_number_that_no_answer_could_repeat_is_refused(number: str) -> None:
    assert json_values.strict_json(number) is None
    with pytest.raises(Malformed, match="the body has a number that is out of range"):
        wire.read_sync(with_number(number), MCP_SERVER)


@pytest.mark.parametrize("digits", ["100000000000000000000", "18446744073709551616", "-9223372036854775809"])
def test_an_integer_past_64_bits_is_the_float_that_go_means(digits: str) -> None:
    """Go writes floats up to 1e21 with all their digits: a podTemplateSpec can have one."""
    number = wire.read_sync(with_number(digits), MCP_SERVER).parent["spec"]["n"]

    assert (type(number), number) == (float, float(digits))
    assert json_values.strict_json(digits) == number


@pytest.mark.parametrize("padding", [0, 300_000])
def test_a_request_reads_the_same_however_it_is_written(padding: int) -> None:
    plain = sync_request(server(annotations={"text": "<é>" + "x" * padding}))
    spaced, escaped = json.dumps(plain, indent=1).encode(), json.dumps(plain).encode()

    assert [whole(wire.read_sync(body, MCP_SERVER).parent) for body in (written(plain), spaced, escaped)] == [
        plain["parent"]
    ] * 3


def test_texts_are_written_as_they_are() -> None:
    texts = {"word": "NaN, Infinity", "text": 'é\u2028😀"\\\n\x01</script>'}

    assert json.loads(wire.write(texts)) == texts
    assert wire.write({"ü": [None, True, {}]}) == '{"ü":[null,true,{}]}'.encode()


TWICE = {
    "in a child": lambda text: text.replace('"data"', '"data": {}, "data"', 1),
    "in what a child is": lambda text: text.replace('"replicas"', '"replicas": 3, "replicas"', 1),
    "at the top": lambda text: text.replace('"finalizing"', '"children": {}, "finalizing"'),
    "within": lambda text: text.replace('"generation"', '"generation": 7, "generation"', 1),
    "where a float is written longer than it came": lambda text: text.replace(
        '"finalizing"', '"more": {"n": 1e15}, "children": {}, "finalizing"'
    ),
    "where a character came unescaped": lambda text: text.replace(
        '"generation"', '"text": "&", "": 1, "generation"'
    ).replace('"generation"', '"": 1, "generation"', 1),
    "beside what is nested too deeply": lambda text: text.replace(
        '"finalizing"', f'"more": {"[" * 2_000}{"]" * 2_000}, "children": {{}}, "finalizing"'
    ),
    "written differently": lambda text: text.replace('"generation"', '"generat\\u0069on": 7, "generation"', 1),
}


@pytest.mark.parametrize("how", TWICE)
@pytest.mark.parametrize("compact", [True, False])
def test_an_object_with_a_name_twice_is_refused(how: str, compact: bool) -> None:
    request = sync_request(server(), running(server()))
    text = TWICE[how](json.dumps(request))
    assert text != json.dumps(request)
    body = text.replace('": ', '":').replace(", ", ",").encode() if compact else text.encode()

    with pytest.raises(Malformed, match="the body has an object with a name that comes twice"):
        wire.read_sync(body, MCP_SERVER)


@pytest.mark.parametrize(
    "annotations", ['{"a":1e999}', '{"a":' + "[" * 300 + "]" * 300 + "}"], ids=["a huge number", "deep"]
)
def test_annotations_that_can_be_passed_over_but_not_read_are_malformed(annotations: str) -> None:
    """`kept` returns what they say, and must not return less."""
    text = written(sync_request(server(annotations={"a": "b"}))).replace(b'{"a":"b"}', annotations.encode())

    request = wire.read_sync(text, MCP_SERVER)

    for read_them in (protocol.annotations_of, protocol.kept):
        with pytest.raises(Malformed, match="annotations of an object can't be read"):
            read_them(request.parent)


def test_of_annotations_that_come_twice_the_last_counts_as_in_go() -> None:
    """They are passed over, and so is what is wrong with them."""
    text = written(sync_request(server(annotations={"a": "b"}))).replace(b'{"a":"b"}', b'{"a":"b","a":"c"}')

    assert protocol.annotations_of(wire.read_sync(text, MCP_SERVER).parent) == {"a": "c"}


@pytest.mark.parametrize("path", [*RECORDED, AT_REST], ids=lambda path: path.stem)
def test_what_metacontroller_sends_is_read_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.loads(path.read_text())["body"]
    monkeypatch.setattr(wire, "_read_carefully", pytest.fail)

    assert wire.read_customize(written(body), BY_KIND[body["parent"]["kind"]].parent).parent["spec"]


SEEN = [
    *(("children", kind) for controller in CONTROLLERS for kind in controller.child_kinds),
    *(("related", kind) for kind in (CONFIG_MAP, POD, SECRET, SERVICE_ACCOUNT)),
    *(("related", controller.parent) for controller in CONTROLLERS),
]
FIELDS: dict[str, Object] = {
    "ConfigMap": {"binaryData": {"a": "Yg=="}, "data": {"a": "b"}, "immutable": True},
    "Role": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
    "RoleBinding": {"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "ServiceAccount", "name": "s"}]},
    "Secret": {"data": {"a": "Yg=="}, "immutable": True, "type": "Opaque"},
    "ServiceAccount": {
        "automountServiceAccountToken": False,
        "imagePullSecrets": [{"name": "p"}],
        "secrets": [{"name": "s"}],
    },
}
"""All that the API server keeps of a kind beside its metadata, where that isn't spec and status."""


@pytest.mark.parametrize(("where", "kind"), SEEN, ids=lambda value: getattr(value, "kind", value))
def test_an_object_of_each_kind_is_read_once_and_whole(where: str, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind or a field that `hooks.wire` doesn't know would make requests slow, and nobody would see why."""
    metadata = {
        "annotations": {"a": "b"},
        "creationTimestamp": "2026-11-23T12:00:00Z",
        "deletionGracePeriodSeconds": 30,
        "deletionTimestamp": "2026-11-23T12:00:00Z",
        "finalizers": ["a"],
        "generateName": "x-",
        "labels": {"a": "b"},
        "managedFields": [{"fieldsV1": {"f:spec": {}}}],
        "ownerReferences": [{"controller": True, "name": "o"}],
        "selfLink": "/x",
    }
    fields = FIELDS.get(kind.kind, {"spec": {"a": [1]}, "status": {"b": "c"}})
    obj = made(kind, "x", metadata=metadata, **fields)
    request = sync_request(server())
    request[where][kind.key] = {"team-a/x": obj}
    monkeypatch.setattr(wire, "_read_carefully", pytest.fail)

    found = getattr(read(request), where).get(kind, "x")

    assert whole(found) == obj


@pytest.mark.parametrize(
    ("annotations", "may"),
    [
        ({}, False),
        ({"annotations": msgspec.Raw(b"null")}, False),
        ({"annotations": msgspec.Raw(b'{"a":"{\\"spec\\":{}}"}')}, False),
        ({"annotations": msgspec.Raw(b'{"a":"{\\"replicas\\":1}"}')}, True),
        ({"annotations": msgspec.Raw(b'{"a":"{\\"repl\\\\u0069cas\\":1}"}')}, True),
        ({"annotations": {"a": "b"}}, True),
    ],
    ids=["none", "null", "without", "with", "spelt otherwise", "read already"],
)
def test_a_look_says_whether_a_field_may_have_been_returned(annotations: Object, may: bool) -> None:
    assert protocol.last_applied_may_have({"metadata": annotations}, "replicas") is may


def test_what_go_escapes_is_no_reason_to_look_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metacontroller's bodies are read once: of what it escapes, the length is known."""
    owner = server(annotations={"text": 'a < b & c > d \u2028 \u2029 "é" \\ \x01 😀'})
    text = json.dumps(sync_request(owner), separators=(",", ":"), ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    monkeypatch.setattr(wire, "_read_carefully", pytest.fail)

    assert whole(wire.read_sync(text.encode(), MCP_SERVER).parent) == owner
