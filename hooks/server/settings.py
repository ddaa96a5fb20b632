"""The program's settings, from the environment: each with its variable, its default and what it is for.

The class below is the one source: `toolhive-hooks serve --help` and docs/settings.md are made from it.
"""

from __future__ import annotations

import difflib
import os
import re
import textwrap
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, AliasChoices, Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hooks.installation import Installation
from hooks.kubernetes.names import OBJECT_NAME
from hooks.proxy.image import image_fault
from hooks.server.log import Format

_DEFAULTS = Installation()
_PREFIX = "TOOLHIVE_HOOKS_"
_SERVICE_LINK = re.compile(_PREFIX + r"(SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_\w+)")
"""Variables that Kubernetes gives to pods beside a Service of the name toolhive-hooks."""
_RETIRED = {f"{_PREFIX}SHUTDOWN_DELAY_SECONDS": "a preStop hook of the pod waits instead"}
"""Variables that were settings once, and what has taken their place."""


def _has_a_port(address: str) -> str:
    if int(address.rpartition(":")[2]) > 65535:
        raise ValueError("the port is over 65535")
    return address


def _is_an_image(image: str) -> str:
    fault = image_fault(image)
    if fault:
        raise ValueError(fault)
    return image


def _listed(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def _are_names(text: str) -> str:
    for name in _listed(text):
        if not OBJECT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a Secret")
    return text


_Address = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\[\]]*):\d{1,5}$"), AfterValidator(_has_a_port)]


def _in_brackets(host: str) -> str:
    """An IPv6 address as the runner needs it, which puts a colon and the port behind it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


class Settings(BaseSettings):
    """Settings of `serve`, and of `render` where they change what is made.

    Raises:
        ValidationError: a variable has a value that it can't have.
    """

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, use_attribute_docstrings=True
    )

    bind: _Address = "0.0.0.0:8080"
    """Address and port of the webhooks, as HOST:PORT; `[::]:8080` is all of IPv6 and IPv4."""
    probes_bind: _Address = "0.0.0.0:9090"
    """Address and port of probes and metrics, in the same form. They are plain HTTP, without token or certificate."""
    workers: Annotated[int, Field(ge=1)] = 2
    """Processes that answer hook calls."""
    threads: Annotated[int, Field(ge=1)] = 1000
    """Most threads of each process: a slow client keeps one. Lower it where the kubelet's podPidsLimit is lower."""
    max_body_bytes: Annotated[int, Field(ge=1)] = 32 << 20
    """Largest body of a request; a larger one gets 413."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level of log lines. Each hook call is a line of level info."""
    log_format: Format = "auto"
    """Form of log lines; auto is text on a terminal and JSON elsewhere."""
    tls_cert_file: FilePath | None = None
    """The server's certificate with its chain, in PEM. It turns on https; a replaced file is read again."""
    tls_key_file: FilePath | None = None
    """The certificate's private key, in PEM."""
    client_ca_file: FilePath | None = None
    """CA certificates in PEM: only clients with a certificate from them are answered. It needs TLS."""
    auth_token_file: FilePath | None = None
    """File with the bearer token that calls must have. A replaced file is read again."""
    digest_key: SecretStr = SecretStr("")
    """Key of the HMAC of secrets' content in a status: with it, only a change of content rolls pods. All replicas need
    the same."""
    digest_key_file: FilePath | None = None
    """File with the digest key, such as a mounted Secret, in place of the variable."""
    read_secrets: bool = True
    """Whether Metacontroller may look up the Secrets that MCPExternalAuthConfigs name."""
    read_pods: bool = True
    """Whether Metacontroller may look up the Pods of MCPServers."""
    runner_image: Annotated[
        str, Field(validation_alias=AliasChoices("TOOLHIVE_RUNNER_IMAGE")), AfterValidator(_is_an_image)
    ] = _DEFAULTS.runner_image
    """Image of the proxy runner; RunConfigs are written for release 0.44.0."""
    proxy_host: Annotated[
        str, Field(min_length=1, validation_alias=AliasChoices("TOOLHIVE_PROXY_HOST")), AfterValidator(_in_brackets)
    ] = _DEFAULTS.proxy_host
    """Address on which proxies listen, inside their pods; `[::]` is all of IPv6 and IPv4."""
    image_pull_secrets: Annotated[
        str, Field(validation_alias=AliasChoices("TOOLHIVE_DEFAULT_IMAGE_PULL_SECRETS")), AfterValidator(_are_names)
    ] = ""
    """Names of Secrets, separated by commas, to pull every image with, after those that a spec names."""
    openshift: Annotated[bool, Field(validation_alias=AliasChoices("OPERATOR_OPENSHIFT"))] = False
    """Whether security contexts are OpenShift's, which assigns user and group ids itself."""
    default_redis_address: Annotated[str, Field(validation_alias=AliasChoices("TOOLHIVE_DEFAULT_REDIS_ADDR"))] = ""
    """Address of a Redis without password, as HOST:PORT, for sessions of servers that name no Redis."""

    def installation(self) -> Installation:
        """The settings that the controllers need."""
        return Installation(
            runner_image=self.runner_image,
            proxy_host=self.proxy_host,
            openshift=self.openshift,
            default_redis_address=self.default_redis_address,
            image_pull_secrets=_listed(self.image_pull_secrets),
            digest_key=self._digest_key(),
            read_secrets=self.read_secrets,
            read_pods=self.read_pods,
        )

    def warnings(self) -> Iterator[str]:
        """Yield what a cluster's operator should know of these settings before production."""
        for name in _RETIRED.keys() & os.environ.keys():
            yield f"{name} has no effect any more: {_RETIRED[name]}"
        if not self.auth_token_file and not self.client_ca_file:
            yield (
                "anyone who reaches the port may call the hooks: set TOOLHIVE_HOOKS_AUTH_TOKEN_FILE or "
                "TOOLHIVE_HOOKS_CLIENT_CA_FILE"
            )
        if not self._digest_key():
            yield (
                "TOOLHIVE_HOOKS_DIGEST_KEY_FILE is not set: an edit of the labels of a client secret's Secret rolls "
                "pods too"
            )

    def _digest_key(self) -> bytes:
        if self.digest_key_file:
            return self.digest_key_file.read_bytes().strip()
        return self.digest_key.get_secret_value().encode()

    @field_validator("*", mode="before")
    @classmethod
    def _stripped(cls, value: object) -> object:
        return value.strip() if isinstance(value, str) else value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            raise ValueError("TOOLHIVE_HOOKS_TLS_CERT_FILE and TOOLHIVE_HOOKS_TLS_KEY_FILE need each other")
        if self.client_ca_file and not self.tls_cert_file:
            raise ValueError("TOOLHIVE_HOOKS_CLIENT_CA_FILE needs TOOLHIVE_HOOKS_TLS_CERT_FILE")
        return self

    @model_validator(mode="after")
    def _one_digest_key(self) -> Self:
        if self.digest_key_file and self.digest_key.get_secret_value():
            raise ValueError("TOOLHIVE_HOOKS_DIGEST_KEY and TOOLHIVE_HOOKS_DIGEST_KEY_FILE exclude each other")
        try:
            if self.digest_key_file and not self._digest_key():
                raise ValueError("TOOLHIVE_HOOKS_DIGEST_KEY_FILE is empty")
        except OSError as error:
            raise ValueError(f"TOOLHIVE_HOOKS_DIGEST_KEY_FILE can't be read: {error.strerror}") from None
        return self


class Setting(NamedTuple):
    """A setting as people see it."""

    variable: str
    default: str
    """As one would write it; empty for none."""
    values: str
    """What it may be: `json|text`, or the type."""
    description: str


def described() -> Iterator[Setting]:
    """Each setting, in the order of the class."""
    schema = Settings.model_json_schema(by_alias=False)["properties"]
    for name, field in Settings.model_fields.items():
        yield Setting(
            variable(name), _shown(field.default), _values(schema[name]), " ".join(str(field.description).split())
        )


def unknown() -> Iterator[str]:
    """What is wrong with each variable that has our prefix and is no setting: a misspelt one must not go unnoticed."""
    known = [name for name in map(variable, Settings.model_fields) if name.startswith(_PREFIX)]
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in {*known, *_RETIRED} and not _SERVICE_LINK.fullmatch(name):
            like = difflib.get_close_matches(name.removeprefix(_PREFIX), [n.removeprefix(_PREFIX) for n in known], 1)
            yield f"{name}: there is no such setting" + (f", did you mean {_PREFIX}{like[0]}?" if like else "")


def variable(name: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{_PREFIX}{name.upper()}"


def _shown(default: Any) -> str:
    if isinstance(default, SecretStr) or default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _values(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return _values(schema["anyOf"][0])
    if "enum" in schema:
        return "|".join(schema["enum"])
    return "path" if schema.get("format") == "file-path" else str(schema["type"])


def help_text() -> str:
    """Return the settings for a help text: what each is for, and its default."""
    paragraphs = ["Environment:"]
    for setting in described():
        default = f"  [{setting.values}; default: {setting.default}]" if setting.default else f"  [{setting.values}]"
        paragraphs.append("\b\n" + "\n".join([setting.variable, *_wrapped(f"{setting.description}{default}")]))
    return "\n\n".join(paragraphs)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 76, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
