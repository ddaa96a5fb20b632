"""Manifests in: what is read, how it is read, and what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.kubernetes.objects import Object
from hooks.manifests.documents import Unreadable, read
from hooks.manifests.load import MAX_BYTES, InputError, Source, load, load_all
from hooks.manifests.problems import UNREADABLE, Place

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
)
MERGE_BOMB = "\n".join(
    ["a0: &a0 {k: v}"] + [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}], l: *a{i - 1}}}" for i in range(1, 60)]
)


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def from_stdin(text: str | bytes) -> list[Object]:
    return load(["-"], io.BytesIO(text.encode() if isinstance(text, str) else text))


def value(text: str) -> Any:
    """What one YAML document holds."""
    ((_, document),) = read(text)
    return document


def refusal(text: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        from_stdin(text)
    return str(caught.value)


def refusal_of(path: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        load([str(path)], io.BytesIO())
    return str(caught.value)


A = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n"


def test_documents_of_a_stream_are_read_in_order_and_empty_ones_left_out() -> None:
    text = f"---\n{A}---\n# nothing\n---\n{A.replace('name: a', 'name: b')}"

    assert from_stdin(text) == [config_map("a", k="v"), config_map("b", k="v")]


def test_json_objects_may_follow_each_other() -> None:
    text = json.dumps(config_map("a")) + "\n" + json.dumps(config_map("b"), indent=2) + "\n"

    assert from_stdin(text) == [config_map("a"), config_map("b")]


def test_json_objects_may_be_yaml_documents() -> None:
    text = json.dumps(config_map("a")) + "\n---\n" + json.dumps(config_map("b"))

    assert from_stdin(text) == [config_map("a"), config_map("b")]


def test_lists_are_unrolled() -> None:
    inner = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [config_map("b")]}
    outer = {"apiVersion": "v1", "kind": "List", "items": [config_map("a"), inner]}

    assert from_stdin(json.dumps(outer)) == [config_map("a"), config_map("b")]
    assert refusal(json.dumps({"apiVersion": "v1", "kind": "List", "items": []})) == "no manifests in -"


def test_a_kind_that_ends_in_list_without_items_is_an_object() -> None:
    allow_list = {"apiVersion": "example.com/v1", "kind": "AllowList", "metadata": {"name": "a"}}

    assert from_stdin(json.dumps(allow_list)) == [allow_list]


def test_folders_are_read_recursively_sorted_by_path(tmp_path: Path) -> None:
    for path in ("b.yaml", "a/z.yml", "a/y.json", ".git/x.yaml", "a/.x.yaml"):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(config_map(file.name.removeprefix(".").split(".")[0])))
    (tmp_path / "kustomization.yaml").write_text("resources: [b.yaml]")
    (tmp_path / "README.md").write_text("no manifest")

    names = [obj["metadata"]["name"] for obj in load([str(tmp_path)], io.BytesIO())]

    assert names == ["y", "z", "b"]


def test_the_same_object_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(A)
    (tmp_path / "b.yaml").write_text(f"data: {{k: v}}\n{A.replace('data: {k: v}', '')}")

    objects = load([str(tmp_path), str(tmp_path / "a.yaml")], io.BytesIO())
    others = load([str(tmp_path / "b.yaml"), str(tmp_path / "a.yaml")], io.BytesIO())

    assert objects == [config_map("a", k="v")]
    assert json.dumps(objects) == json.dumps(others)


@pytest.mark.parametrize(
    "other",
    [
        A.replace("k: v", "k: w"),
        A.replace("name: a", "name: a, namespace: default"),
        A.replace("v1", "v2").replace("k: v", "k: w"),
    ],
)
def test_the_same_object_with_other_content_is_refused_naming_both_places(tmp_path: Path, other: str) -> None:
    (tmp_path / "a.yaml").write_text(A)
    (tmp_path / "b.yaml").write_text(f"{A.replace('name: a', 'name: c')}---\n{other}")

    assert refusal_of(tmp_path) == (
        f"{tmp_path}/b.yaml: document 2: ConfigMap default/a: is given twice, and not the same: "
        f"see {tmp_path}/a.yaml: document 1"
    )


def test_the_same_name_in_another_namespace_or_group_is_another_object() -> None:
    other_namespace = A.replace("name: a", "name: a, namespace: b").replace("k: v", "k: w")
    other_group = A.replace("v1", "example.com/v1").replace("k: v", "k: x")

    assert len(from_stdin(f"{A}---\n{other_namespace}---\n{other_group}")) == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no manifests in -"),
        ("# nothing\n---\n", "no manifests in -"),
        ("- a\n---\njust text\n---\na: b\n", "no manifests in -"),
        ("kind: X\nmetadata: {name: a}", "stdin: document 1: X default/a: apiVersion is missing"),
        ("apiVersion: v1\nmetadata: {name: a}", "stdin: document 1: kind is missing"),
        ("apiVersion: v1\nkind: 1\nmetadata: {name: a}", "stdin: document 1: kind is missing"),
        (f"{A}---\n{A.replace('name: a', 'generateName: a-')}", "stdin: document 2: metadata.name is missing"),
        ("apiVersion: v1\nkind: X", "no manifests in -"),
        ("apiVersion: v1\nkind: Secret", "stdin: document 1: metadata.name is missing"),
        (A.replace("name: a", "name: 123"), "stdin: document 1: metadata.name is not a string: quote it"),
        (
            A.replace("name: a", "name: a, namespace: on"),
            "stdin: document 1: metadata.namespace is not a string: quote it",
        ),
        (
            A.replace("name: a", "name: a, namespace: []"),
            "stdin: document 1: ConfigMap default/a: metadata.namespace is not a string: quote it",
        ),
        (A.replace("name: a", "name: {}"), "stdin: document 1: metadata.name is not a string: quote it"),
        (f"{A}binaryData: 5\n", "stdin: document 1: ConfigMap default/a: binaryData is not a mapping"),
        (
            A.replace("name: a", "name: a, labels: {version: 1e3}"),
            "stdin: document 1: ConfigMap default/a: metadata.labels[version] is not a string: quote it",
        ),
        (
            A.replace("name: a", "name: a, annotations: [b]"),
            "stdin: document 1: ConfigMap default/a: metadata.annotations is not a mapping",
        ),
        (A.replace("k: v", "k: 8080"), "stdin: document 1: ConfigMap default/a: data[k] is not a string: quote it"),
        (f"{A}kind: Secret\n", "stdin: document 1: the key 'kind' is given twice (line 5)"),
        ('{"apiVersion": "v1", "apiVersion": "v1"}', "stdin: document 1: the key 'apiVersion' is given twice"),
        (f"{A}---\na: [b\n", "stdin: document 2: did not find expected ',' or ']' (line 7)"),
        ('{"apiVersion": "v1", "kind": "Conf', "stdin: document 1: found unexpected end of stream (line 1)"),
        (f"{A}---\na: *b\n", "stdin: document 2: an alias has no anchor that ends before it (line 6)"),
        ("a: &a [*a]", "stdin: document 1: an alias has no anchor that ends before it (line 1)"),
        ("a: !Ref b", "stdin: document 1: no manifest has tags of its own (line 1)"),
        ("a: !!set {b}", "stdin: document 1: no manifest has tags of its own (line 1)"),
        ("a: !!int b", "stdin: document 1: a value isn't what its tag says (line 1)"),
        ("a: .inf", "stdin: document 1: a number that JSON can't hold (line 1)"),
        ('{"a": NaN}', "stdin: document 1: a number that JSON can't hold"),
        ('{"a": "\\ud800"}', "stdin: document 1: a string isn't valid Unicode"),
        ("? [a]\n: b", "stdin: document 1: a key isn't a string (line 1)"),
        ("~: b", "stdin: document 1: a key isn't a string (line 1)"),
        ("a: &a {b: c}\n*a : d", "stdin: document 1: a key isn't a string (line 2)"),
        ("a: &a b\nb: c\n*a : d", "stdin: document 1: the key 'b' is given twice (line 3)"),
        ("<<: [a]", "stdin: document 1: << merges a value that isn't a mapping (line 1)"),
        ("{{ if .Values.x }}\na: b", "stdin: document 1: a key isn't a string (line 1)"),
        (b"a: \xff", "stdin: not UTF-8 (byte 3)"),
        ("a: \x01", "stdin: document 1: control characters are not allowed"),
        (BOMB, "stdin: document 1: its aliases expand to more than any manifest needs (line 5)"),
        (MERGE_BOMB, "stdin: document 1: its aliases expand to more than any manifest needs (line 11)"),
        ("[" * 5_000_000, "stdin: document 1: nested deeper than 150 levels (line 1)"),
        ('{"a":' * 5_000_000, "stdin: document 1: nested deeper than 150 levels"),
        ('{"a":' * 200 + "1" + "}" * 200, "stdin: document 1: nested deeper than 150 levels"),
        ("- " * 200 + "a", "stdin: document 1: nested deeper than 150 levels (line 1)"),
    ],
)
def test_a_text_that_cannot_be_used_is_refused_with_its_place(text: str | bytes, problem: str) -> None:
    assert refusal(text) == problem


def test_other_yaml_is_left_out_with_a_note() -> None:
    loaded = load_all(Source(["-"]), io.BytesIO(f"- a\n---\n{A}---\na: b\n---\napiVersion: v1\nkind: X\n".encode()))

    assert [obj for obj, _ in loaded.objects.values()] == [config_map("a", k="v")]
    assert [(each.level, each.place, each.message) for each in loaded.problems] == [
        ("note", Place("stdin", 1), "left out: not a Kubernetes object"),
        ("note", Place("stdin", 3), "left out: not a Kubernetes object, since it has neither apiVersion nor kind"),
        ("note", Place("stdin", 4), "left out: metadata.name is missing"),
    ]


def test_one_bad_file_does_not_end_the_reading(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [\n")
    (tmp_path / "b.yaml").write_bytes(b"\xff")
    (tmp_path / "c.yaml").write_text(A)

    loaded = load_all(Source([str(tmp_path), "nowhere.yaml", "https://acme.test/a.yaml"]), io.BytesIO())

    assert [obj for obj, _ in loaded.objects.values()] == [config_map("a", k="v")]
    assert [(each.file, each.line, each.message) for each in loaded.problems] == [
        (f"{tmp_path}/a.yaml", 2, "document 1: did not find expected node content"),
        (f"{tmp_path}/b.yaml", None, "not UTF-8 (byte 0)"),
        ("nowhere.yaml", None, "No such file or directory"),
        (
            "https://acme.test/a.yaml",
            None,
            "URLs aren't read: curl -L https://acme.test/a.yaml | toolhive-hooks render -",
        ),
    ]
    assert {each.reason for each in loaded.problems} == {UNREADABLE}


def test_a_namespace_is_given_to_those_without_one() -> None:
    text = f"{A}---\n{A.replace('name: a', 'name: b, namespace: other')}"

    loaded = load_all(Source(["-"], namespace="team"), io.BytesIO(text.encode()))

    assert [obj["metadata"] for obj, _ in loaded.objects.values()] == [{"name": "a", "namespace": "team"}]
    assert [(each.object, each.message) for each in loaded.problems] == [
        ("ConfigMap other/b", "is in namespace other, and -n says team: kubectl refuses that")
    ]


def test_a_bomb_of_long_strings_is_refused_too() -> None:
    text = f"a: &a {'x' * 1_000_000}\nb: [{', '.join(['*a'] * 100)}]"

    assert refusal(text) == "stdin: document 1: its aliases expand to more than any manifest needs (line 2)"


def test_anchors_that_nest_anchors_stay_within_the_depth() -> None:
    level = "a0: &a0 " + "[" * 80 + "]" * 80
    text = f"{level}\na1: &a1 {'[' * 80}*a0{']' * 80}"

    assert refusal(text) == "stdin: document 1: nested deeper than 150 levels (line 2)"


@pytest.mark.parametrize("text", ["[" * 5_000_000, "{" * 5_000_000, "\x00" * 5_000_000, ": " * 2_500_000, BOMB * 100])
def test_junk_is_refused_soon(text: str) -> None:
    start = time.monotonic()

    refusal(text)

    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        'stringData: {password: "s3cr3t\n',
        "stringData: {password: s3cr3t\n---\n",
        "password: s3cr3t: x",
        "password: !!int s3cr3t",
        '{"password": "s3cr3t", "password": "s3cr3t"}',
        '{"password": "s3cr3t',
        A.replace("ConfigMap", "Secret").replace("k: v", "k: [s3cr3t]"),
        "password: 's3cr3t\x01'",
    ],
)
def test_no_refusal_quotes_a_value(text: str) -> None:
    assert "s3cr3t" not in refusal(text)


def test_aliases_and_merge_keys_are_resolved() -> None:
    text = "a: &a {x: 1, l: [2]}\nb: *a\nc: {<<: *a, x: 3}\nd: {x: 4, <<: [{z: 5}, *a]}\ne: &e k\nf: {*e : 6}"

    assert value(text) == {
        "a": {"x": 1, "l": [2]},
        "b": {"x": 1, "l": [2]},
        "c": {"x": 3, "l": [2]},
        "d": {"x": 4, "l": [2], "z": 5},
        "e": "k",
        "f": {"k": 6},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        ("2026-11-01", "2026-11-01"),
        ("22:22", "22:22"),
        ("1:30.5", "1:30.5"),
        ("on", True),
        ("No", False),
        ("y", True),
        ("'yes'", "yes"),
        ("~", None),
        ("", None),
        ("''", ""),
        ("12", 12),
        ("-0x1F", -31),
        ("0o17", 15),
        ("017", 15),
        ("0b11", 3),
        ("1_000", 1000),
        ("08", 8),
        ("1.0", 1),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000),
        ("1e20", 1e20),
        ("12345e7", 123450000000),
        ("18446744073709551615", 18446744073709551615),
        ("1.2.3", "1.2.3"),
        ("500m", "500m"),
        ("+", "+"),
        (".", "."),
        ("!!str 12", "12"),
        ('!!int "12"', 12),
        ("!!float 12", 12),
        ("!!null ''", None),
        ("٣", "٣"),
    ],
)
def test_scalars_mean_what_they_mean_to_kubernetes(text: str, expected: object) -> None:
    read_value = value(f"a: {text}")["a"]

    assert (read_value, type(read_value)) == (expected, type(expected))


def test_keys_become_strings() -> None:
    assert value("1: a\ntrue: b\n1.5: c\n'2': d") == {"1": "a", "true": "b", "1.5": "c", "2": "d"}


NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(JSON)
def test_json_is_read_as_json(document: object) -> None:
    ((number, obj),) = read(json.dumps({"a": document}))

    assert number == 1
    assert obj == {"a": document}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        list(read(text))


@pytest.mark.parametrize(
    ("path", "problem"), [("nowhere/a.yaml", "No such file or directory"), ("a" * 5000, "File name too long")]
)
def test_a_path_that_cannot_be_read_is_refused(path: str, problem: str) -> None:
    assert refusal_of(path) == f"{path}: {problem}"


def test_a_folder_without_manifests_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path) == f"no manifests in {tmp_path}"


def test_a_file_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(MAX_BYTES + 1)

    assert refusal_of(tmp_path) == f"{tmp_path}/a.yaml: longer than 32 MiB"


def test_a_byte_order_mark_is_skipped() -> None:
    assert from_stdin(b"\xef\xbb\xbf" + A.encode()) == [config_map("a", k="v")]
