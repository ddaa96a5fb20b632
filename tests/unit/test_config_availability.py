"""All Secrets and ConfigMaps that a config names: looked up, judged by their use, and one digest for them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import UnionType
from typing import Any, get_args, get_origin

import pytest

from hooks.api.kinds import MCP_EXTERNAL_AUTH_CONFIG, MCP_WEBHOOK_CONFIG, RESOURCES
from hooks.api.meta import ConfigMapKeyRef, Model, SecretKeyRef
from hooks.controllers.configs.secret_values import CREDENTIAL, USES, use_of
from hooks.kubernetes.objects import Object
from tests.world import (
    CONFIG,
    condition,
    customize,
    oidc_config,
    parent,
    secret,
    sync,
    webhook_config,
    with_metadata,
)

KEYED = replace(CONFIG, digest_key=b"installation key")


def auth_server(**settings: Any) -> Object:
    oidc = {
        "issuerUrl": "https://idp.acme.test",
        "clientId": "c",
        "clientSecretRef": {"name": "up", "key": "secret"},
    }
    given = {
        "issuer": "https://auth.acme.test",
        "upstreamProviders": [{"name": "corp", "type": "oidc", "oidcConfig": oidc}],
        "signingKeySecretRefs": [{"name": "keys", "key": "new"}, {"name": "keys", "key": "old"}],
        "hmacSecretRefs": [{"name": "keys", "key": "hmac"}],
        **settings,
    }
    return parent(MCP_EXTERNAL_AUTH_CONFIG, "as", {"type": "embeddedAuthServer", "embeddedAuthServer": given})


PEM = b"-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n"
GOOD = [secret("up", secret=b"s3cr3t"), secret("keys", new=PEM, old=PEM, hmac=bytes(range(32)))]


def test_every_secret_of_a_config_is_asked_for_by_name() -> None:
    rules = customize(auth_server())["relatedResources"]

    assert [rule["names"] for rule in rules if rule["resource"] == "secrets"] == [["keys", "up"]]


def test_nothing_is_asked_for_that_the_spec_does_not_name() -> None:
    assert {rule["resource"] for rule in customize(oidc_config())["relatedResources"]} == {"serviceaccounts"}


def test_every_value_that_is_missing_is_named_at_once() -> None:
    answer = sync(auth_server(), related=[secret("up"), secret("keys", old=PEM, hmac=b" ")])

    where = "of namespace 'team-a'"
    assert condition(answer, "SecretAvailable") == (
        "False",
        "SecretKeyEmpty",
        f"Secret 'keys' {where} has nothing but blanks at key 'hmac': put the HMAC key there; "
        f"Secret 'keys' {where} has no key 'new': "
        "add it, or correct spec.embeddedAuthServer.signingKeySecretRefs[0].key; "
        f"Secret 'up' {where} has no key 'secret': "
        "add it, or correct spec.embeddedAuthServer.upstreamProviders[0].oidcConfig.clientSecretRef.key",
    )


def test_a_message_that_names_many_has_room_for_their_number() -> None:
    webhooks = [{"name": "a", "url": "https://a", "hmacSecretRef": {"name": f"s{at}", "key": "k"}} for at in range(50)]
    config = parent(MCP_WEBHOOK_CONFIG, "gate", {"validating": webhooks})

    named = [
        f"Secret 's{at}' of namespace 'team-a' not found: create it, or correct "
        f"spec.validating[{at}].hmacSecretRef.name"
        for at in (0, *range(10, 16))
    ]
    message = f"{'; '.join(named)}; and 43 more"
    assert condition(sync(config), "SecretAvailable") == ("False", "SecretNotFound", message)
    assert len(message) < 1000


def test_files_may_be_of_any_bytes_and_end_in_a_line_break() -> None:
    answer = sync(auth_server(), related=GOOD)

    assert condition(answer, "SecretAvailable") == (
        "True",
        "SecretAvailable",
        f"All 4 keys that the spec names in Secrets and ConfigMaps are there; digest {digest(answer)}",
    )
    assert answer["status"]["credentialDigest"] == digest(answer)


def test_a_file_with_which_the_proxy_would_not_start_is_said() -> None:
    answer = sync(auth_server(), related=[GOOD[0], secret("keys", new=PEM, old=b"x", hmac=b"short")])

    starts = "with which the proxy doesn't start"
    notes = (
        "All 4 keys that the spec names in Secrets and ConfigMaps are there; "
        f"the value at key 'hmac' of Secret 'keys' has fewer than 32 bytes, {starts}; "
        f"the value at key 'old' of Secret 'keys' has no PEM block PRIVATE KEY (RFC 7468), {starts}"
    )
    assert condition(answer, "SecretAvailable") == ("True", "SecretAvailable", f"{notes}; digest {digest(answer)}")


def test_the_one_digest_changes_with_each_value_and_with_nothing_else() -> None:
    def of(*secrets: Object) -> str:
        return digest(sync(auth_server(), related=secrets, config=KEYED))

    up, keys = GOOD
    changed = [
        of(up, keys),
        of(secret("up", secret=b"another"), keys),
        of(up, secret("keys", new=PEM + b"\n", old=PEM, hmac=bytes(range(32)))),
        of(up, secret("keys", new=PEM, old=PEM, hmac=bytes(range(33)))),
    ]

    assert len(set(changed)) == len(changed)
    assert (
        of(with_metadata(up, resourceVersion="9"), secret("keys", new=PEM, old=PEM, hmac=bytes(range(32)), x=b"y"))
        == changed[0]
    )


def test_the_digest_is_never_cut_off() -> None:
    long = {"name": "n" * 253, "key": "k" * 253}
    config = webhook_config(hmacSecretRef=long, tlsConfig={"caSecretRef": {**long, "key": "c" * 253}})

    answer = sync(config, related=[secret("n" * 253, **{"k" * 253: b"x", "c" * 253: b"x"})])

    message = str((condition(answer, "SecretAvailable") or ())[2])
    assert len(message) <= 1000
    assert message.endswith(f"; digest {answer['status']['credentialDigest']}")


def digest(answer: Object) -> str:
    """What the condition SecretAvailable says stands for the content."""
    return str((condition(answer, "SecretAvailable") or ())[2]).rpartition("; digest ")[2]


@pytest.mark.parametrize(
    "resource", [each for each in RESOURCES if each.kind.endswith("Config")], ids=lambda each: each.kind
)
def test_every_reference_of_a_model_has_a_use(resource: Any) -> None:
    paths = list(references(resource.spec_model, "spec"))

    assert [path for path in paths if use_of(path) is CREDENTIAL and path.rpartition(".")[2] not in USES] == []
    of_delegate = use_of("spec.embeddedAuthServer.delegateClients[0].clientSecretRef")
    assert (of_delegate, use_of("spec.tokenExchange.clientSecretRef")) == (
        USES["delegateClients.clientSecretRef"],
        USES["clientSecretRef"],
    )


def references(annotation: Any, path: str) -> Iterator[str]:
    """The path of each field of a model that may name a key of a Secret or ConfigMap."""
    if isinstance(annotation, type) and issubclass(annotation, SecretKeyRef | ConfigMapKeyRef):
        yield path
    elif isinstance(annotation, type) and issubclass(annotation, Model):
        for field in annotation.model_fields.values():
            yield from references(field.annotation, f"{path}.{field.alias}")
    elif get_origin(annotation) is not None or isinstance(annotation, UnionType):
        for inner in get_args(annotation):
            yield from references(inner, path)


def test_the_walk_finds_what_is_deep_in_a_model() -> None:
    spec_model = next(each.spec_model for each in RESOURCES if each.kind == "MCPExternalAuthConfig")

    found = set(references(spec_model, "spec"))

    redis = "spec.embeddedAuthServer.storage.redis"
    assert found >= {f"{redis}.aclUserConfig.passwordSecretRef", f"{redis}.sentinelTls.caCertSecretRef"}
    assert len(found) > 15


def test_a_secret_alone_is_named_with_what_it_has() -> None:
    answer = sync(oidc_config(clientSecretRef={"name": "tx-oauth", "key": "client-secret"}), related=[secret()])

    assert condition(answer, "SecretAvailable") == (
        "True",
        "SecretAvailable",
        f"Secret 'tx-oauth' of namespace 'team-a' has key 'client-secret'; digest {digest(answer)}",
    )
