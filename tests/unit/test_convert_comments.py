"""Comments inside of settings that become objects: they move with what they are about, and none is lost."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.converted import HEAD, convert, converted, manifest, server

NEW = "apiVersion: toolhive.stacklok.dev/v1beta1\n"


def added(text: str) -> str:
    """The object that a manifest's conversion adds."""
    _, _, new = converted(text).partition("---\n")
    return new


def test_each_comment_stands_at_the_same_setting() -> None:
    spec = """\
        image: x
        transport: sse
        telemetry:  # of the server
          # for Grafana
          openTelemetry:  # collector
            # only this one
            enabled: true
            endpoint: otel:4318 # in the cluster
            headers:
            - team=a # who pays

            # at night
            tracing: # spans
              enabled: true  # off in tests
              samplingRate: "0.1"   # \u00e9
        port: 80
        """
    assert added(manifest(spec)) == dedent("""\
        # who pays
        apiVersion: toolhive.stacklok.dev/v1beta1
        kind: MCPTelemetryConfig
        metadata:
          name: demo-telemetry
        spec:
          # for Grafana
          openTelemetry:  # collector
            # only this one
            enabled: true
            endpoint: otel:4318  # in the cluster
            headers:
              team: a
            # at night
            tracing:  # spans
              enabled: true  # off in tests
              samplingRate: '0.1'  # \u00e9
        """)


def test_a_part_of_another_name_is_the_same_part() -> None:
    spec = """\
        image: x
        transport: sse
        oidcConfig:
          type: kubernetes # ours
          kubernetes: # tokens
            # the issuer
            issuer: https://kubernetes.example
        """
    assert added(manifest(spec)).splitlines() == [
        "# ours",
        *NEW.splitlines(),
        *("kind: MCPOIDCConfig", "metadata:", "  name: demo-oidc", "spec:", "  type: kubernetesServiceAccount"),
        *("  kubernetesServiceAccount:  # tokens", "    # the issuer", "    issuer: https://kubernetes.example"),
    ]


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ("tools: # list\n\n  # first\n  - a\n  - b # second", "  # first\n  - a\n  - b  # second\n"),
        ("tools: [a, # first\n  b # second\n  ] # list", "  - a  # first\n  - b  # second\n"),
        ("tools:\n  # first\n  [a, b] # both", "  # first\n  - a\n  - b  # both\n"),
        ("tools:\n- a\n- a # again\n- b", "  - a\n  - b\n"),
        ("tools:\n- |-\n  a # no comment\n- b", "  - 'a # no comment'\n  - b\n"),
    ],
)
def test_those_in_a_list_stand_at_its_items(tools: str, expected: str) -> None:
    before = manifest(f"image: x\ntransport: sse\n{tools}\nport: 80\n")
    new = added(before)

    assert new.endswith(f"spec:\n  toolsFilter:\n{expected}")
    assert converted(before).count("#") == before.count("#"), "none is lost, and none is there twice"


def test_in_brackets_those_behind_the_value_stay() -> None:
    before = (
        manifest("").removesuffix("spec:\n")
        + "spec: {image: x, transport: sse, # a\n  tools: [a, # b\n  b], # c\n  port: 80}\n"
    )

    assert converted(before).splitlines()[4:] == [
        *(
            "spec: {image: x, transport: sse, # a",
            "  toolConfigRef: {name: demo-tools}, # c",
            "  proxyPort: 80}",
            "---",
        ),
        *(*NEW.splitlines(), "kind: MCPToolConfig", "metadata:", "  name: demo-tools", "spec:", "  toolsFilter:"),
        *("  - a  # b", "  - b"),
    ]


def test_one_about_a_client_secret_goes_with_the_secret() -> None:
    inline = "issuer: https://idp\n      audience: m\n      clientSecret: in-clear # until March\n"
    spec = f"  image: x\n  transport: sse\n  oidcConfig:\n    type: inline\n    inline:\n      {inline}"

    assert "---\n# until March\napiVersion: v1\nkind: Secret\n" in converted(HEAD + spec)


def test_a_shared_object_has_those_of_all_its_users(tmp_path: Path) -> None:
    for name, comment in (("a", "one"), ("b", "two"), ("c", "one")):
        oidc = (
            f"  oidcConfig:\n    type: inline\n    inline:\n      issuer: https://idp # {comment}\n      audience: m\n"
        )
        (tmp_path / f"{name}.yaml").write_text(server(name) + oidc)

    outcome = convert(tmp_path)

    assert (outcome.code, outcome.stdout.count("#")) == (0, 2)
    assert "    issuer: https://idp  # one  # two\n" in outcome.stdout


def test_where_no_object_is_added_their_loss_is_told() -> None:
    config = NEW + "kind: MCPToolConfig\nmetadata: {name: team}\nspec: {toolsFilter: [a]}\n"

    outcome = convert("-", stdin=f"{config}---\n" + server("demo") + "  tools:\n  - a # why\n")

    assert outcome.stderr.splitlines() == [
        "converted: stdin: MCPServer default/demo",
        "note: MCPServer default/demo: comments in tools are left out: MCPToolConfig team says the same as that field",
    ]


def test_a_mark_at_the_end_of_a_text_is_used() -> None:
    before = manifest("image: x\ntransport: sse\ntools: [a]\n") + "---\n"

    assert converted(before).count("---\n") == 1
