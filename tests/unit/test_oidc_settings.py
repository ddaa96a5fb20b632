"""Settings of the callers' issuer with which the proxy would not start, or would refuse everyone."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.kubernetes.objects import Object
from tests.world import condition, config_map, run_config, server, sync

ISSUER = "https://idp.acme.test"
KEYS = "https://idp.acme.test/keys"
HTTP = {
    "resourceOverrides": {"proxyDeployment": {"env": [{"name": "INSECURE_DISABLE_URL_VALIDATION", "value": "TRUE"}]}}
}
"""The runner's own switch, in the proxy's environment."""
LEFT = "still has a placeholder in it: put the value in its place"
CONTROL = "must not have line breaks or control characters"


def answer_to(form: str, settings: dict[str, Any], **spec: Any) -> tuple[Object, str]:
    """The answer to a server with these OIDC settings, and where messages say that they stand."""
    if form == "configMap":
        oidc = {"type": form, "configMap": {"name": "oidc"}}
        answer = sync(server(oidcConfig=oidc, **spec), related=[config_map("oidc", **settings)])
        return answer, "ConfigMap 'oidc' (spec.oidcConfig.configMap): "
    return sync(server(oidcConfig={"type": form, form: settings}, **spec)), f"spec.oidcConfig.{form}."


@pytest.mark.parametrize("form", ["inline", "configMap", "kubernetes"])
@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"issuer": "idp.example.com/realms/a "}, "issuer must be an https:// URL without blanks"),
        ({"issuer": "https://idp.acme.test\n"}, f"issuer {CONTROL}"),
        ({"issuer": "idp.acme.test"}, "issuer must be an https:// URL"),
        ({"issuer": "http://idp.acme.test"}, "issuer must be an https:// URL"),
        ({"issuer": "http://localhost:8080"}, "issuer must be an https:// URL"),
        ({"issuer": "https://${IDP_HOST}"}, f"issuer {LEFT}"),
        ({"issuer": "https://idp:99999"}, "issuer has a port that is not from 1 to 65535"),
        ({"issuer": "https://idp.acme.test?a=b"}, "issuer must be a URL without user, query and fragment"),
        ({"issuer": "https://idp.acme.test/#a"}, "issuer must be a URL without user, query and fragment"),
        ({"issuer": "https://me@idp.acme.test"}, "issuer must be a URL without user, query and fragment"),
        (
            {"issuer": "https://idp.acme.test/.well-known/openid-configuration"},
            "issuer must be the issuer itself, without /.well-known/ and what follows",
        ),
        (
            {"issuer": "https://idp.acme.test/.well-known/openid-configuration", "jwksUrl": KEYS},
            "issuer must be the issuer itself, without /.well-known/ and what follows",
        ),
        ({"issuer": " \n", "jwksUrl": KEYS}, "issuer must not be blank"),
        ({"issuer": "a\nb", "jwksUrl": KEYS}, f"issuer {CONTROL}"),
        ({"issuer": "<ISSUER>", "jwksUrl": KEYS}, f"issuer {LEFT}"),
        ({"issuer": ISSUER, "jwksUrl": "idp.acme.test/keys"}, "jwksUrl must be an https:// URL"),
        ({"issuer": ISSUER, "jwksUrl": "http://idp.acme.test/keys"}, "jwksUrl must be an https:// URL"),
        ({"issuer": ISSUER, "jwksUrl": f"{KEYS} "}, "jwksUrl must be an https:// URL without blanks"),
        (
            {"issuer": ISSUER, "jwksUrl": f"{ISSUER}/.well-known/openid-configuration"},
            "jwksUrl must be the URL of the keys: that of the issuer's settings has it as jwks_uri",
        ),
        (
            {"issuer": ISSUER, "jwksUrl": f"{ISSUER}/realms/a/.well-known/oauth-authorization-server/"},
            "jwksUrl must be the URL of the keys: that of the issuer's settings has it as jwks_uri",
        ),
        (
            {"issuer": ISSUER, "introspectionUrl": "/introspect"},
            "introspectionUrl must be an https:// or http:// URL",
        ),
        ({"issuer": ISSUER, "audience": "a\n"}, f"audience {CONTROL}"),
        ({"issuer": ISSUER, "audience": "https://{{ host }}"}, f"audience {LEFT}"),
    ],
)
def test_a_setting_that_cannot_work_is_named(form: str, settings: Object, fault: str) -> None:
    answer, where = answer_to(form, settings)

    assert condition(answer, "OIDCConfigRefValidated") == ("False", "OIDCConfigInvalid", f"{where}{fault}")
    assert condition(answer, "Ready") == ("False", "OIDCConfigInvalid", f"{where}{fault}")
    assert answer["status"]["phase"] == "Failed"


@pytest.mark.parametrize("form", ["inline", "configMap"])
@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        (
            {"introspectionUrl": "http://idp.acme.test/introspect", "clientId": "c"},
            "introspectionUrl must be an https:// URL",
        ),
        (
            {"introspectionUrl": "http://idp.acme.test/introspect", "clientSecret": "s3cr3t-x"},
            "introspectionUrl must be an https:// URL",
        ),
        (
            {"introspectionUrl": "https://oauth2.googleapis.com/tokeninfo"},
            "audience must be set: with Google's tokeninfo as introspectionUrl the proxy doesn't start without it",
        ),
        ({"clientId": "<CLIENT_ID>"}, f"clientId {LEFT}"),
        ({"clientId": "c\n"}, f"clientId {CONTROL}"),
        ({"clientSecret": "s3cr3t-x\n"}, f"clientSecret {CONTROL}"),
        ({"clientSecret": "  "}, "clientSecret must not be blank"),
        ({"thvCABundlePath": "/etc/ca.crt\n"}, f"thvCABundlePath {CONTROL}"),
        ({"jwksAuthTokenPath": "/var/${TOKEN}"}, f"jwksAuthTokenPath {LEFT}"),
    ],
)
def test_a_setting_of_a_client_that_cannot_work_is_named(form: str, settings: Object, fault: str) -> None:
    answer, where = answer_to(form, {"issuer": ISSUER, **settings})

    assert condition(answer, "OIDCConfigRefValidated") == ("False", "OIDCConfigInvalid", f"{where}{fault}")


@pytest.mark.parametrize(
    ("settings", "spec"),
    [
        ({"issuer": ISSUER}, {}),
        ({"issuer": "https://idp.acme.test/realms/a/"}, {}),
        ({"issuer": "HTTPS://idp.acme.test:8443"}, {}),
        ({"issuer": "https://[2001:db8::1]:8443/a"}, {}),
        ({"issuer": "http://idp.acme.test", "jwksUrl": KEYS}, {}),
        ({"issuer": "", "jwksUrl": KEYS}, {}),
        ({"issuer": f" {ISSUER}\n", "jwksUrl": KEYS}, {}),
        ({"issuer": "http://idp.acme.test"}, HTTP),
        ({"issuer": "http://idp.acme.test", "jwksUrl": "http://idp.acme.test/keys"}, HTTP),
        ({"issuer": ISSUER, "introspectionUrl": "http://idp.acme.test/introspect"}, {}),
        ({"issuer": ISSUER, "introspectionUrl": "http://idp.acme.test/introspect", "clientId": "c"}, HTTP),
        ({"issuer": ISSUER, "introspectionUrl": "https://oauth2.googleapis.com/tokeninfo", "audience": "a"}, {}),
        ({"issuer": ISSUER, "clientId": "a b", "clientSecret": "${}<x>{{y}}"}, {}),
    ],
)
@pytest.mark.parametrize("form", ["inline", "configMap"])
def test_a_setting_that_works_with_the_runner_is_taken_as_it_is(form: str, settings: Object, spec: Object) -> None:
    answer, _ = answer_to(form, settings, **spec)

    assert answer["status"]["phase"] == "Pending"
    config = run_config(answer)["oidc_config"]
    found = (config["Issuer"], config["JWKSURL"], config["IntrospectionURL"])
    assert found == tuple(settings.get(key, "") for key in ("issuer", "jwksUrl", "introspectionUrl"))


def test_an_issuer_that_is_no_url_is_noted_where_keys_are_given() -> None:
    settings = {"issuer": "accounts.google.com", "jwksUrl": "https://www.googleapis.com/oauth2/v3/certs"}

    note = "issuer is no URL, so callers can't find the issuer by it"
    answer, where = answer_to("inline", settings)
    assert condition(answer, "OIDCConfigRefValidated") == (
        "True",
        "Valid",
        f"spec.oidcConfig.inline is used; {where}{note}",
    )
    answer, where = answer_to("configMap", settings)
    assert condition(answer, "OIDCConfigRefValidated") == ("True", "Valid", f"ConfigMap 'oidc' is used; {where}{note}")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mcp.acme.test", "must be an https:// or http:// URL"),
        ("https://mcp.acme.test /mcp", "must be an https:// or http:// URL without blanks"),
        ("https://${HOST}/mcp", LEFT),
    ],
)
def test_a_resource_that_callers_cannot_use_is_named(url: str, fault: str) -> None:
    oidc = {"type": "inline", "inline": {"issuer": "idp"}, "resourceUrl": url}

    assert condition(sync(server(oidcConfig=oidc)), "OIDCConfigRefValidated") == (
        "False",
        "OIDCConfigInvalid",
        f"spec.oidcConfig.inline.issuer must be an https:// URL; spec.oidcConfig.resourceUrl {fault}",
    )


@pytest.mark.parametrize(
    ("text", "allowed"), [("true", True), ("false", False), ("", False), ("False", False), ("FALSE", False)]
)
def test_private_addresses_are_reached_only_where_a_configmap_says_true(text: str, allowed: bool) -> None:
    answer, _ = answer_to("configMap", {"issuer": ISSUER, "jwksAllowPrivateIP": text})

    assert run_config(answer)["oidc_config"]["AllowPrivateIP"] is allowed


@pytest.mark.parametrize("text", ["True", "yes", "1", "true\n", "0"])
def test_a_boolean_of_a_configmap_that_is_neither_true_nor_false_is_named(text: str) -> None:
    answer, where = answer_to("configMap", {"issuer": ISSUER, "jwksAllowPrivateIP": text})

    fault = f"{where}jwksAllowPrivateIP must be 'true' or 'false'"
    assert condition(answer, "OIDCConfigRefValidated") == ("False", "OIDCConfigInvalid", fault)


def test_settings_without_a_fault_or_note_have_no_condition() -> None:
    assert condition(sync(server(oidcConfig={})), "OIDCConfigRefValidated") is None
    assert condition(answer_to("inline", {"issuer": ISSUER})[0], "OIDCConfigRefValidated") is None
