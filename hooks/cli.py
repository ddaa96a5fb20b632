"""`toolhive-hooks`: serve the webhooks, render manifests offline, print the CRDs, take over a cluster, compare."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
from click.shell_completion import get_completion_class
from pydantic import ValidationError

from hooks import __version__
from hooks.api.crd import manifests
from hooks.api.schemas import json_schemas
from hooks.convert.command import convert_command
from hooks.render.command import render_command
from hooks.server.settings import Settings, help_text, unknown, variable
from hooks.text import one_line

if TYPE_CHECKING:
    from hooks.cluster import LiveCluster

USAGE_ERROR = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolhive-hooks")
def main() -> None:
    """Controllers for ToolHive's MCPServer, MCPExternalAuthConfig and MCPToolConfig, as webhooks for Metacontroller.

    Try it on your manifests, without a cluster: toolhive-hooks render FOLDER -o summary
    """


@main.command(epilog=help_text())
@click.option("--bind", metavar="HOST:PORT", help="Where the webhooks listen; wins over TOOLHIVE_HOOKS_BIND.")
@click.option(
    "--probes-bind", metavar="HOST:PORT", help="Where probes and metrics do; wins over TOOLHIVE_HOOKS_PROBES_BIND."
)
@click.option("--workers", type=int, help="Processes that answer; wins over TOOLHIVE_HOOKS_WORKERS.")
@click.option("--threads", type=int, help="Threads of each; wins over TOOLHIVE_HOOKS_THREADS.")
@click.option(
    "--record",
    "record_to",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write each request to a file there, for tests. What Secrets hold is masked; specs and ConfigMaps stay.",
)
def serve(record_to: Path | None, **options: Any) -> None:
    """Serve the webhooks that Metacontroller calls.

    Settings come from the environment; an option wins over its variable. A wrong setting ends the start with code 2.
    """
    # As process 1 of a container: until gunicorn handles it, SIGTERM would be ignored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from hooks.server.gunicorn import server  # noqa: PLC0415  # what only serving needs is loaded there

    settings = _settings(**{name: value for name, value in options.items() if value is not None})
    faults = list(unknown())
    for fault in faults:
        click.echo(f"toolhive-hooks: {fault}", err=True)
    if faults:
        sys.exit(USAGE_ERROR)
    with ExitStack() as stack:
        try:
            run = stack.enter_context(server(settings, record_to))
        except (OSError, ValueError) as error:
            click.echo(f"toolhive-hooks: {error}", err=True)
            sys.exit(USAGE_ERROR)
        run()


@main.command(short_help="Show what a cluster would get, without one.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json", "summary"]),
    default="yaml",
    show_default=True,
    help="Manifests, the same as one List, or a table for people.",
)
@click.option("--server", metavar="URL", help="Ask a running server instead of computing here.")
def render(paths: tuple[str, ...], output: str, server: str | None) -> None:
    """Show what a cluster would get from these manifests, without a cluster.

    PATH is a file, a folder, or - for stdin; YAML or JSON. Prints the children of each MCPServer, MCPExternalAuthConfig
    and MCPToolConfig, then these with their status. What is only in the cluster, such as a Secret that isn't among the
    manifests, counts as missing.

    Exit codes: 0 all is well, warnings or not; 1 a resource ends Failed or has a field that its kind doesn't have, or
    the hooks never come to rest; 2 the input can't be read. Stderr says why.
    """
    sys.exit(
        render_command(
            paths,
            output=output,
            server_url=server,
            installation=_settings().installation(),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
    )


@main.command(short_help="Rewrite manifests of any ToolHive release in the current fields.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--in-place", is_flag=True, help="Write the files anew where they are.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write all the files to this folder.",
)
@click.option("--diff", is_flag=True, help="Show the differences in place of the manifests.")
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 where something would change.")
def convert(paths: tuple[str, ...], output: Path | None, **options: bool) -> None:
    """Rewrite manifests of ToolHive 0.3 to 0.44 in v1beta1 and its current fields.

    PATH is a file, a folder, or - for stdin; YAML or JSON. Each line that needn't change stays as it is. Settings that
    stood in a server and are objects of their own now are added behind it: MCPOIDCConfig, MCPTelemetryConfig,
    MCPToolConfig. Prints the manifests, unless an option says otherwise; stderr has what was done, and what is left.

    Exit codes: 0 all is converted, or was; 1 an object can't be said in the current fields and is left as it is, or
    --check found something to change; 2 the input can't be read, and nothing was written.
    """
    if options["in_place"] and (output is not None or "-" in paths):
        raise click.UsageError("--in-place writes to the files themselves: neither --output nor - goes with it")
    sys.exit(
        convert_command(paths, output=output, **options, stdin=sys.stdin.buffer, stdout=sys.stdout, stderr=sys.stderr)
    )


@main.command(short_help="Print the CRDs, or write them and their JSON Schemas.")
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="Write a file for each kind there."
)
@click.option(
    "--schemas",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIRECTORY",
    help="Write a JSON Schema for each kind there, for editors and kubeconform.",
)
def crds(directory: Path | None, schemas: Path | None) -> None:
    """Print the CustomResourceDefinitions, made from the models that the hooks read; or write files."""
    if directory is None and schemas is None:
        click.echo("---\n".join(manifests().values()), nl=False)
    if directory is not None:
        _write(directory, manifests())
    if schemas is not None:
        _write(schemas, json_schemas())


def _write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


@main.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what completes this program's commands and options in a shell.

    \b
    bash:  source <(toolhive-hooks completion bash)
    zsh:   source <(toolhive-hooks completion zsh)
    fish:  toolhive-hooks completion fish | source
    """  # noqa: D301  # click's mark for lines that stay as they are
    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101  # the choice above is click's own
    click.echo(complete(main, {}, "toolhive-hooks", "_TOOLHIVE_HOOKS_COMPLETE").source())


_NO_CLIENT = (
    "this needs the Kubernetes client, an extra that the image doesn't have. Where toolhive-hooks was installed with "
    "pip: pip install 'toolhive-hooks[cluster]'"
)
_CONTEXT = click.option("--context", metavar="NAME", help="Context of the kubeconfig.  [default: its current one]")
_NAMESPACE = click.option("-n", "--namespace", default="", metavar="NS", help="Only this namespace.  [default: all]")


@main.command(short_help="Take over from ToolHive's own operator, or go back.")
@_CONTEXT
@_NAMESPACE
@click.option("--apply", is_flag=True, help="Make the changes; without it they are only shown.")
@click.option("--revert", is_flag=True, help="Go back to the old operator.")
@click.option("--operator-namespace", default="", metavar="NS", help="Where the old operator is.  [default: all]")
def migrate(context: str | None, **options: Any) -> None:
    """Take over MCPServers from ToolHive's own operator, or give them back.

    Children, finalizers and shared configs of the old operator become Metacontroller's. No object is deleted and no
    pod restarted by this. It can be run again at any time: what is done is left alone.

    Exit codes: 0 all is done, or shown; 1 something couldn't be changed; 2 refused, and nothing was changed.
    """
    with _user_cluster(context) as cluster:
        from hooks.migrate.command import migrate_command  # noqa: PLC0415

        code = migrate_command(cluster, **options, now=datetime.now(UTC), stdout=sys.stdout, stderr=sys.stderr)
        sys.exit(code)


@main.command(short_help="Show what the hooks would change in the cluster.")
@_CONTEXT
@_NAMESPACE
@click.argument("name", default="")
def diff(context: str | None, namespace: str, name: str) -> None:
    """Show what the hooks would change in the cluster, in the manner of `kubectl diff`.

    NAME is an MCPServer; without it, all of them are compared. The hooks run in this process, by the settings in its
    environment; the API server then tries their answers out (a server-side dry run). Nothing is written.

    Exit codes: 0 no difference; 1 there are some; 2 it couldn't be told.
    """
    if name and not namespace:
        raise click.UsageError("which namespace? Give -n with NAME")
    with _user_cluster(context, bug=USAGE_ERROR) as cluster:
        from hooks.diff.command import diff_command  # noqa: PLC0415

        options: dict[str, Any] = {"namespace": namespace, "name": name, "installation": _settings().installation()}
        code = diff_command(cluster, **options, now=datetime.now(UTC), stdout=sys.stdout, stderr=sys.stderr)
        sys.exit(code)


@contextmanager
def _user_cluster(context: str | None, *, bug: int = 1) -> Iterator[LiveCluster]:
    """The cluster of the user's kubeconfig; what it refuses ends the program with a text.

    Args:
        context: of the kubeconfig; None means its current one.
        bug: the exit code where the fault is ours. Python's own would mean something else to who compares.
    """
    if find_spec("kubernetes") is None:
        click.echo(f"toolhive-hooks: {_NO_CLIENT}", err=True)
        sys.exit(USAGE_ERROR)
    from hooks.cluster import ClusterError, LiveCluster  # noqa: PLC0415  # an optional dependency

    try:
        yield LiveCluster(context)
    except ClusterError as error:
        click.echo(f"toolhive-hooks: {one_line(str(error))}", err=True)
        sys.exit(USAGE_ERROR)
    except BrokenPipeError:
        raise  # who read has seen enough
    except Exception:  # noqa: BLE001  # the program's end
        traceback.print_exc()
        sys.exit(bug)


def _settings(**options: Any) -> Settings:
    try:
        return Settings(**options)
    except ValidationError as error:
        _refuse(error)


def _refuse(error: ValidationError) -> NoReturn:
    """Name each setting that is wrong; values stay unsaid, since one of them is a key."""
    for fault in error.errors(include_url=False, include_input=False):
        name = f"{_variable(str(fault['loc'][0]))}: " if fault["loc"] else ""
        click.echo(f"toolhive-hooks: {name}{fault['msg'].removeprefix('Value error, ')}", err=True)
    sys.exit(USAGE_ERROR)


def _variable(location: str) -> str:
    """A fault's location is a field's name, or the variable itself where that isn't made from the name."""
    return variable(location) if location in Settings.model_fields else location
