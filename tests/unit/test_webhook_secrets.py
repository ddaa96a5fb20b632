"""Webhooks in the RunConfig, and the files of their Secrets, under the names that release 0.44.0 gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hooks.proxy.backing_services import Webhooks
from hooks.proxy.runconfig.webhooks import webhook_configs
from hooks.proxy.webhook_secrets import fnv_1a, secret_files
from tests.proxies import WEBHOOK, key

SIGNED = replace(WEBHOOK, hmac=key("whs", "hmac-key"))
WITH_TLS = replace(
    WEBHOOK,
    has_tls=True,
    ca=key("tls", "ca"),
    client_cert=key("tls", "cert"),
    client_key=key("tls", "key"),
    insecure_skip_verify=True,
    timeout_nanoseconds=5_000_000_000,
    failure_policy="ignore",
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", "811c9dc5"),
        ("(string)whs/hmac-key", "d611e01"),  # both from ToolHive's own program
        ("(string)WEBHOOK_VALIDATING_POLICY_CHECK_HMAC_D611E01", "98ee62b7"),
        ("(string)wh-s/hmac", "a4539f24"),
        ("(string)wh-s/ca", "40000ad3"),
    ],
)
def test_the_hash_is_fnv_1a_without_leading_zeros(text: str, number: str) -> None:
    assert fnv_1a(text) == number


def test_a_signed_webhook_has_its_key_as_a_file() -> None:
    [file] = secret_files(Webhooks([SIGNED], []))

    folder = "/etc/toolhive/webhooks/webhook_validating_policy_check_hmac_d611e01"
    assert (file.identifier, file.path, file.volume) == (
        "WEBHOOK_VALIDATING_POLICY_CHECK_HMAC_D611E01",
        f"{folder}/hmac",
        "whsec-98ee62b7",
    )
    assert webhook_configs("validating", Webhooks([SIGNED], [])) == [
        {
            "name": "policy-check",
            "url": "https://hooks.acme.test/check",
            "timeout": 0,
            "failure_policy": "fail",
            "hmac_secret_ref": f"{folder}/hmac",
        }
    ]


def test_a_webhook_over_mutual_tls_has_its_certificates_as_files() -> None:
    webhooks = Webhooks([], [WITH_TLS])
    paths = {file.file: file.path for file in secret_files(webhooks)}

    assert webhook_configs("validating", webhooks) == []
    assert webhook_configs("mutating", webhooks) == [
        {
            "name": "policy-check",
            "url": "https://hooks.acme.test/check",
            "timeout": 5_000_000_000,
            "failure_policy": "ignore",
            "tls_config": {
                "ca_bundle_path": paths["ca.crt"],
                "client_cert_path": paths["tls.crt"],
                "client_key_path": paths["tls.key"],
                "insecure_skip_verify": True,
            },
        }
    ]


@pytest.mark.parametrize("lacking", ["client_cert", "client_key"])
def test_a_lone_certificate_or_key_is_mounted_and_not_used(lacking: str) -> None:
    webhooks = Webhooks([replace(WITH_TLS, ca=None, insecure_skip_verify=False, **{lacking: None})], [])

    assert len(secret_files(webhooks)) == 1
    assert webhook_configs("validating", webhooks)[0]["tls_config"] == {}


def test_one_file_for_each_use_sorted_by_its_identifier() -> None:
    files = secret_files(Webhooks([SIGNED, SIGNED, WITH_TLS], [SIGNED]))

    identifiers = [file.identifier for file in files]
    assert identifiers == sorted(set(identifiers))
    assert len(files) == 5
