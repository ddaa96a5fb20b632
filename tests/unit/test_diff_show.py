"""What `diff` never shows: what a RunConfig has in clear. That it changed is shown."""

from __future__ import annotations

import json

import pytest

from hooks.diff.show import unified
from hooks.kubernetes.objects import Object
from tests.leaks import leaked

SECRETS = ['canary-1 "\\\u0007{}', "canary-2", "Bearer canary-3, }{", "canary-4\u00e9"]
FORMS = [{"indent": 2}, {"indent": None}, {"separators": (",", ":")}, {"indent": "\t", "separators": (" ,", " :  ")}]


def run_config(form: dict[str, object], secret: str, header: str, **more: object) -> Object:
    telemetry = {"endpoint": "otel:4318", "headers": {"Authorization": header, "x-team": "canary-team"}, **more}
    config = {
        "name": "demo",
        "oidc_config": {"ClientID": "c", "ClientSecret": secret, "CACertPath": ""},
        "telemetry_config": telemetry,
        "middleware_configs": [{"type": "telemetry", "parameters": {"config": telemetry}}],
    }
    text = json.dumps(config, **form)  # type: ignore[arg-type]
    metadata = {"name": "demo-runconfig", "namespace": "ns"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"runconfig.json": text}}


@pytest.mark.parametrize("form", FORMS)
def test_values_in_clear_are_masked_in_every_form_of_json(form: dict[str, object]) -> None:
    old = run_config(form, SECRETS[0], SECRETS[2])
    [text] = unified("x", old, run_config(form, SECRETS[1], SECRETS[3], insecure=True))
    [whole] = unified("x", old, None)

    values = [value.encode() for value in (*SECRETS, "canary-team")]
    assert leaked([*values, b"canary"], text + whole) == []
    assert (text.count("*** (before)"), text.count("*** (after)")) == (3, 3)
    assert "insecure" in text
    assert "otel:4318" in whole
    assert "x-team" in whole


def test_only_what_changed_is_marked() -> None:
    [text] = unified("x", run_config(FORMS[0], "same", "Bearer 1"), run_config(FORMS[0], "same", "Bearer 2"))

    changes = [line.strip() for line in text.splitlines()[2:] if line[0] in "+-"]
    assert [" ".join(line.split()) for line in changes] == [
        '- "Authorization": "*** (before)",',
        '+ "Authorization": "*** (after)",',
    ] * 2


def test_where_only_the_form_differs_nothing_is_marked_as_changed() -> None:
    [text] = unified("x", run_config(FORMS[0], "same", "Bearer 1"), run_config(FORMS[2], "same", "Bearer 1"))

    assert "***" in text
    assert "(before)" not in text


def test_empty_values_are_shown_as_empty() -> None:
    [text] = unified("x", run_config(FORMS[0], "", ""), None)

    assert '"ClientSecret": "",' in text
    assert '"Authorization": "",' in text


def test_a_large_text_of_spaces_is_no_work() -> None:
    config = run_config(FORMS[0], "", "")
    config["data"]["runconfig.json"] = '"headers": {' + " " * 20_000 + '"a"'

    assert unified("x", config, config) == []
