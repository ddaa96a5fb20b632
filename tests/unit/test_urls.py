"""URLs as Go's HTTP client takes them; each case was tried with Go 1.26's net/url and net/http."""

from __future__ import annotations

import pytest

from hooks.api.texts import has_placeholder
from hooks.api.urls import url_fault

NO_HOST = "has a host that is neither a DNS name nor an IP address"
NO_PORT = "has a port that is not from 1 to 65535"
NO_ESCAPE = "has a '%' that two hexadecimal digits don't follow"
LEFT = "still has a placeholder in it: put the value in its place"
CONTROL = "must not have line breaks or control characters"


@pytest.mark.parametrize(
    "url",
    [
        "https://idp",
        "https://idp.example.com/realms/a/",
        "https://idp.example.com./",
        "HTTPS://idp.example.com",
        "https://idp.example.com:8443/a?b=c&d=%zz#e",
        "https://idp:/",
        "https://idp:00443/",
        "https://10.0.0.1:6443",
        "https://[::1]:8443/a",
        "https://[2001:db8::1]",
        "https://[fe80::1%25eth0]/",
        "https://bücher.example/",
        "https://xn--bcher-kva.example/",
        "https://my_idp.svc.cluster.local/a/%41/$(x);y=z",
        "https://user:p%40ss@idp/",
        f"https://{'a' * 63}.{'b' * 63}.example",
    ],
)
def test_a_url_that_go_calls_has_no_fault(url: str) -> None:
    assert url_fault(url, "https") == ""


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "must be an https:// URL"),
        ("idp.example.com/realms/a", "must be an https:// URL"),
        ("idp:8080/x", "must be an https:// URL"),
        ("//idp/x", "must be an https:// URL"),
        ("https:idp", "must be an https:// URL"),
        ("https:/idp", "must be an https:// URL"),
        ("http://idp", "must be an https:// URL"),
        ("ftp://idp", "must be an https:// URL"),
        ("https://[::1]x/", "must be an https:// URL"),
        ("https://idp.example.com/realms/a ", "must be an https:// URL without blanks"),
        (" https://idp", "must be an https:// URL without blanks"),
        ("https://idp\N{NO-BREAK SPACE}/", "must be an https:// URL without blanks"),
        ("https://idp\n", CONTROL),
        ("https://idp\t/", CONTROL),
        ("https://idp/\x00", CONTROL),
        ("https:///x", "has no host"),
        ("https://:443/x", "has no host"),
        ("https://a..b/", NO_HOST),
        ("https://.a/", NO_HOST),
        ("https://-a/", NO_HOST),
        ("https://a-/", NO_HOST),
        ("https://a,b/", NO_HOST),
        ("https://$IDP/", NO_HOST),
        ("https://%41.de/", NO_HOST),
        ("https://1234/", NO_HOST),
        ("https://256.1.1.1/", NO_HOST),
        ("https://010.0.0.1/", NO_HOST),
        ("https://[::g]/", NO_HOST),
        ("https://[]/", NO_HOST),
        (f"https://{'a' * 64}.de/", NO_HOST),
        (f"https://{'a.' * 127}de/", NO_HOST),
        ("https://idp:0/", NO_PORT),
        ("https://idp:65536/", NO_PORT),
        ("https://idp:99999999999999999999/", NO_PORT),
        ("https://idp:8a/", NO_PORT),
        ("https://idp:80:90/", NO_PORT),
        ("https://idp/%zz", NO_ESCAPE),
        ("https://idp/100%", NO_ESCAPE),
        ("https://u:%zz@idp/", NO_ESCAPE),
        ("https://idp/{tenant}/", "must not have any of < > { }"),
        ("https://${IDP_HOST}/", LEFT),
        ("https://idp/${REALM}", LEFT),
        ("https://<IDP>/", LEFT),
        ("https://idp/<your tenant>", LEFT),
        ("https://{{ .Values.idp }}/", LEFT),
    ],
)
def test_a_url_that_go_does_not_call_has_a_fault(url: str, fault: str) -> None:
    assert url_fault(url, "https") == fault


def test_a_url_has_one_of_the_permitted_schemes() -> None:
    assert url_fault("http://idp", "https", "http") == ""
    assert url_fault("ftp://idp", "https", "http") == "must be an https:// or http:// URL"


@pytest.mark.parametrize("text", ["${A}", "a-${B_1}-c", "${}", "<A>", "<your client id>", "{{a}}", "{{ .Values.a }}"])
def test_a_placeholder_is_found(text: str) -> None:
    assert has_placeholder(text)


@pytest.mark.parametrize(
    "text", ["", "$A", "$(A)", "{a}", "a < b", "a > b", "<", "<1>", "%A%", "$", "{ {a} }", "->x<-"]
)
def test_other_brackets_and_dollars_are_no_placeholder(text: str) -> None:
    assert not has_placeholder(text)
