"""What convert makes of single fields: what can't be said, what has no effect, and which default is written out."""

from __future__ import annotations

import pytest

from tests.converted import INLINE, convert, converted, refused, server


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
            {"oidcConfig": {"type": "inline", "inline": INLINE | {"thvCABundlePath": "/ca.crt"}}},
            "thvCABundlePath is a path in the proxy's container",
        ),
    ],
)
def test_a_setting_without_a_counterpart_is_named_and_its_object_stays(spec: dict[str, object], why: str) -> None:
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
def test_a_setting_without_effect_is_left_out(spec: dict[str, object], kept: str, note: str) -> None:
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
