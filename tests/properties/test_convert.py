"""Every converted manifest: nothing is half done, nothing else moves, the children are the same."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from hooks.api.crd import crds
from hooks.api.older_fields import REFERENCES, RENAMED
from hooks.controllers import CONTROLLERS
from hooks.kubernetes.objects import Object, controller_of
from hooks.manifests.documents import read
from hooks.render.output import presentable
from hooks.simulator.admission import schemas_of
from hooks.simulator.run import render
from hooks.simulator.webhooks import in_process
from tests.converted import convert
from tests.neighbours import CONFIG_MAPS, MANIFESTS
from tests.strategies import good_specs, specs
from tests.world import CONFIG, NAMESPACE, NOW

CHANGING = {*RENAMED, *REFERENCES, *RENAMED.values(), *REFERENCES.values(), "groupRef", "authzConfig", "proxyMode"}
URLS = st.sampled_from(("https://idp.acme.test", "https://idp.acme.test/a", "http://idp.acme.test"))
OLD_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "port": st.integers(1, 65535),
    "targetPort": st.integers(1, 65535),
    "groupRef": st.sampled_from(("team", "on", "1")),
    "tools": st.lists(st.sampled_from(("a", "b", "null", "x: y", "é")), max_size=3),
    "oidcConfig": st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("kubernetes")},
            optional={"kubernetes": st.fixed_dictionaries({}, optional={"audience": st.just("a"), "issuer": URLS})},
        ),
        st.fixed_dictionaries(
            {"type": st.just("inline")},
            optional={
                "resourceUrl": URLS,
                "inline": st.fixed_dictionaries(
                    {"issuer": URLS},
                    optional={
                        "audience": st.just("a"),
                        "clientId": st.just("c"),
                        "clientSecret": st.sampled_from(("s3cr3t-value", "'\"\n")),
                        "scopes": st.just(["s"]),
                        "jwksAllowPrivateIP": st.booleans(),
                    },
                ),
            },
        ),
        st.just({"type": "configMap", "configMap": {"name": "oidc"}}),
    ),
    "telemetry": st.fixed_dictionaries(
        {},
        optional={
            "prometheus": st.fixed_dictionaries({"enabled": st.booleans()}),
            "openTelemetry": st.fixed_dictionaries(
                {"enabled": st.booleans()},
                optional={
                    "endpoint": st.just("otel:4318"),
                    "headers": st.just(["a=b", "c=d=e"]),
                    "serviceName": st.just("n"),
                    "tracing": st.fixed_dictionaries({"enabled": st.booleans()}),
                },
            ),
        },
    ),
}
OLD = st.builds(
    lambda spec, old: {**spec, **old, "image": "x"},
    specs("MCPServer"),
    st.fixed_dictionaries({}, optional=OLD_FIELDS),
)


def manifest(name: str, spec: Object) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE, "creationTimestamp": None}
    return {
        "apiVersion": "toolhive.stacklok.dev/v1alpha1",
        "kind": "MCPServer",
        "metadata": metadata,
        "spec": spec,
        "status": {"phase": "Running"},
    }


def as_json(objects: list[Object], indent: int | None) -> str:
    return "\n".join(json.dumps(obj, indent=indent) for obj in objects)


def as_yaml(objects: list[Object], *, flow: bool | None, wide: int, line_end: str) -> str:
    text = yaml.safe_dump_all(objects, default_flow_style=flow, indent=wide, sort_keys=False, allow_unicode=True)
    return text.replace("\n", line_end)


STYLES = st.builds(lambda indent: lambda objects: as_json(objects, indent), st.sampled_from((None, 2, 4))) | st.builds(
    lambda flow, wide, end: lambda objects: as_yaml(objects, flow=flow, wide=wide, line_end=end),
    st.sampled_from((True, False, None)),
    st.sampled_from((2, 4)),
    st.sampled_from(("\n", "\r\n")),
)


def documents(text: str) -> list[Any]:
    return [document for _, document in read(text)]


@given(st.lists(OLD, min_size=1, max_size=3), STYLES)
def test_an_object_is_converted_as_a_whole_or_not_at_all_and_only_once(given: list[Object], style: Any) -> None:
    before = style([manifest(f"s{number}", spec) for number, spec in enumerate(given)] + CONFIG_MAPS)
    outcome = convert("-", stdin=before)
    assume(outcome.code != 2)  # a text in which PyYAML leaves quotes out that Kubernetes needs
    old, new = documents(before), documents(outcome.stdout)

    for was, now in zip(old, new, strict=False):
        if now["apiVersion"].endswith("/v1beta1"):
            assert not set(now["spec"]) & (RENAMED.keys() | REFERENCES.keys())
            assert "status" not in now
        else:
            assert now == was
    assert outcome.code == (1 if "failed: " in outcome.stderr else 0)
    assert outcome.stderr.count("failed: ") == sum(now["apiVersion"].endswith("/v1alpha1") for now in new)
    again = convert("-", stdin=outcome.stdout)
    assert again.stdout == outcome.stdout
    assert "converted: " not in again.stderr


@given(OLD, st.sampled_from(("\n", "\r\n")))
def test_lines_of_other_fields_stay_in_their_order(spec: Object, line_end: str) -> None:
    lines = {key: json.dumps({key: value}, ensure_ascii=False)[1:-1] for key, value in spec.items()}
    texts = {key: f"  {line}   # of {key}" for key, line in lines.items()}
    head = ["apiVersion: toolhive.stacklok.dev/v1alpha1", "kind: MCPServer", "# so", "metadata: {name: a}", "spec:"]

    outcome = convert("-", stdin=line_end.join([*head, *texts.values(), ""]))

    after = iter(outcome.stdout.split(line_end))
    stay = [*head[1:], *(text for key, text in texts.items() if key not in CHANGING)]
    assert all(line in after for line in stay)


@given(good_specs() | OLD)
def test_the_children_are_the_same(spec: Object) -> None:
    # The hooks don't read a text there: only releases that knew the group as a name used it so.
    assume(not isinstance(spec.get("groupRef"), str))
    before = as_yaml([manifest("demo", spec), *MANIFESTS], flow=None, wide=2, line_end="\n")
    outcome = convert("-", stdin=before)
    said = outcome.stderr.replace("note: MCPServer team-a/demo: proxyMode is written out", "")
    assume(not outcome.code and "note: " not in said and "warning: " not in said)  # else the report says what differs

    assert children(documents(outcome.stdout)) == children(documents(before))


SCHEMAS = schemas_of(crds())


def children(manifests: list[Object]) -> list[Object]:
    """The children of the server, less the labels that name its configs."""
    result = render(manifests, in_process(CONTROLLERS, CONFIG, NOW), CONTROLLERS, SCHEMAS)
    found = []
    for child in map(presentable, [child for child in result.children if controller_of(child)["kind"] == "MCPServer"]):
        labels = child["metadata"].get("labels", {})
        kept = {key: value for key, value in labels.items() if not key.startswith("toolhive.stacklok.dev/")}
        found.append({**child, "metadata": {**child["metadata"], "labels": kept}})
    return found


COMMENTED = """\
apiVersion: toolhive.stacklok.dev/v1alpha1
kind: MCPServer
metadata:
  name: demo
spec:
  image: x
  transport: sse
  oidcConfig:
    type: inline
    resourceUrl: https://mcp.acme.test
    inline:
      issuer: https://idp.acme.test
      audience: a
      scopes:
      - s
      clientSecret: in clear
      caBundleRef: {configMapRef: {name: ca}}
  tools:
    - a
    - b
  telemetry:
    openTelemetry:
      enabled: true
      headers:
      - a=b
      tracing:
        enabled: true
    prometheus:
      enabled: true
  port: 80
""".splitlines()


@given(
    above=st.lists(st.one_of(st.none(), st.integers(0, 8)), min_size=len(COMMENTED), max_size=len(COMMENTED)),
    beside=st.lists(st.booleans(), min_size=len(COMMENTED), max_size=len(COMMENTED)),
    line_end=st.sampled_from(("\n", "\r\n")),
)
def test_no_comment_is_lost_or_doubled(above: list[int | None], beside: list[bool], line_end: str) -> None:
    lines: list[str] = []
    for number, line in enumerate(COMMENTED):
        margin = above[number]
        lines += [] if margin is None else [f"{' ' * margin}# above {number};"]
        lines.append(f"{line} # beside {number};" if beside[number] else line)

    outcome = convert("-", stdin="".join(f"{line}{line_end}" for line in lines))

    comments = re.compile(r"# \w+ \d+;")
    assert outcome.code == 0
    assert sorted(comments.findall(outcome.stdout)) == sorted(comments.findall("\n".join(lines)))
