"""What the models refuse, and what users are told then: always the whole list of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hooks.api.errors import spec_errors
from hooks.api.external_auth import MCPExternalAuthConfigSpec
from hooks.api.kinds import MCP_SERVER
from hooks.api.mcpserver import MCPServerSpec
from hooks.api.meta import Model
from hooks.kubernetes.objects import Object
from tests.unit.config_specs import SECRET_KEY, TOKEN_EXCHANGE
from tests.unit.specs import (
    EVERYTHING,
    EXTERNAL_AUTH,
    PLACES,
    SERVER,
    TOOLS,
    Path,
    changed,
    errors,
    put,
    server_errors,
    written,
)


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({"transport": "http"}, "spec.transport: must be one of 'stdio', 'streamable-http', 'sse', is 'http'"),
        ({"transport": ""}, "spec.transport: must be one of 'stdio', 'streamable-http', 'sse', is ''"),
        ({"transport": 5}, "spec.transport: must be one of 'stdio', 'streamable-http', 'sse', is 5"),
        ({"transport": []}, "spec.transport: must be one of 'stdio', 'streamable-http', 'sse', is a list"),
        ({"proxyMode": "stdio"}, "spec.proxyMode: must be one of 'sse', 'streamable-http', is 'stdio'"),
        ({"port": 0}, "spec.port: must be at least 1, is 0"),
        ({"port": 65536}, "spec.port: must be at most 65535, is 65536"),
        ({"port": 10**5000}, "spec.port: must be at most 65535, is a number"),
        ({"port": "8080"}, "spec.port: must be a whole number, is a string"),
        ({"port": 80.5}, "spec.port: must be a whole number, is 80.5"),
        ({"port": True}, "spec.port: must be a whole number, is true"),
        ({"targetPort": -1}, "spec.targetPort: must be at least 1, is -1"),
        ({"image": 1}, "spec.image: must be a string, is a number"),
        ({"image": False}, "spec.image: must be a string, is a boolean"),
        ({"args": "--verbose"}, "spec.args: must be a list, is a string"),
        ({"env": {"A": "b"}}, "spec.env: must be a list, is an object"),
        ({"env": [{"name": "A"}]}, "spec.env[0].value: is required"),
        ({"audit": True}, "spec.audit: must be an object, is a boolean"),
        ({"audit": {"enabled": "true"}}, "spec.audit.enabled: must be true or false, is a string"),
        ({"audit": {"enabled": 1}}, "spec.audit.enabled: must be true or false, is 1"),
        ({"podTemplateSpec": "{}"}, "spec.podTemplateSpec: must be an object, is a string"),
        (
            {"oidcConfig": {"type": "foo"}},
            "spec.oidcConfig.type: must be one of 'kubernetes', 'configMap', 'inline', is 'foo'",
        ),
        (
            {"permissionProfile": {"type": "configMap", "name": "p", "key": "k"}},
            "spec.permissionProfile.type: must be one of 'builtin', 'configmap', is 'configMap'",
        ),
        (
            {"authzConfig": {"type": "inline", "inline": {"policies": []}}},
            "spec.authzConfig.inline.policies: must have 1 or more items",
        ),
        (
            {"telemetry": {"openTelemetry": {"tracing": {"samplingRate": 0.5}}}},
            "spec.telemetry.openTelemetry.tracing.samplingRate: must be a string, is a number",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {"acme.test/tier": 1}}}},
            "spec.resourceOverrides.proxyService.labels['acme.test/tier']: must be a string, is a number",
        ),
        (
            {"resourceOverrides": {"proxyService": {"labels": {1: "a"}}}},
            "spec.resourceOverrides.proxyService.labels[1]: must be a string, is a number",
        ),
    ],
)
def test_a_value_that_no_server_can_have_is_told_in_one_line(fields: Object, want: str) -> None:
    assert server_errors(**fields) == [want]


def token_exchange_errors(**fields: object) -> list[str]:
    spec = {"type": "tokenExchange", "tokenExchange": {**TOKEN_EXCHANGE, **fields}}
    return errors(MCPExternalAuthConfigSpec, spec)


@pytest.mark.parametrize("port", [1, 65535])
def test_the_bounds_are_themselves_good_ports(port: int) -> None:
    assert server_errors(port=port, targetPort=port) == []


def test_a_spec_must_be_an_object() -> None:
    assert errors(MCPServerSpec, []) == ["spec: must be an object, is a list"]


@pytest.mark.parametrize("model", [MCPServerSpec, MCPExternalAuthConfigSpec])
def test_no_spec_is_an_empty_spec(model: type[Model]) -> None:
    assert errors(model, {}) == errors(model, None) != []


@pytest.mark.parametrize(
    "quantity",
    ["", "1", "0", "+1", "500m", "1.5", ".5", "5.", "256Mi", "2Gi", "1E", "1k", "1e3", "1E-3", "100n", "0.5u"],
)
def test_every_quantity_of_kubernetes_is_taken(quantity: str) -> None:
    assert server_errors(resources={"limits": {"cpu": quantity}, "requests": {"memory": quantity}}) == []


@pytest.mark.parametrize(
    "quantity", ["banana", "1ki", "-1", "1 ", " 1", "1e", "1e1.5", "1MB", ".", "1,5", "1\n", "0x10"]
)
def test_text_that_is_no_quantity_is_refused(quantity: str) -> None:
    """The reference's operator panics at these."""
    assert server_errors(resources={"limits": {"cpu": quantity}}) == [
        "spec.resources.limits.cpu: must be a quantity such as '500m', '1.5' or '256Mi'"
    ]


@pytest.mark.parametrize("url", ["http://idp", "https://idp.acme.test:8443/token?a=b"])
def test_http_and_https_urls_are_token_urls(url: str) -> None:
    assert token_exchange_errors(tokenUrl=url) == []


@pytest.mark.parametrize(
    "url", ["", "idp", "ftp://idp", "https://", " https://idp", "https://idp/a b", "https://idp\n"]
)
def test_text_that_is_no_token_url_is_refused(url: str) -> None:
    assert token_exchange_errors(tokenUrl=url) == ["spec.tokenExchange.tokenUrl: must be an http:// or https:// URL"]


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ({"permissionProfile": {"name": "none"}}, []),
        ({"permissionProfile": {"type": "configmap", "name": "p", "key": "k"}}, []),
        (
            {"permissionProfile": {"type": "configmap", "name": "p"}},
            ["spec.permissionProfile: key must be set when type is 'configmap'"],
        ),
        (
            {"permissionProfile": {"type": "configmap", "name": "p", "key": ""}},
            ["spec.permissionProfile: key must be set when type is 'configmap'"],
        ),
        ({"oidcConfig": {}}, []),
        ({"oidcConfig": {"inline": {"issuer": "i"}}}, []),
        ({"oidcConfig": {"type": "inline"}}, ["spec.oidcConfig: inline must be set when type is 'inline'"]),
        (
            {"oidcConfig": {"type": "configMap", "inline": {"issuer": "i"}}},
            ["spec.oidcConfig: configMap must be set when type is 'configMap'"],
        ),
        ({"oidcConfig": {"type": "configMap", "configMap": {"name": "c"}, "inline": {"issuer": "i"}}}, []),
        (
            {"authzConfig": {}},
            ["spec.authzConfig: configMap must be set when type is 'configMap', and must not be set otherwise"],
        ),
        (
            {"authzConfig": {"inline": {"policies": ["p"]}}},
            [
                (
                    "spec.authzConfig: configMap must be set when type is 'configMap', and must not be set otherwise; "
                    "inline must be set when type is 'inline', and must not be set otherwise"
                )
            ],
        ),
        (
            {"authzConfig": {"configMap": {"name": "c"}, "inline": {"policies": ["p"]}}},
            ["spec.authzConfig: inline must be set when type is 'inline', and must not be set otherwise"],
        ),
        ({"authzConfig": {"configMap": {"name": "c"}}}, []),
    ],
)
def test_rules_over_several_fields_of_a_server_are_checked(fields: Object, want: list[str]) -> None:
    assert server_errors(**fields) == want


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        (EXTERNAL_AUTH, []),
        (
            {"type": "tokenExchange"},
            ["spec: tokenExchange configuration must be set if and only if type is 'tokenExchange'"],
        ),
        ({}, ["spec.type: is required"]),
        (
            {**EXTERNAL_AUTH, "type": "unauthenticated"},
            ["spec: tokenExchange configuration must be set if and only if type is 'tokenExchange'"],
        ),
        (
            {"type": "unauthenticated", "headerInjection": {"headerName": "X-Api-Key", "valueSecretRef": SECRET_KEY}},
            ["spec: headerInjection configuration must be set if and only if type is 'headerInjection'"],
        ),
        *(
            ({"type": type_}, [f"spec: {type_} configuration must be set if and only if type is '{type_}'"])
            for type_ in (
                *("headerInjection", "bearerToken", "embeddedAuthServer", "awsSts", "upstreamInject", "obo", "xaa"),
            )
        ),
        (
            {**EXTERNAL_AUTH, "type": "oauth"},
            [
                "spec.type: must be one of 'tokenExchange', 'headerInjection', 'bearerToken', 'unauthenticated', "
                "'embeddedAuthServer', 'awsSts', 'upstreamInject', 'obo', 'xaa', is 'oauth'"
            ],
        ),
        (
            {"type": "tokenExchange", "tokenExchange": {}},
            [
                "spec.tokenExchange.audience: is required",
                "spec.tokenExchange.tokenUrl: is required",
            ],
        ),
    ],
)
def test_each_type_of_external_auth_needs_its_own_block_and_no_other(spec: Object, want: list[str]) -> None:
    assert errors(MCPExternalAuthConfigSpec, spec) == want


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("a" * 50, []),
        (
            "a" * 51,
            [
                (
                    "metadata.name must be at most 50 characters long: "
                    "longer ones leave no room in the names of its Services"
                )
            ],
        ),
        ("a.b", ["metadata.name must not contain dots: its Services are named after it"]),
    ],
)
def test_a_servers_name_is_short_and_has_no_dots(name: str, want: list[str]) -> None:
    assert [rule.message for rule in MCP_SERVER.name_rules if not rule.holds(name)] == want


def test_faults_are_sorted_by_place() -> None:
    """Fields by name and items by number, whatever the order in which they were written or declared."""
    env = [{"value": "x"} if index in (10, 2) else {"name": "n", "value": "x"} for index in range(11)]

    assert errors(MCPServerSpec, {"transport": "x", "env": env, "args": "a"}) == [
        "spec.args: must be a list, is a string",
        "spec.env[2].name: is required",
        "spec.env[10].name: is required",
        "spec.image: is required",
        "spec.transport: must be one of 'stdio', 'streamable-http', 'sse', is 'x'",
    ]


def test_twenty_faults_are_all_told() -> None:
    lines = server_errors(env=[{"name": "n"}] * 20)

    assert lines == [f"spec.env[{index}].value: is required" for index in range(20)]


def test_more_faults_are_counted() -> None:
    lines = server_errors(env=[{"name": "n"}] * 21)

    assert lines == [*(f"spec.env[{index}].value: is required" for index in range(19)), "and 2 more"]


def test_long_values_are_cut() -> None:
    lines = server_errors(proxyMode="x" * 1000)

    assert lines == [f"spec.proxyMode: must be one of 'sse', 'streamable-http', is '{'x' * 59}…'"]


def test_long_keys_are_cut() -> None:
    lines = server_errors(resourceOverrides={"proxyService": {"labels": {"k" * 1000: 1}}})

    assert lines == [
        f"spec.resourceOverrides.proxyService.labels['{'k' * 59}…']: must be a string, is a number",
    ]


def test_long_lines_are_cut() -> None:
    """Each of these characters is written in ten."""
    assert [len(line) for line in server_errors(transport="\U000e0001" * 50)] == [300]


ENUMS = {
    *("transport", "proxyMode", "type", "kind", "provider", "sessionAffinity", "failurePolicy", "httpMethod"),
    *("subjectTokenType", "operator", "effect", "whenUnsatisfiable", "nodeAffinityPolicy", "nodeTaintsPolicy"),
}
NO_ENUMS = [place for place in PLACES if place[2][-1] not in ENUMS]


@pytest.mark.parametrize(("model", "document", "path"), NO_ENUMS, ids=[written(path) for _, _, path in NO_ENUMS])
@pytest.mark.parametrize("wrong", [["hunter2"], {"hunter": "hunter2"}, "hunter2"], ids=["list", "object", "string"])
def test_no_fault_shows_a_string(model: type[Model], document: Object, path: Path, wrong: object) -> None:
    """A string in the wrong place may be a secret; only enumerations show what they were given."""
    lines = errors(model, changed(document, path, put(wrong)))

    assert [line for line in lines if "hunter2" in line] == []


KEYS = st.sampled_from([*SERVER, *EXTERNAL_AUTH, *TOOLS, "name", "key", "inline"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
)


@given(JSON)
def test_any_json_gives_a_spec_or_lines_for_users(data: object) -> None:
    """Never another exception, never an empty or overlong list of lines."""
    for model, _ in EVERYTHING:
        try:
            model.parse(data)
        except ValidationError as error:
            lines = spec_errors(error, model)
            assert 1 <= len(lines) <= 20
            assert max(len(line) for line in lines) <= 300
            assert [line for line in lines if line.endswith("is not valid")] == []
