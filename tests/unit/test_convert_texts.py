"""Whole texts before and after `convert`: all that needn't change stays, character by character."""

from __future__ import annotations

from textwrap import dedent

from tests.converted import NEW_HEAD, converted, manifest


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
    before = manifest("""\
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
    # for all teams
    apiVersion: toolhive.stacklok.dev/v1beta1
    kind: MCPOIDCConfig
    metadata:
      name: demo-oidc
    spec:
      type: inline
      inline:
        issuer: https://auth.example.com/realms/a#b  # of production
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
