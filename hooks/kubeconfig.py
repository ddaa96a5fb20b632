"""The user's kubeconfig: where it is, what it says, and what is wrong with it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from kubernetes import client, config


def read(context: str | None, kubeconfig: str | None) -> tuple[client.Configuration, str]:
    """Read a kubeconfig; nothing is sent yet, but by plugins that get credentials.

    Args:
        context: one of its contexts; None means the current one.
        kubeconfig: the file; None means where kubectl looks.

    Returns:
        The client's settings, and the context's namespace.

    Raises:
        ValueError: there is no such kubeconfig or context, it isn't one at all, or its credentials can't be had.
    """
    places = kubeconfig or os.environ.get("KUBECONFIG") or config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    if not any(Path(place).expanduser().exists() for place in places.split(os.pathsep)):
        raise ValueError(f"no usable kubeconfig: there is none at {places}. Give --kubeconfig, or set KUBECONFIG")
    settings = client.Configuration()
    try:
        with _logged_errors() as errors:
            config.load_kube_config(kubeconfig, context, settings)  # type: ignore[no-untyped-call]
            namespace = _namespace(kubeconfig, context)
    except (config.ConfigException, OSError) as error:
        raise ValueError(f"no usable kubeconfig: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        raise ValueError(f"no usable kubeconfig: it isn't YAML{line}") from None
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("no usable kubeconfig: its content has another form") from None
    if errors:
        raise ValueError(f"the kubeconfig gives no credentials: {'; '.join(errors)}")
    return settings, namespace


def _namespace(kubeconfig: str | None, context: str | None) -> str:
    """The namespace of a context, as kubectl would take it."""
    contexts, active = config.list_kube_config_contexts(kubeconfig)  # type: ignore[no-untyped-call]
    chosen = next((each for each in contexts if each["name"] == context), active) if context else active
    return str((chosen.get("context") or {}).get("namespace") or "default")


@contextmanager
def _logged_errors() -> Iterator[list[str]]:
    """Gather the errors that are logged meanwhile: the client only logs that an exec plugin failed, and continues."""
    messages: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield messages
    finally:
        logging.getLogger().removeHandler(handler)
