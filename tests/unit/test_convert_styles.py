"""JSON, lists, anchors and aliases: what convert does with texts of other forms than a field a line."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from tests.converted import HEAD, NEW_HEAD, convert, converted, refused

OLD = {
    "apiVersion": "toolhive.stacklok.dev/v1alpha1",
    "kind": "MCPServer",
    "metadata": {"name": "demo", "uid": "1"},
    "spec": {"image": "é😀\n", "transport": "sse", "port": 80, "tools": ["a"], "args": ["-v"]},
    "status": {"phase": "Running"},
}
NEW = {
    "apiVersion": "toolhive.stacklok.dev/v1beta1",
    "kind": "MCPServer",
    "metadata": {"name": "demo"},
    "spec": {
        "image": "é😀\n",
        "transport": "sse",
        "proxyPort": 80,
        "toolConfigRef": {"name": "demo-tools"},
        "args": ["-v"],
    },
}
TOOLS = {
    "apiVersion": "toolhive.stacklok.dev/v1beta1",
    "kind": "MCPToolConfig",
    "metadata": {"name": "demo-tools"},
    "spec": {"toolsFilter": ["a"]},
}


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_stays_json(indent: int | str | None, *, ascii_only: bool) -> None:
    before = json.dumps(OLD, indent=indent, ensure_ascii=ascii_only)
    after = json.dumps(NEW, indent=indent, ensure_ascii=ascii_only)
    if indent in (4, "\t"):  # what is put in has two
        wide = json.dumps(NEW["spec"]["toolConfigRef"], indent=indent).replace(
            "\n", "\n" + 2 * (indent * " " if indent == 4 else "\t")
        )  # type: ignore[index, operator]
        narrow = json.dumps(NEW["spec"]["toolConfigRef"], indent=2).replace(
            "\n", "\n" + 2 * (4 if indent == 4 else 1) * " "
        )  # type: ignore[index]
        after = after.replace(wide, narrow)

    assert converted(before).splitlines() == [*after.splitlines(), *json.dumps(TOOLS, indent=2).splitlines()]


def test_lists_are_converted_item_by_item() -> None:
    before = dedent("""\
        apiVersion: v1
        kind: List
        items:
        - status: {}
          apiVersion: toolhive.stacklok.dev/v1alpha1
          kind: MCPServer
          metadata: {name: a}
          spec:
            image: x   # first
            transport: sse
            port: 80
        - apiVersion: toolhive.stacklok.dev/v1alpha1
          kind: MCPToolConfig
          metadata: {name: b, resourceVersion: "7"}
          spec: {toolsFilter: [a]}
        """)

    assert converted(before) == dedent("""\
        apiVersion: v1
        kind: List
        items:
        - apiVersion: toolhive.stacklok.dev/v1beta1
          kind: MCPServer
          metadata: {name: a}
          spec:
            image: x   # first
            transport: sse
            proxyPort: 80
        - apiVersion: toolhive.stacklok.dev/v1beta1
          kind: MCPToolConfig
          metadata: {name: b}
          spec: {toolsFilter: [a]}
        """)


def test_an_anchor_that_is_not_touched_stays() -> None:
    spec = "  image: &image x\n  proxyMode: sse\n  port: &port 80\n  args: [*image]\n  env: &env []\n"

    assert converted(HEAD + spec) == NEW_HEAD + spec.replace("port:", "proxyPort:")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            "  oidcConfig: &o\n    type: kubernetes\n  podTemplateSpec: {a: *o}\n",
            "a YAML alias (*o) repeats the value of oidcConfig: write it out in both places",
        ),
        (
            "  resources: &r {}\n  podTemplateSpec: {a: *r}\n  tools: &t [a]\n  args: *t\n",
            "a YAML alias (*t) repeats the value of tools: write it out in both places",
        ),
        (
            "  authzConfig: &a {type: inline, inline: {}, configMap: {}}\n  podTemplateSpec: {b: *a}\n",
            "a YAML alias (*a) repeats what must change: write it out in both places",
        ),
        ("  <<: {port: 80}\n", "port is elsewhere, behind a YAML alias: write it out"),
        (
            "  podTemplateSpec: {a: &o {type: kubernetes}}\n  oidcConfig: *o\n",
            "oidcConfig is elsewhere, behind a YAML alias: write it out",
        ),
    ],
)
def test_an_object_whose_setting_an_alias_repeats_is_left_alone(spec: str, why: str) -> None:
    text = f"{HEAD}  image: x\n  proxyMode: sse\n{spec}"

    assert refused(text) == f"failed: stdin: MCPServer default/demo: {why}\n"


def test_an_object_behind_an_alias_is_left_alone_with_the_one_it_repeats() -> None:
    item = "{apiVersion: toolhive.stacklok.dev/v1alpha1, kind: MCPGroup, metadata: {name: a}, spec: {}}"
    text = f"kind: List\nitems:\n- &a {item}\n- *a\n- {item.replace('name: a', 'name: b')}\n"
    outcome = convert("-", stdin=text)

    assert outcome.code == 1
    assert outcome.stdout == text.replace(
        "v1alpha1, kind: MCPGroup, metadata: {name: b}", "v1beta1, kind: MCPGroup, metadata: {name: b}"
    )
    assert outcome.stderr.splitlines() == [
        "converted: stdin: MCPGroup default/b",
        "failed: stdin: MCPGroup default/a: a YAML alias (*a) repeats what must change: write it out in both places",
        "failed: stdin: MCPGroup default/a: apiVersion is elsewhere, behind a YAML alias: write it out",
    ]


def test_blank_lines_that_belong_to_the_last_value_stay() -> None:
    text = f"{HEAD}  image: x\n  transport: sse\n  port: 80\n  podTemplateSpec:\n    a: |+\n      b\n\n\n"

    assert converted(text) == text.replace("v1alpha1", "v1beta1").replace("port: 80", "proxyPort: 80")


def test_annotations_of_kubectl_and_the_operator_go_and_with_the_last_one_the_mapping() -> None:
    hashes = "toolhive.stacklok.dev/toolconfig-hash: a, kubectl.kubernetes.io/last-applied-configuration: '{}'"
    text = f"{HEAD}  image: x\n  proxyMode: sse\n"

    for given, left in (
        (f"  annotations: {{{hashes}}}\n", ""),
        (f"  annotations: {{{hashes}, b: c}}\n", "  annotations: {b: c}\n"),
        (f"  annotations: {{b: c, {hashes}}}\n", "  annotations: {b: c}\n"),
    ):
        before = text.replace("  name: demo\n", f"  name: demo\n{given}")
        after = text.replace("  name: demo\n", f"  name: demo\n{left}").replace("v1alpha1", "v1beta1")
        assert converted(before) == after
