"""What an installation decides."""

from __future__ import annotations

from dataclasses import dataclass

RUNNER_RELEASE = "v0.44.0"
"""The release of the proxy runner whose dialect RunConfig speaks."""


@dataclass(frozen=True, slots=True)
class Installation:
    """What an installation decides, the same for every object: controllers read it here, never from the environment."""

    runner_image: str = f"ghcr.io/stacklok/toolhive/proxyrunner:{RUNNER_RELEASE}"
    """Image of the proxy runner, of that release."""
    proxy_host: str = "0.0.0.0"  # noqa: S104  # inside the pod: the Service reaches it there
    """Address on which the proxy listens."""
    openshift: bool = False
    """Whether security contexts are OpenShift's, which assigns the ids itself."""
    default_redis_address: str = ""
    """Address of the Redis in which servers share sessions that name none of their own; none when empty."""
    image_pull_secrets: tuple[str, ...] = ()
    """Secrets with which each namespace's images are pulled, after those that a spec names."""
    digest_key: bytes = b""
    """Key of the HMAC of secrets' values in a status. Without one, nothing made from a value is published."""
    read_secrets: bool = True
    """Whether Metacontroller may look up Secrets."""
    read_pods: bool = True
    """Whether Metacontroller may look up Pods."""
