"""The program's settings, from the environment: each with its variable, its default and what it is for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hooks.controllers.controller import Config

_DEFAULTS = Config()


class Settings(BaseSettings):
    """Settings of `serve`, and of `render` where they change what is made.

    Raises:
        ValidationError: a variable has a value that it can't have.
    """

    model_config = SettingsConfigDict(
        env_prefix="TOOLHIVE_HOOKS_", env_ignore_empty=True, frozen=True, use_attribute_docstrings=True
    )

    bind: Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\[\]]*):\d{1,5}$")] = "0.0.0.0:8080"
    """Address and port of the webhooks, as HOST:PORT."""
    workers: Annotated[int, Field(ge=1)] = 2
    """Processes that answer hook calls."""
    threads: Annotated[int, Field(ge=1)] = 4
    """Threads of each process."""
    max_body_bytes: Annotated[int, Field(ge=1)] = 32 << 20
    """Bound on a request's body; a larger one gets 413."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least level of what is logged."""
    digest_key: SecretStr = SecretStr("")
    """Key of the HMAC that stands for a client secret's content in a status: with it, only a change of content rolls
    pods. The same for all replicas."""
    digest_key_file: FilePath | None = None
    """A file that holds the same, for instance from a mounted Secret; instead of the variable."""
    read_secrets: bool = True
    """Whether Metacontroller may look up the Secrets that MCPExternalAuthConfigs name."""
    read_pods: bool = True
    """Whether Metacontroller may look up the Pods of MCPServers."""
    runner_image: Annotated[str, Field(min_length=1, validation_alias=AliasChoices("TOOLHIVE_RUNNER_IMAGE"))] = (
        _DEFAULTS.runner_image
    )
    """Image of the proxy runner; RunConfigs are written for release 0.44.0."""
    proxy_host: Annotated[str, Field(min_length=1, validation_alias=AliasChoices("TOOLHIVE_PROXY_HOST"))] = (
        _DEFAULTS.proxy_host
    )
    """Address on which proxies listen, inside their pods."""
    openshift: Annotated[bool, Field(validation_alias=AliasChoices("OPERATOR_OPENSHIFT"))] = False
    """Whether security contexts are OpenShift's, which assigns user and group ids itself."""

    def config(self) -> Config:
        """What of this the controllers need."""
        return Config(
            runner_image=self.runner_image,
            proxy_host=self.proxy_host,
            openshift=self.openshift,
            digest_key=self._digest_key(),
            read_secrets=self.read_secrets,
            read_pods=self.read_pods,
        )

    def _digest_key(self) -> bytes:
        if self.digest_key_file:
            return self.digest_key_file.read_bytes().strip()
        return self.digest_key.get_secret_value().encode()

    @model_validator(mode="after")
    def _one_digest_key(self) -> Self:
        if self.digest_key_file and self.digest_key.get_secret_value():
            raise ValueError("TOOLHIVE_HOOKS_DIGEST_KEY and TOOLHIVE_HOOKS_DIGEST_KEY_FILE exclude each other")
        if self.digest_key_file and not self._digest_key():
            raise ValueError("TOOLHIVE_HOOKS_DIGEST_KEY_FILE is empty")
        return self
