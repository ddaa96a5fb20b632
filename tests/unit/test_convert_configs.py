"""The objects that convert adds: what is one, what it is called, where it goes, and whose ConfigMap is meant."""

from __future__ import annotations

import json
from pathlib import Path

from tests.converted import API, INLINE, OIDC, convert, converted, refused, server


def test_equal_settings_are_one_object_for_each_namespace(tmp_path: Path) -> None:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text("---\n".join([server("one", oidcConfig=OIDC), server("two", "team", oidcConfig=OIDC)]))
    other = {"type": "inline", "inline": INLINE | {"audience": "other", "scopes": ["x"]}}
    b.write_text(server("three", oidcConfig=other))

    assert convert(tmp_path, in_place=True) == (
        0,
        "",
        f"converted: {a}: MCPServer default/one\nconverted: {a}: MCPServer team/two\n"
        f"converted: {b}: MCPServer default/three\n"
        f"added: {a}: MCPOIDCConfig default/auth-example-com-oidc\nadded: {a}: MCPOIDCConfig team/two-oidc\n",
    )
    assert b.read_text() == (
        server("three", oidcConfigRef=0)
        .replace("v1alpha1", "v1beta1")
        .replace(
            "oidcConfigRef: 0",
            "oidcConfigRef:\n    name: auth-example-com-oidc\n    audience: other\n    scopes:\n    - x",
        )
    )
    assert convert(tmp_path, check=True) == (0, "", "")


def test_a_config_that_says_the_same_is_referred_to_and_another_one_keeps_its_name() -> None:
    existing = (
        f"---\napiVersion: {API}\nkind: MCPOIDCConfig\nmetadata: {{name: corporate}}\n"
        "spec: {type: inline, inline: {issuer: https://auth.example.com}}\n"
    )
    taken = f"---\napiVersion: {API}\nkind: MCPToolConfig\nmetadata: {{name: demo-tools}}\nspec: {{toolsFilter: [b]}}\n"
    text = converted(server("demo", oidcConfig=OIDC, tools=["a"]) + existing + taken)

    assert "  oidcConfigRef:\n    name: corporate\n" in text
    assert "  toolConfigRef:\n    name: demo-tools-2\n" in text
    assert text.endswith("kind: MCPToolConfig\nmetadata:\n  name: demo-tools-2\nspec:\n  toolsFilter:\n  - a\n")


def test_a_client_secret_in_clear_becomes_a_secret_and_no_message_has_it() -> None:
    inline = INLINE | {"clientId": "c", "clientSecret": "s3cr3t-value"}
    text = server("demo", oidcConfig={"type": "inline", "inline": inline})
    outcome = convert("-", stdin=text)

    assert outcome.stdout.endswith(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: demo-oidc-client\n"
        "stringData:\n  client-secret: s3cr3t-value\n"
    )
    assert "    clientSecretRef:\n      name: demo-oidc-client\n      key: client-secret\n" in outcome.stdout
    assert outcome.stderr.splitlines()[-1] == (
        "warning: stdin: Secret default/demo-oidc-client contains a plaintext client secret, as the spec did: keep it "
        "out of version control, and replace a secret that was ever committed"
    )
    shown = convert("-", stdin=text, diff=True)
    assert "client-secret: ***" in shown.stdout
    assert "s3cr3t" not in shown.stdout + shown.stderr + outcome.stderr


def test_oidc_settings_of_a_config_map_are_taken_from_it_where_it_is_among_the_files() -> None:
    text = server("demo", "team", oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}})
    data = "issuer: https://a.example.com\n  audience: mcp\n  scopes: a, b\n  jwksAllowPrivateIP: 'true'\n  other: x\n"
    config_map = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: oidc, namespace: team}}\ndata:\n  {data}"

    assert converted(text + config_map) == text.replace("v1alpha1", "v1beta1").replace(
        f"oidcConfig: {json.dumps({'type': 'configMap', 'configMap': {'name': 'oidc'}})}",
        "oidcConfigRef:\n    name: demo-oidc\n    audience: mcp\n    scopes:\n    - a\n    - b",
    ) + config_map + (
        "---\napiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPOIDCConfig\nmetadata:\n  name: demo-oidc\n"
        "  namespace: team\nspec:\n  type: inline\n  inline:\n    issuer: https://a.example.com\n"
        "    jwksAllowPrivateIP: true\n"
    )
    assert refused(text) == (
        "failed: stdin: MCPServer team/demo: spec.oidcConfig.configMap refers to a ConfigMap that isn't among the "
        "files, and has no counterpart: give the file with ConfigMap oidc too\n"
    )


def test_files_of_several_clusters_share_nothing(tmp_path: Path) -> None:
    """The same server in two folders: each file has what it refers to, and takes the ConfigMap beside it."""
    settings = {"type": "configMap", "configMap": {"name": "oidc"}}
    for cluster in ("prod", "staging"):
        (tmp_path / cluster).mkdir()
        (tmp_path / cluster / "servers.yaml").write_text(
            "---\n".join([server("one", oidcConfig=settings), server("two", oidcConfig=settings)])
        )
        (tmp_path / cluster / "oidc.yaml").write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: oidc}\n"
            f"data: {{issuer: https://{cluster}.example.com, audience: a}}\n"
        )

    assert convert(tmp_path, in_place=True).code == 0
    for cluster in ("prod", "staging"):
        text = (tmp_path / cluster / "servers.yaml").read_text()
        assert text.count(f"name: {cluster}-example-com-oidc\n") == 3
        assert text.endswith(f"    issuer: https://{cluster}.example.com\n")
    assert convert(tmp_path, check=True).code == 0


def test_a_config_map_that_cannot_be_told_from_others_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(server("a", oidcConfig={"type": "configMap", "configMap": {"name": "oidc"}}))
    for number in (1, 2):
        data = f"{{issuer: https://{number}.example.com}}"
        (tmp_path / f"{number}.yaml").write_text(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: oidc}}\ndata: {data}\n"
        )

    outcome = convert(tmp_path)

    assert (outcome.code, outcome.stderr) == (
        1,
        f"failed: {tmp_path}/a.yaml: MCPServer default/a: there are several ConfigMaps oidc that differ: convert each "
        "cluster's files by themselves\n",
    )


def test_names_fit_and_need_no_host() -> None:
    """A config's name is the value of a label, which has 63 characters at most."""
    telemetry = {"openTelemetry": {"enabled": True, "endpoint": "[", "tracing": {"enabled": True}}}
    long = "a" * 60
    text = converted("---\n".join(server(name, tools=[name], telemetry=telemetry) for name in (long, f"{long}b")))

    assert text.count("name: shared-telemetry\n") == 3
    assert text.count(f"name: {long}-to\n") == 2
    assert text.count(f"name: {long}b-t\n") == 2
