"""Whole texts before and after `convert`: all that needn't change stays, character by character."""

from __future__ import annotations

import json
from textwrap import dedent, indent

import pytest

from tests.converted import convert, converted, refused

HEAD = "apiVersion: toolhive.stacklok.dev/v1alpha1\nkind: MCPServer\nmetadata:\n  name: demo\nspec:\n"
NEW_HEAD = HEAD.replace("v1alpha1", "v1beta1")


def server(spec: str) -> str:
    return HEAD + indent(dedent(spec), "  ")


def test_lines_that_need_no_change_stay_as_they_are() -> None:
    before = """\
# GitHub's server, of team A
apiVersion: "toolhive.stacklok.dev/v1alpha1"
kind: 'MCPServer'
metadata:
    name: github   # as its image
    namespace: team-a
    creationTimestamp: null
    annotations:
        kubectl.kubernetes.io/last-applied-configuration: |
            {"apiVersion": "toolhive.stacklok.dev/v1alpha1"}
        note: "kept"
spec:
    image:   ghcr.io/github/github-mcp-server:1.0 # pinned

    transport: 'stdio'   # the only one it has
    # Callers' port
    port:    9090        # see the firewall's rules
    targetPort: 0x1F90
    permissionProfile: {type: builtin,   name: network}
    args: [ --read-only,
            --verbose ]
    env:
    - {name: A, value: "on"}
    - name: SCRIPT
      value: |
        port: 1
        # no comment

    groupRef: 'tools'
status:
    phase: Running
---

# not ours
apiVersion: v1
kind: Service
metadata: {name: port, creationTimestamp: null}
spec: {ports: [{port: 80}]}
"""
    after = """\
# GitHub's server, of team A
apiVersion: "toolhive.stacklok.dev/v1beta1"
kind: 'MCPServer'
metadata:
    name: github   # as its image
    namespace: team-a
    annotations:
        note: "kept"
spec:
    image:   ghcr.io/github/github-mcp-server:1.0 # pinned

    transport: 'stdio'   # the only one it has
    proxyMode: sse
    # Callers' port
    proxyPort:    9090        # see the firewall's rules
    mcpPort: 0x1F90
    permissionProfile: {type: builtin,   name: network}
    args: [ --read-only,
            --verbose ]
    env:
    - {name: A, value: "on"}
    - name: SCRIPT
      value: |
        port: 1
        # no comment

    groupRef:
        name: tools
---

# not ours
apiVersion: v1
kind: Service
metadata: {name: port, creationTimestamp: null}
spec: {ports: [{port: 80}]}
"""

    assert converted(before) == after
    assert converted(before.replace("\n", "\r\n")) == after.replace("\n", "\r\n")
    assert converted(before.rstrip("\n")) == after.rstrip("\n")


def test_settings_that_stood_in_a_server_become_objects_behind_it() -> None:
    before = server("""\
      image: x
      proxyMode: sse
      # Keycloak of the team
      oidcConfig:   # who may call
        type: inline
        resourceUrl: https://mcp.example.com
        inline:
          issuer: https://auth.example.com/realms/a#b # of production
          # for all teams
          audience: mcp
          scopes: [a, b]
          jwksAllowPrivateIP: true
      tools:
      - get_issue
      - "on"
      telemetry:
        openTelemetry:
          enabled: true
          endpoint: otel.observability:4318
          serviceName: demo
          headers: [x-team=a=b]
          tracing: {enabled: true, samplingRate: "0.10"}
        prometheus: {enabled: true}
      audit: {enabled: true}
    """)

    assert converted(before) == NEW_HEAD + dedent("""\
      image: x
      proxyMode: sse
      # Keycloak of the team
      oidcConfigRef:   # who may call
        name: demo-oidc
        audience: mcp
        scopes:
        - a
        - b
        resourceUrl: https://mcp.example.com
      toolConfigRef:
        name: demo-tools
      telemetryConfigRef:
        name: demo-telemetry
        serviceName: demo
      audit: {enabled: true}
    ---
    # of production
    # for all teams
    apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPOIDCConfig
    metadata:
      name: demo-oidc
    spec:
      type: inline
      inline:
        issuer: https://auth.example.com/realms/a#b
        jwksAllowPrivateIP: true
    ---
    apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPTelemetryConfig
    metadata:
      name: demo-telemetry
    spec:
      openTelemetry:
        enabled: true
        endpoint: otel.observability:4318
        headers:
          x-team: a=b
        tracing:
          enabled: true
          samplingRate: '0.10'
      prometheus:
        enabled: true
    ---
    apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPToolConfig
    metadata:
      name: demo-tools
    spec:
      toolsFilter:
      - get_issue
      - 'on'
    """)


def test_flow_style_keeps_its_style() -> None:
    before = (
        "{apiVersion: toolhive.stacklok.dev/v1alpha1, kind: MCPServer, metadata: {uid: a, name: demo, generation: 1}, "
        "spec: {port: 80, image: x,   targetPort: 81, oidcConfig: {type: kubernetes}, groupRef: on-call}, status: {}}\n"
    )

    assert converted(before) == (
        "{apiVersion: toolhive.stacklok.dev/v1beta1, kind: MCPServer, metadata: {name: demo}, "
        "spec: {proxyPort: 80, image: x, proxyMode: sse,   mcpPort: 81, "
        "oidcConfigRef: {name: demo-oidc, audience: toolhive}, groupRef: {name: on-call}}}\n"
        "---\napiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPOIDCConfig\nmetadata:\n  name: demo-oidc\nspec:\n"
        "  type: kubernetesServiceAccount\n  kubernetesServiceAccount: {}\n"
    )


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
            "(*o) repeats what stands in oidcConfig",
        ),
        ("  <<: {port: 80}\n", "port stands elsewhere, behind a YAML alias"),
        ("  podTemplateSpec: {a: &o {type: kubernetes}}\n  oidcConfig: *o\n", "oidcConfig stands elsewhere"),
    ],
)
def test_what_an_alias_repeats_is_left_alone(spec: str, why: str) -> None:
    text = f"{HEAD}  image: x\n  proxyMode: sse\n{spec}"

    assert why in refused(text)


def test_an_object_behind_an_alias_is_left_alone_with_the_one_it_repeats() -> None:
    item = "{apiVersion: toolhive.stacklok.dev/v1alpha1, kind: MCPGroup, metadata: {name: a}, spec: {}}"
    text = f"kind: List\nitems:\n- &a {item}\n- *a\n- {item.replace('name: a', 'name: b')}\n"
    outcome = convert("-", stdin=text)

    assert outcome.code == 1
    assert outcome.stdout == text.replace(
        "v1alpha1, kind: MCPGroup, metadata: {name: b}", "v1beta1, kind: MCPGroup, metadata: {name: b}"
    )
    assert outcome.stderr.count("failed: stdin: MCPGroup default/a: ") == 2


def test_a_text_whose_last_line_would_change_its_value_is_left_alone() -> None:
    text = f"{HEAD}  image: x\n  transport: sse\n  port: 80\n  podTemplateSpec:\n    a: |+\n      b\n\n\n"

    assert converted(text) == text.replace("v1alpha1", "v1beta1").replace("port: 80", "proxyPort: 80")
