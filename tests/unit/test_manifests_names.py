"""Names that the API server refuses are refused by `render` too, with file and object."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.manifests.names import name_faults

LEFT = "still has a placeholder in it: put the value in its place"
NAME = "metadata.name must be lower-case letters, digits, '-' and '.', at most 253 (RFC 1123)"
NAMESPACE = "metadata.namespace must be lower-case letters, digits and '-', at most 63 (RFC 1123)"
LABEL = "must have a value of at most 63 letters, digits, '-', '_' and '.', the first and last a letter or digit"
KEY = "has a key that is not letters, digits, '-', '_' and '.', at most 253"


def named(
    kind: str = "MCPServer", api_version: str = "toolhive.stacklok.dev/v1alpha1", **metadata: Any
) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", **metadata}}


def said(obj: dict[str, Any]) -> str:
    return "; ".join(f"{field} {wrong}" for field, wrong in name_faults(obj))


@pytest.mark.parametrize(
    ("metadata", "fault"),
    [
        ({"name": "My_Server"}, NAME),
        ({"name": "web server"}, NAME),
        ({"name": "-web"}, NAME),
        ({"name": "web-"}, NAME),
        ({"name": "web..x"}, NAME),
        ({"name": "a" * 254}, NAME),
        ({"name": "web\n"}, NAME),
        ({"name": "wéb"}, NAME),
        ({"name": "<SERVER_NAME>"}, f"metadata.name {LEFT}"),
        ({"name": "${APP}"}, f"metadata.name {LEFT}"),
        ({"name": "{{ .Release.Name }}-web"}, f"metadata.name {LEFT}"),
        ({"namespace": "my_ns"}, NAMESPACE),
        ({"namespace": "my.ns"}, NAMESPACE),
        ({"namespace": "Apps"}, NAMESPACE),
        ({"namespace": "a" * 64}, NAMESPACE),
        ({"namespace": "${NAMESPACE}"}, f"metadata.namespace {LEFT}"),
        ({"labels": {"a b": "x"}}, "metadata.labels[a b] is no label key"),
        ({"labels": {"Acme.test/a": "x"}}, "metadata.labels[Acme.test/a] is no label key"),
        ({"labels": {"a/b/c": "x"}}, "metadata.labels[a/b/c] is no label key"),
        ({"labels": {"${KEY}": "x"}}, f"metadata.labels[${{KEY}}] {LEFT}"),
        ({"labels": {"a": "x y"}}, f"metadata.labels[a] {LABEL}"),
        ({"labels": {"a": "x" * 64}}, f"metadata.labels[a] {LABEL}"),
        ({"labels": {"a": "<TEAM>"}}, f"metadata.labels[a] {LEFT}"),
        ({"annotations": {"/a": "x"}}, "metadata.annotations[/a] is no annotation key"),
        ({"annotations": {f"{'a' * 64}": "x"}}, f"metadata.annotations[{'a' * 64}] is no annotation key"),
        ({"annotations": {"b" * 500: "x"}}, f"metadata.annotations[{'b' * 99}…] is no annotation key"),
        ({"name": "a b", "namespace": "c d"}, f"{NAME}; {NAMESPACE}"),
    ],
)
@pytest.mark.parametrize(
    "kind",
    [
        ("MCPServer", "toolhive.stacklok.dev/v1alpha1"),
        ("MCPToolConfig", "toolhive.stacklok.dev/v1beta1"),
        ("Secret", "v1"),
        ("ConfigMap", "v1"),
    ],
)
def test_a_name_that_no_api_server_takes_is_said(kind: tuple[str, str], metadata: dict[str, Any], fault: str) -> None:
    assert said(named(*kind, **metadata)) == fault


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "web.v2-1", "namespace": "1-apps"},
        {"name": "a" * 253},
        {"namespace": None, "labels": None, "annotations": None},
        {"namespace": ""},
        {"labels": {"acme.test/a_b.c": "", "x": "A_b.c-1"}, "annotations": {"Acme.test/Note": "any ${TEXT} at all"}},
    ],
)
def test_a_name_that_is_taken_passes(metadata: dict[str, Any]) -> None:
    assert said(named(**metadata)) == ""


@pytest.mark.parametrize("field", ["data", "stringData", "binaryData"])
@pytest.mark.parametrize(("key", "fault"), [("a b", KEY), ("..", KEY), (".", KEY), ("", KEY), ("<KEY>", LEFT)])
def test_a_key_of_a_secret_that_no_api_server_takes_is_said(field: str, key: str, fault: str) -> None:
    assert said({**named("Secret", "v1"), field: {"good": "x", key: "x"}}) == f"{field}[{key}] {fault}"


def test_names_in_objects_that_the_hooks_do_not_see_are_not_checked() -> None:
    """A folder has other tools' templates too."""
    assert said(named("Deployment", "apps/v1", name="${APP}")) == ""
    assert said({**named(), "spec": {"env": [{"name": "A", "value": "${B}"}]}, "data": {"a b": "x"}}) == ""
