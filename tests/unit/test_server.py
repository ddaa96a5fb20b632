"""The webhooks over HTTP: which code an answer has, and what its body may say."""

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from hooks.controllers import CONTROLLERS
from hooks.metacontroller.controller import HOOKS
from hooks.server.app import HookSettings, create_app, create_metrics
from hooks.server.metrics import Metrics
from hooks.server.probes import create_probes
from tests.served import series
from tests.world import CONFIG, server, sync_request, written

BYTES = 'toolhive_hooks_body_bytes_sum{direction="%s",hook="sync",kind="mcpserver"}'


@pytest.fixture
def metrics() -> Metrics:
    return create_metrics()


@pytest.fixture
def client(metrics: Metrics) -> FlaskClient:
    return create_app(HookSettings(CONFIG), metrics).test_client()


def counted(metrics: Metrics) -> dict[str, float]:
    """Each series of /metrics and its value."""
    exported = create_probes(metrics).test_client().get("/metrics")
    assert exported.content_type.startswith("text/plain; version=")
    return series(exported.text)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, Any]]]:
    """Level and fields of each line that was logged, without how long the call took."""
    lines = [(record.levelname, dict(getattr(record, "fields", {}))) for record in caplog.records]
    assert all(fields.pop("milliseconds") >= 0 for _, fields in lines)
    return lines


def test_there_is_a_route_for_every_hook_of_every_kind(metrics: Metrics) -> None:
    routes = {str(rule) for rule in create_app(HookSettings(CONFIG), metrics).url_map.iter_rules()}

    assert routes == {f"/{controller.slug}/{hook}" for controller in CONTROLLERS for hook in HOOKS}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_answered(metrics: Metrics, path: str) -> None:
    response = create_probes(metrics).test_client().get(path)

    assert (response.status_code, response.text) == (200, "ok\n")


def test_an_answer_is_json(client: FlaskClient) -> None:
    response = client.post("/mcpserver/sync?rules=1", json=sync_request(server()))

    assert (response.status_code, response.content_type) == (200, "application/json")
    assert set(response.json or {}) == {"status", "children", "resyncAfterSeconds"}


@pytest.mark.parametrize(
    ("path", "body", "code", "text"),
    [
        ("/mcpserver/sync", b'{"parent": {', 400, "the body is not JSON\n"),
        ("/mcpserver/customize", b"", 400, "the body is not JSON\n"),
        ("/mcpserver/sync", b"\0" * 5_000_000, 400, "the body is not JSON\n"),
        ("/mcpserver/sync", b"{" * 5_000_000, 400, "the body is not JSON\n"),
        ("/pod/sync", b"{}", 404, "404 Not Found\n"),
        ("/mcpserver/delete", b"{}", 404, "404 Not Found\n"),
    ],
)
def test_a_call_that_cannot_be_read_is_refused(
    client: FlaskClient, path: str, body: bytes, code: int, text: str
) -> None:
    response = client.post(path, data=body)

    assert (response.status_code, response.text) == (code, text)


def test_a_parent_of_another_kind_is_refused(client: FlaskClient) -> None:
    response = client.post("/mcptoolconfig/sync", json=sync_request(server()))

    assert response.status_code == 400
    versions = "toolhive.stacklok.dev/v1beta1 or toolhive.stacklok.dev/v1alpha1"
    assert response.text == f"the parent is not a MCPToolConfig of {versions}\n"


def test_a_body_over_the_bound_is_refused() -> None:
    client = create_app(HookSettings(CONFIG, max_body_bytes=1000), create_metrics()).test_client()

    response = client.post("/mcpserver/sync", data=b" " * 1001)

    assert (response.status_code, response.text) == (413, "the body is larger than TOOLHIVE_HOOKS_MAX_BODY_BYTES\n")


def test_get_is_no_hook_call(client: FlaskClient) -> None:
    assert client.get("/mcpserver/sync").status_code == 405


def test_stale_rules_are_an_error_and_lose_no_child(client: FlaskClient) -> None:
    request = sync_request(server())
    request["related"] = {}

    response = client.post("/mcpserver/sync", json=request)

    assert response.status_code == 500
    assert response.text == "no related pods in the request: the customize rules in force are stale\n"


def test_a_bug_is_a_500_without_object_contents(
    client: FlaskClient, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "s3cr3t"

    def broken(*_args: Any) -> None:
        raise ValueError(canary)

    body = written(sync_request(server()))
    monkeypatch.setattr("hooks.webhook.write", broken)
    with caplog.at_level(logging.DEBUG):
        response = client.post("/mcpserver/sync", data=body)

    assert response.status_code == 500
    assert response.text == "mcpserver sync failed, a bug: its traceback is in the log of toolhive-hooks\n"
    [(level, fields)] = told(caplog)
    traceback = fields.pop("traceback")
    assert (level, fields["error"], fields["outcome"], fields["name"]) == ("ERROR", "ValueError", "panic", "demo")
    assert "raise ValueError" in traceback
    assert canary not in traceback
    assert counted(metrics)[BYTES % "request"] == len(body)


def test_each_call_is_one_line_of_the_log(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    request = sync_request(server())
    with caplog.at_level(logging.INFO):
        children = len((client.post("/mcpserver/sync", json=request).json or {})["children"])
        client.post("/mcpserver/customize", json=request)
        client.post("/mcpserver/sync", json=request | {"related": {}})
        client.post("/mcpserver/sync", data=b"{")

    call = {"kind": "mcpserver", "hook": "sync", "namespace": "team-a", "name": "demo", "generation": 1}
    stale = "no related pods in the request: the customize rules in force are stale"
    assert told(caplog) == [
        ("INFO", call | {"children": children, "outcome": "ok", "code": 200}),
        ("INFO", call | {"hook": "customize", "outcome": "ok", "code": 200}),
        ("ERROR", call | {"outcome": "broken_rule", "code": 500, "error": stale}),
        (
            "WARNING",
            {
                "kind": "mcpserver",
                "hook": "sync",
                "outcome": "malformed",
                "code": 400,
                "error": "the body is not JSON",
            },
        ),
    ]


def test_a_call_without_the_token_is_refused_before_its_body_is_read(metrics: Metrics) -> None:
    ours = HookSettings(CONFIG, max_body_bytes=1, admits=lambda header: header == "Bearer right")
    client = create_app(ours, metrics).test_client()

    wrong = client.post("/mcpserver/sync", data=b"more than a byte", headers={"Authorization": "Bearer wrong"})
    right = client.post("/mcpserver/sync", data=b"more than a byte", headers={"Authorization": "Bearer right"})

    refusal = "the bearer token of the call is missing or not the one that toolhive-hooks has\n"
    assert (wrong.status_code, wrong.text, wrong.headers["WWW-Authenticate"]) == (401, refusal, "Bearer")
    assert right.status_code == 413
    assert client.post("/mcpserver/sync").status_code == 401


def test_calls_are_counted_by_how_they_end(client: FlaskClient, metrics: Metrics) -> None:
    body = written(sync_request(server()))
    answer = client.post("/mcpserver/sync", data=body).data
    client.post("/mcpserver/sync", data=b"{")
    client.post("/mcptoolconfig/finalize", data=body)

    values = counted(metrics)
    ended = {name: value for name, value in values.items() if "_total{" in name and value}
    assert ended == {
        'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="ok"}': 1,
        'toolhive_hooks_requests_total{hook="sync",kind="mcpserver",outcome="malformed"}': 1,
        'toolhive_hooks_requests_total{hook="finalize",kind="mcptoolconfig",outcome="malformed"}': 1,
    }
    assert values[BYTES % "request"] == len(body) + len("{")
    assert values[BYTES % "response"] == len(answer) + len("the body is not JSON")
    assert values['toolhive_hooks_request_duration_seconds_count{hook="sync",kind="mcpserver"}'] == 2
    assert values["toolhive_hooks_requests_in_flight"] == 0
