"""What the kubelet makes of `$` in a container's arguments and environment, by Kubernetes' documented rules.

https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables: `$(NAME)` is the
variable's value, or stays where there is no such variable; `$$` is one `$`, and `$$(NAME)` never a variable's value.
tests/apiserver/test_oracle.py compares it with the kubelet's own code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def expand(text: str, env: Mapping[str, str]) -> str:
    """The text, its references to variables put in."""
    return _REFERENCE.sub(lambda found: "$" if found[1] is None else env.get(found[1], found[0]), text)


def environment(container: dict[str, Any], secret: Callable[[dict[str, str]], str]) -> dict[str, str]:
    """A container's variables. A value may refer to those before it; one that is a Secret's is taken as it is."""
    env: dict[str, str] = {}
    for variable in container["env"]:
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        env[variable["name"]] = secret(reference) if reference else expand(variable.get("value", ""), env)
    return env


def arguments(container: dict[str, Any], env: Mapping[str, str]) -> list[str]:
    """A container's arguments, as its program gets them."""
    return [expand(argument, env) for argument in container["args"]]
