"""The convert command less its command line: files, options, messages and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.converted import convert, converted, refused

API = "toolhive.stacklok.dev/v1alpha1"
OIDC = {"type": "inline", "inline": {"issuer": "https://auth.example.com", "audience": "mcp"}}


def server(name: str, namespace: str = "", **spec: object) -> str:
    """A manifest of an MCPServer."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    lines = {"image": "x", "proxyMode": "sse", **spec}
    body = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in lines.items())
    return f"apiVersion: {API}\nkind: MCPServer\nmetadata: {json.dumps(metadata)}\nspec:\n{body}"


def test_equal_settings_are_one_object_for_each_namespace(tmp_path: Path) -> None:
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    a.write_text("---\n".join([server("one", oidcConfig=OIDC), server("two", "team", oidcConfig=OIDC)]))
    other = {"type": "inline", "inline": OIDC["inline"] | {"audience": "other", "scopes": ["x"]}}  # type: ignore[operator]
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
    inline = OIDC["inline"] | {"clientId": "c", "clientSecret": "s3cr3t-value"}  # type: ignore[operator]
    text = server("demo", oidcConfig={"type": "inline", "inline": inline})
    outcome = convert("-", stdin=text)

    assert outcome.stdout.endswith(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: demo-oidc-client\n"
        "stringData:\n  client-secret: s3cr3t-value\n"
    )
    assert "    clientSecretRef:\n      name: demo-oidc-client\n      key: client-secret\n" in outcome.stdout
    assert outcome.stderr.splitlines()[-1] == (
        "warning: stdin: Secret default/demo-oidc-client holds a client secret in clear, as the spec did: "
        "keep it out of version control, and change the secret where it has been there"
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

    assert "there are several ConfigMaps oidc that differ" in convert(tmp_path).stderr


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"oidcConfig": {"type": "inline", "inline": {"issuer": "https://a"}}}, "has no audience"),
        ({"oidcConfig": {"type": "inline", "inline": {"audience": "a"}}}, "has no issuer"),
        (
            {"oidcConfig": {"type": "inline", "inline": {"issuer": "http://a", "audience": "a"}}},
            "insecureAllowHTTP: true",
        ),
        ({"oidcConfig": {"type": "inline"}}, "spec.oidcConfig.inline is missing"),
        ({"oidcConfig": {"type": "ldap"}}, "spec.oidcConfig.type must be one of"),
        ({"oidcConfig": "kubernetes"}, "spec.oidcConfig is no mapping"),
        (
            {"oidcConfig": {"type": "kubernetes", "kubernetes": {"audiences": "a"}}},
            "audiences is a field of no release",
        ),
        ({"oidcConfig": {"type": "kubernetes", "kubernetes": {"audience": 1}}}, "audience is not a string"),
        (
            {"oidcConfig": {"type": "kubernetes"}, "oidcConfigRef": {"name": "a", "audience": "b"}},
            "has both oidcConfig and",
        ),
        (
            {"telemetry": {"openTelemetry": {"enabled": True, "headers": ["a"]}}},
            "headers[0] is not of the form key=value",
        ),
        ({"tools": "a"}, "spec.tools is no list of names"),
        (
            {"oidcConfig": {"type": "inline", "inline": OIDC["inline"] | {"thvCABundlePath": "/ca.crt"}}},  # type: ignore[operator]
            "thvCABundlePath is a path in the proxy's container",
        ),
    ],
)
def test_what_cannot_be_said_is_named_and_nothing_of_the_object_changes(spec: dict[str, object], why: str) -> None:
    text = server("demo", port=80, tools=spec.pop("tools", ["a"]), **spec)

    assert why in refused(text)


@pytest.mark.parametrize(
    ("spec", "kept", "note"),
    [
        (
            {"port": 9090, "proxyPort": 8080},
            "  proxyPort: 9090\n",
            "port and proxyPort differ: port is the one that counts",
        ),
        ({"port": 9090, "proxyPort": 9091}, "  proxyPort: 9091\n", "proxyPort is the one that counts"),
        ({"port": 9090, "proxyPort": 9090}, "  proxyPort: 9090\n", ""),
        ({"tools": ["a"], "toolConfigRef": {"name": "b"}}, '  toolConfigRef: {"name": "b"}\n', "tools is left out"),
        ({"tools": []}, "", ""),
        ({"oidcConfig": None, "port": None}, "", ""),
        (
            {"authzConfig": {"type": "inline", "configMap": {"name": "a"}, "inline": {"policies": ["p"]}}},
            '  authzConfig: {"type": "inline", "inline": {"policies": ["p"]}}\n',
            "authzConfig.configMap is left out",
        ),
    ],
)
def test_what_has_no_effect_goes(spec: dict[str, object], kept: str, note: str) -> None:
    outcome = convert("-", stdin=server("demo", **spec))

    assert outcome.stdout == server("demo").replace("v1alpha1", "v1beta1") + kept
    assert (note in outcome.stderr) if note else ("note:" not in outcome.stderr)


def test_the_default_of_proxy_mode_is_written_out_where_the_new_version_has_another() -> None:
    plain = server("demo").replace('  proxyMode: "sse"\n', "")
    newer = f"{plain}  sessionAffinity: None\n"
    direct = f"{plain}  transport: sse\n"

    assert converted(plain) == plain.replace("v1alpha1", "v1beta1") + "  proxyMode: sse\n"
    for text in (newer, direct, plain.replace("v1alpha1", "v1beta1")):
        assert converted(text) == text.replace("v1alpha1", "v1beta1")
    assert "proxyMode is left to its default" in convert("-", stdin=newer).stderr


def test_options_say_where_the_result_goes(tmp_path: Path) -> None:
    old, new = server("demo", port=80), server("demo", proxyPort=80).replace("v1alpha1", "v1beta1")
    folder = tmp_path / "in" / "team"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_bytes(b"\xef\xbb\xbf" + old.encode())
    (folder / "values.yaml").write_text("port: 80\n")
    said = f"converted: {folder / 'a.yaml'}: MCPServer default/demo\n"

    assert convert(tmp_path / "in") == (0, f"{new}---\nport: 80\n", said)
    assert convert(tmp_path / "in", check=True) == (1, "", said.replace("converted", "would convert"))
    assert convert(folder, output=tmp_path / "out") == (0, "", said)
    assert convert(folder, diff=True, check=True).stdout.splitlines()[2:] == [
        "@@ -1,7 +1,7 @@",
        f"-apiVersion: {API}",
        "+apiVersion: toolhive.stacklok.dev/v1beta1",
        " kind: MCPServer",
        ' metadata: {"name": "demo"}',
        " spec:",
        '   image: "x"',
        '   proxyMode: "sse"',
        "-  port: 80",
        "+  proxyPort: 80",
    ]
    assert (folder / "a.yaml").read_text("utf-8-sig") == old
    assert convert(folder, in_place=True) == (0, "", said)
    for result in (folder, tmp_path / "out"):
        assert (result / "a.yaml").read_bytes() == b"\xef\xbb\xbf" + new.encode()
        assert (result / "values.yaml").read_text() == "port: 80\n"


def test_files_that_are_no_manifests_are_named_and_left_alone(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": (
            "resources: [base.yaml]\npatches:\n- path: patch.yaml\n- target: {kind: MCPServer}\n"
            "  patch: |\n    - op: remove\n"
        ),
        "patch.yaml": server("demo", port=80),
        "partial.yaml": server("demo", port=80).replace('  image: "x"\n', ""),
        "chart.yaml": server("demo", port=80).replace('"x"', "{{ .Values.image }}"),
        "quoted.yaml": server("demo", args=["{{ .Values.image }}"]),
        "vault.yaml": server("vault", podTemplateSpec={"metadata": {"annotations": {"a": "{{ with secret }}"}}}),
        "other.yaml": "a: {{ .Values.x }}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    outcome = convert(tmp_path, in_place=True)

    assert outcome.code == 0
    assert outcome.stderr.splitlines() == [
        f"converted: {tmp_path / 'vault.yaml'}: MCPServer default/vault",
        f"left: {tmp_path / 'kustomization.yaml'}: it has patches of its own: convert by hand what it sets",
        f"left: {tmp_path / 'chart.yaml'}: it is a Helm template: convert by hand what it sets",
        f"left: {tmp_path / 'patch.yaml'}: it is a Kustomize patch: convert by hand what it sets",
        f"left: {tmp_path / 'quoted.yaml'}: it is a Helm template: convert by hand what it sets",
        f"left: {tmp_path / 'partial.yaml'}: document 1, MCPServer, has no name or image, as a Kustomize patch has "
        "none: convert by hand what it sets",
    ]
    assert {name for name, text in files.items() if (tmp_path / name).read_text() != text} == {"vault.yaml"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no-such-file: No such file or directory"),
        (f"apiVersion: {API}\na: [\n", "document 1: did not find expected node content"),
        (f"apiVersion: {API}\na: 1\na: 2\n", "document 1: the key 'a' is given twice (line 3)"),
    ],
)
def test_what_cannot_be_read_stops_all(tmp_path: Path, content: str | None, message: str) -> None:
    good, path = tmp_path / "good.yaml", tmp_path / "no-such-file"
    good.write_text(server("demo", port=80))
    if content is not None:
        path.write_text(content)
    outcome = convert(good, path, in_place=True)

    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("error: ")
    assert message in outcome.stderr
    assert good.read_text() == server("demo", port=80)


def test_two_files_of_one_name_have_no_place_in_an_output_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "c.yaml").write_text(server(folder))

    assert convert(tmp_path / "a", tmp_path / "b", output=tmp_path / "out").code == 2
    assert not (tmp_path / "out").exists()
    assert convert(tmp_path, output=tmp_path / "out").code == 0
