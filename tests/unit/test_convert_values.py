"""What convert makes of single fields: what can't be said, what has no effect, and which default is written out."""

from __future__ import annotations

import pytest

from tests.converted import INLINE, convert, converted, refused, server


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (
            {"oidcConfig": {"type": "inline", "inline": {"issuer": "https://a"}}},
            "spec.oidcConfig.inline has no audience, which oidcConfigRef must name: add the one that tokens have",
        ),
        (
            {"oidcConfig": {"type": "inline", "inline": {"audience": "a"}}},
            "spec.oidcConfig.inline has no issuer, which an MCPOIDCConfig must have: add it",
        ),
        (
            {"oidcConfig": {"type": "inline", "inline": {"issuer": "http://a", "audience": "a"}}},
            "spec.oidcConfig.inline.issuer is no https URL: make it https, or set insecureAllowHTTP: true beside it "
            "where that is meant",
        ),
        (
            {"oidcConfig": {"type": "inline"}},
            "spec.oidcConfig.inline is missing: add it, or callers would not have to authenticate",
        ),
        ({"oidcConfig": {"type": "ldap"}}, "spec.oidcConfig.type must be one of kubernetes, configMap, inline"),
        ({"oidcConfig": "kubernetes"}, "spec.oidcConfig is no mapping"),
        (
            {"oidcConfig": {"type": "kubernetes", "kubernetes": {"audiences": "a"}}},
            "spec.oidcConfig.kubernetes.audiences is a field of no release: correct its name, or take it out",
        ),
        (
            {"oidcConfig": {"type": "kubernetes", "kubernetes": {"audience": 1}}},
            "spec.oidcConfig.kubernetes.audience is not a string",
        ),
        (
            {"oidcConfig": {"type": "kubernetes"}, "oidcConfigRef": {"name": "a", "audience": "b"}},
            "spec has both oidcConfig and oidcConfigRef: take the one out that isn't meant",
        ),
        (
            {"telemetry": {"openTelemetry": {"enabled": True, "headers": ["a"]}}},
            "spec.telemetry.openTelemetry.headers[0] is not of the form key=value: correct it",
        ),
        ({"tools": "a"}, "spec.tools is no list of names"),
        (
            {"oidcConfig": {"type": "inline", "inline": INLINE | {"thvCABundlePath": "/ca.crt"}}},
            "spec.oidcConfig.inline.thvCABundlePath is a path in the proxy's container, and has no counterpart: put "
            "the bundle into a ConfigMap and refer to it by caBundleRef",
        ),
    ],
)
def test_a_setting_without_a_counterpart_is_named_and_its_object_stays(spec: dict[str, object], why: str) -> None:
    text = server("demo", port=80, tools=spec.pop("tools", ["a"]), **spec)

    assert refused(text) == f"failed: stdin: MCPServer default/demo: {why}\n"


@pytest.mark.parametrize(
    ("spec", "kept", "note"),
    [
        (
            {"port": 9090, "proxyPort": 8080},
            "  proxyPort: 9090\n",
            "port and proxyPort differ: port is the one that counts",
        ),
        (
            {"port": 9090, "proxyPort": 9091},
            "  proxyPort: 9091\n",
            "port and proxyPort differ: proxyPort is the one that counts",
        ),
        ({"port": 9090, "proxyPort": 9090}, "  proxyPort: 9090\n", ""),
        (
            {"tools": ["a"], "toolConfigRef": {"name": "b"}},
            '  toolConfigRef: {"name": "b"}\n',
            "tools is left out: toolConfigRef won over it",
        ),
        ({"tools": []}, "", ""),
        ({"oidcConfig": None, "port": None}, "", ""),
        (
            {"authzConfig": {"type": "inline", "configMap": {"name": "a"}, "inline": {"policies": ["p"]}}},
            '  authzConfig: {"type": "inline", "inline": {"policies": ["p"]}}\n',
            "authzConfig.configMap is left out: type inline never used it",
        ),
    ],
)
def test_a_setting_without_effect_is_left_out(spec: dict[str, object], kept: str, note: str) -> None:
    converted = "converted: stdin: MCPServer default/demo\n"
    said = f"{converted}note: MCPServer default/demo: {note}\n" if note else converted

    outcome = convert("-", stdin=server("demo", **spec))

    assert outcome == (0, server("demo").replace("v1alpha1", "v1beta1") + kept, said)


def test_the_default_of_proxy_mode_is_written_out_where_the_new_version_has_another() -> None:
    plain = server("demo").replace('  proxyMode: "sse"\n', "")
    newer = f"{plain}  sessionAffinity: None\n"
    direct = f"{plain}  transport: sse\n"

    assert converted(plain) == plain.replace("v1alpha1", "v1beta1") + "  proxyMode: sse\n"
    for text in (newer, direct, plain.replace("v1alpha1", "v1beta1")):
        assert converted(text) == text.replace("v1alpha1", "v1beta1")
    assert convert("-", stdin=newer).stderr.splitlines()[1:] == [
        "note: MCPServer default/demo: proxyMode is left to its default, streamable-http, since sessionAffinity came "
        "after ToolHive 0.6, which had that default; unconverted these hooks would take sse"
    ]
