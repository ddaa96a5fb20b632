"""The Secrets with which images are pulled: a proxy's own, and those of the installation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hooks.installation import Installation
from hooks.kubernetes.names import OBJECT_NAME
from hooks.kubernetes.objects import Object, raw_spec


def merged_pull_secrets(own: Iterable[str], installation: Installation) -> list[str]:
    """Return the names for pod template and ServiceAccounts, each once: the spec's first, then the installation's."""
    return list(dict.fromkeys([*own, *installation.image_pull_secrets]))


def named_pull_secrets(parent: Object) -> list[str]:
    """Return the names in a raw spec, for the ServiceAccounts, which are made even where other fields are wrong."""
    value: Any = raw_spec(parent)
    for field in ("resourceOverrides", "proxyDeployment", "imagePullSecrets"):
        value = value.get(field) if isinstance(value, dict) else None
    names = [item.get("name") for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return [name for name in names if isinstance(name, str) and OBJECT_NAME.fullmatch(name)]
