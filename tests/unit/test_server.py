"""The webhooks over HTTP: which code an answer has, and what its body may say."""

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient

from hooks.controllers import CONTROLLERS
from hooks.controllers.controller import HOOKS
from hooks.server.app import create_app
from tests.world import CONFIG, server, sync_request


@pytest.fixture
def client() -> FlaskClient:
    return create_app(CONFIG).test_client()


def test_there_is_a_route_for_every_hook_of_every_kind() -> None:
    routes = {str(rule) for rule in create_app(CONFIG).url_map.iter_rules()}

    assert routes == {
        *(f"/{controller.path}/{hook}" for controller in CONTROLLERS for hook in HOOKS),
        "/healthz",
        "/readyz",
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer(client: FlaskClient, path: str) -> None:
    response = client.get(path)

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
def test_what_cannot_be_read_is_refused(client: FlaskClient, path: str, body: bytes, code: int, text: str) -> None:
    response = client.post(path, data=body)

    assert (response.status_code, response.text) == (code, text)


def test_a_parent_of_another_kind_is_refused(client: FlaskClient) -> None:
    response = client.post("/mcptoolconfig/sync", json=sync_request(server()))

    assert response.status_code == 400
    assert response.text == "the parent is not a MCPToolConfig of toolhive.stacklok.dev/v1alpha1\n"


def test_a_body_over_the_bound_is_refused() -> None:
    client = create_app(CONFIG, max_body_bytes=1000).test_client()

    response = client.post("/mcpserver/sync", data=b" " * 1001)

    assert (response.status_code, response.text) == (413, "413 Request Entity Too Large\n")


def test_get_is_no_hook_call(client: FlaskClient) -> None:
    assert client.get("/mcpserver/sync").status_code == 405


def test_stale_rules_are_an_error_and_lose_no_child(client: FlaskClient) -> None:
    request = sync_request(server())
    request["related"] = {}

    response = client.post("/mcpserver/sync", json=request)

    assert response.status_code == 500
    assert response.text == "no related pods in the request: the customize rules in force are stale\n"


def test_a_bug_is_a_500_without_object_contents(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "s3cr3t"

    def broken(*_args: Any) -> None:
        raise ValueError(canary)

    request = sync_request(server())
    monkeypatch.setattr("hooks.wire.write", broken)
    with caplog.at_level(logging.DEBUG):
        response = client.post("/mcpserver/sync", json=request)

    assert response.status_code == 500
    assert response.text == "mcpserver sync failed, a bug: its traceback is in the log of toolhive-hooks\n"
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert canary not in caplog.text
    assert "raise ValueError" in caplog.text
