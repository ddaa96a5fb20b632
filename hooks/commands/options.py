"""What several commands take: the user's cluster and namespace as kubectl has them, and the settings."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hooks.commands import completion
from hooks.server.settings import Settings, unknown, variable
from hooks.text import one_line

if TYPE_CHECKING:
    from hooks.cluster import LiveCluster

USAGE_ERROR = 2
_SECONDS = {"s": 1, "m": 60, "h": 3600}

_NO_CLIENT = (
    "this needs the Kubernetes client, an extra that the image doesn't have. Where toolhive-hooks was installed with "
    "pip: pip install 'toolhive-hooks[cluster]'"
)

namespace = click.option(
    "-n",
    "--namespace",
    default="",
    metavar="NS",
    help="Only this namespace.  [default: the context's]",
    shell_complete=completion.namespaces,
)
all_namespaces = click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces.")
selector = click.option(
    "-l", "--selector", default="", metavar="LABELS", help="Only servers with these labels, such as team=a,env!=test."
)


class Duration(click.ParamType[int]):
    """A time as kubectl takes it: a number and s, m or h. It becomes seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        number, unit = (value, "s") if value.isdecimal() else (value[:-1], value[-1:])
        if not number.isdecimal() or unit not in _SECONDS:
            self.fail("write a number and s, m or h, such as 2m", param, ctx)
        return int(number) * _SECONDS[unit]


class Access(NamedTuple):
    """Which cluster is meant, and as whom it is asked."""

    context: str | None
    kubeconfig: str | None
    user: str
    timeout: int


def of_cluster(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which cluster is meant; it gets them as `access`."""

    @click.option(
        "--context",
        metavar="NAME",
        help="Context of the kubeconfig.  [default: its current one]",
        shell_complete=completion.contexts,
    )
    @click.option(
        "--kubeconfig",
        type=click.Path(dir_okay=False),
        metavar="FILE",
        help="The kubeconfig.  [default: KUBECONFIG, or ~/.kube/config]",
    )
    @click.option("--as", "as_user", default="", metavar="USER", help="Impersonate this user: see what they may see.")
    @click.option(
        "--request-timeout",
        type=Duration(),
        default="60s",
        metavar="TIME",
        show_default=True,
        help="How long a single request may take; 0 for any time.",
    )
    @wraps(command)
    def with_access(
        *, context: str | None, kubeconfig: str | None, as_user: str, request_timeout: int, **options: Any
    ) -> None:
        command(access=Access(context, kubeconfig, as_user, request_timeout), **options)

    return with_access


@contextmanager
def user_cluster(access: Access, *, bug: int = 1) -> Iterator[LiveCluster]:
    """Give the cluster of the user's kubeconfig; its refusal of a request ends the program with a text.

    Args:
        access: which cluster, and as whom.
        bug: the exit code where the fault is ours. To a script that compares, Python's own would mean a difference.
    """
    if find_spec("kubernetes") is None:
        click.echo(f"toolhive-hooks: {_NO_CLIENT}", err=True)
        sys.exit(USAGE_ERROR)
    from hooks.cluster import ClusterError, LiveCluster  # noqa: PLC0415  # an optional dependency

    try:
        yield LiveCluster(*access)
    except ClusterError as error:
        click.echo(f"toolhive-hooks: {one_line(str(error))}", err=True)
        sys.exit(USAGE_ERROR)
    except (BrokenPipeError, click.ClickException):
        raise  # the reader has seen enough; click says what is wrong
    except Exception:  # noqa: BLE001  # the program's end
        traceback.print_exc()
        sys.exit(bug)


def chosen_namespace(cluster: LiveCluster, namespace: str, *, everywhere: bool) -> str:
    """The namespace that is meant; empty for all of them."""
    if namespace and everywhere:
        raise click.UsageError("-n and -A exclude each other")
    return "" if everywhere else namespace or cluster.namespace


def settings(options: Mapping[str, Any] | None = None) -> Settings:
    """The settings, by the environment and by options that win over it; what is wrong ends the program.

    A misspelt variable is refused by each command that reads them: it would make another result than was meant.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    faults = list(unknown())
    for fault in faults:
        click.echo(f"toolhive-hooks: {fault}", err=True)
    try:
        found = Settings(**given)
    except ValidationError as error:
        _refuse(error, given)
    if faults:
        sys.exit(USAGE_ERROR)
    return found


def _refuse(error: ValidationError, given: Mapping[str, Any]) -> NoReturn:
    """Name each setting that is wrong as the user gave it; values stay unsaid, since one of them is a key."""
    for fault in error.errors(include_url=False, include_input=False):
        location = str(fault["loc"][0]) if fault["loc"] else ""
        option = f"--{location.replace('_', '-')}" if location in given else ""
        name = option or (variable(location) if location in Settings.model_fields else location)
        click.echo(f"toolhive-hooks: {name}{': ' if name else ''}{_complaint(fault)}", err=True)
    sys.exit(USAGE_ERROR)


def _complaint(fault: ErrorDetails) -> str:
    """What pydantic found, in words for the user who sets a variable."""
    bounds = fault.get("ctx", {})
    match fault["type"]:
        case "string_pattern_mismatch":
            return "must be HOST:PORT, such as 0.0.0.0:8080 or [::]:8080"
        case "greater_than_equal":
            return f"must be at least {bounds['ge']}"
        case "bool_parsing" | "bool_type":
            return "must be true or false"
        case "int_parsing" | "int_type":
            return "must be a whole number"
        case "literal_error":
            return f"must be one of {bounds['expected']}"
        case "path_not_file":
            return "is no file, or can't be reached"
    return fault["msg"].removeprefix("Value error, ")
