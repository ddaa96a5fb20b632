"""What counts as a request, how JSON is read and written, and what is kept of an observed object."""

import json
from typing import Any

import pytest

from hooks import strict_json, webhook
from hooks.api.kinds import MCP_SERVER
from hooks.api.meta import API_VERSION, OLDER_API_VERSION
from hooks.kubernetes.kinds import CONFIG_MAP, POD
from hooks.kubernetes.objects import Object
from hooks.metacontroller import last_applied, reading, requests
from hooks.metacontroller.requests import BrokenRule, Malformed
from tests.world import (
    BY_KIND,
    CONFIG,
    NOW,
    config_map,
    deleting,
    external_auth,
    running,
    server,
    sync_request,
    written,
)


def read(request: Object) -> requests.SyncRequest:
    return reading.read_sync(written(request), MCP_SERVER)


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
    for read_body in (reading.read_sync, reading.read_customize):
        with pytest.raises(Malformed) as refused:
            read_body(body, MCP_SERVER)

        assert str(refused.value) == complaint


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("parent", "kind"), "Pod", f"the parent is not a MCPServer of {API_VERSION} or {OLDER_API_VERSION}"),
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


def test_a_kept_object_has_its_own_values_and_none_of_the_annotation() -> None:
    """A tenant can write the annotation: it says which fields Metacontroller would take away, not what they are."""
    applied = {"metadata": {"labels": {"a": "0", "gone": "1"}, "annotations": "x"}, "data": {"k": "0"}, "rules": []}
    stranger = config_map("theirs", k="1")
    stranger["metadata"] |= {
        "labels": {"a": "2", "controller-uid": "u", "other": "3"},
        "annotations": {last_applied.LAST_APPLIED: json.dumps(applied)},
    }

    assert last_applied.minimal_desired(stranger) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "theirs", "labels": {"a": "2"}},
        "data": {"k": "1"},
    }


def with_deep(request: Object, depth: int) -> bytes:
    """The request's body, its first spec with something in it that is nested so deep."""
    return written(request).replace(b'"image"', b'"deep":%b,"image"' % (b"[" * depth + b"]" * depth), 1)


@pytest.mark.parametrize("among_others", [False, True], ids=["alone", "beside a deeper one"])
@pytest.mark.parametrize("depth", [100, 149, 150, 254, 260, 1_015, 1_030, 10_000])
def test_a_deep_spec_is_cut_the_same_alone_and_among_others(depth: int, among_others: bool) -> None:
    """A server must not change with its neighbours."""
    deep = with_deep(sync_request(server()), depth)
    if among_others:
        deep = deep.replace(b'"finalizing"', b'"more":%b,"finalizing"' % (b"[" * 2_000 + b"]" * 2_000))

    parent = reading.read_sync(deep, MCP_SERVER).parent

    assert strict_json.is_too_deep(parent) == (depth > 149)
    assert parent["spec"]["image"] == server()["spec"]["image"]
    assert json.loads(webhook.write(parent))["spec"]["image"] == server()["spec"]["image"]


@pytest.mark.parametrize("depth", [199, 900, 10_000])
def test_a_deeply_nested_neighbour_does_not_stop_an_answer(depth: int) -> None:
    users = {**server(), "metadata": {**server()["metadata"], "name": "deep"}}
    request = sync_request(deleting(external_auth()), related=[users])
    deep = with_deep(request, depth)

    answer = json.loads(webhook.answer(BY_KIND["MCPExternalAuthConfig"], "finalize", deep, CONFIG, NOW))

    assert answer["finalized"] is False


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")], ids=["as it is sent", "oddly"])
def test_a_null_is_nothing_however_it_is_written(separators: tuple[str, str]) -> None:
    """`rules` has no omitempty in Go: a tenant's copy of a Role, with Metacontroller's annotation, can have it null."""
    owner = server()
    copy = next(child for child in running(owner) if child["kind"] == "Role")
    copy = {**copy, "metadata": {**copy["metadata"], "name": "theirs"}, "rules": None}
    bare = {**config_map("bare"), "metadata": {**config_map("bare")["metadata"], "annotations": None}}
    body = json.dumps(sync_request(owner, [copy, bare]), separators=separators).encode()

    children = json.loads(webhook.answer(BY_KIND["MCPServer"], "sync", body, CONFIG, NOW))["children"]

    shown = {child["metadata"]["name"]: child for child in children}
    assert (shown["theirs"]["rules"], shown["bare"]) == (
        None,
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bare"}},
    )


def test_the_controller_of_a_request_is_not_read() -> None:
    """Which kinds are watched is told by the keys of `children`."""
    assert read({**sync_request(server()), "controller": 0}).name == "demo"


def test_a_child_of_another_namespace_is_refused_not_overlooked() -> None:
    request = sync_request(server())
    foreign = {**config_map("x"), "metadata": {"name": "x", "namespace": "kube-system"}}
    request["children"]["ConfigMap.v1"] = {"kube-system/x": foreign}

    with pytest.raises(Malformed, match=r"^children: an object is in another namespace than its parent$"):
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
    value = strict_json.read_text(number)

    assert (type(value), value) == (type(json.loads(number)), json.loads(number))
    assert repr(json.loads(webhook.write({"number": value}))["number"]) == repr(value)


def test_of_a_key_that_is_there_twice_the_last_counts_as_in_go() -> None:
    assert strict_json.read_text('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    "text", ["[1,]", "01", '"\x00"', "{} {}", "\ufeff{}", "NaN", "-Infinity", '"\\ud800"', "{'a': 1}"]
)
def test_a_text_that_is_nearly_json_is_not_read(text: str) -> None:
    assert strict_json.read_text(text) is None


def with_number(number: str) -> bytes:
    return written(sync_request(server())).replace(b'"image"', b'"n":%b,"image"' % number.encode(), 1)


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400])
def test_a_number_that_no_answer_could_repeat_is_refused(number: str) -> None:
    assert strict_json.read_text(number) is None
    with pytest.raises(Malformed, match=r"^the body is not JSON$"):
        reading.read_sync(with_number(number), MCP_SERVER)


@pytest.mark.parametrize("digits", ["100000000000000000000", "18446744073709551616", "-9223372036854775809"])
def test_an_integer_past_64_bits_is_the_float_that_go_means(digits: str) -> None:
    """Go writes floats up to 1e21 with all their digits: a podTemplateSpec can have one."""
    number = reading.read_sync(with_number(digits), MCP_SERVER).parent["spec"]["n"]

    assert (type(number), number) == (float, float(digits))
    assert strict_json.read_text(digits) == number


def test_a_request_reads_the_same_however_it_is_written() -> None:
    plain = sync_request(server(annotations={"text": "<é>\u2028"}))
    spaced, escaped = json.dumps(plain, indent=1).encode(), json.dumps(plain).encode()

    assert [reading.read_sync(body, MCP_SERVER).parent for body in (written(plain), spaced, escaped)] == [
        plain["parent"]
    ] * 3


def test_texts_are_written_as_they_are() -> None:
    texts = {"word": "NaN, Infinity", "text": 'é\u2028😀"\\\n\x01</script>'}

    assert json.loads(webhook.write(texts)) == texts
    assert webhook.write({"ü": [None, True, {}]}) == '{"ü":[null,true,{}]}'.encode()


@pytest.mark.parametrize("name", ["annotations", "annot\\u0061tions"])
def test_of_a_name_that_comes_twice_in_a_request_the_last_counts_as_in_go(name: str) -> None:
    text = json.dumps(sync_request(server(annotations={"a": "b"})))

    read_again = reading.read_sync(
        text.replace('"annotations"', f'"{name}": {{}}, "annotations"', 1).encode(), MCP_SERVER
    )

    assert read_again.parent["metadata"]["annotations"] == {"a": "b"}
