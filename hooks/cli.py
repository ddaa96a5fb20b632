"""`toolhive-hooks`: the program and its commands; those about manifests and clusters are in hooks/commands."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from click.shell_completion import ShellComplete, get_completion_class

from hooks import __version__
from hooks.api.crd import crds as all_crds
from hooks.api.crd import manifests
from hooks.api.schemas import json_schemas
from hooks.commands import cluster
from hooks.commands.manifests import convert, render
from hooks.commands.options import USAGE_ERROR, settings
from hooks.installation import RUNNER_RELEASE
from hooks.server.settings import help_text


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolhive-hooks")
def main() -> None:
    """Controllers for ToolHive's MCP resources, as webhooks for Metacontroller.

    As `kubectl toolhive` it is a plugin of kubectl.

    \b
    Try it on your manifests, without a cluster:  toolhive-hooks render FOLDER -o summary
    Why does a server wait?                       toolhive-hooks status
    Is the installation well?                     toolhive-hooks check
    """  # noqa: D301  # click's mark for lines that stay as they are


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
    help="Write each request to a file there, for tests. Values of Secrets are masked; specs and ConfigMaps stay.",
)
def serve(record_to: Path | None, **options: Any) -> None:
    """Serve the webhooks that Metacontroller calls.

    Settings come from the environment; an option wins over its variable. A wrong setting ends the start with code 2.
    """
    # As process 1 of a container: until gunicorn handles it, SIGTERM would be ignored.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from hooks.server.gunicorn import server  # noqa: PLC0415  # what only serving needs is loaded there

    chosen = settings(options)
    with ExitStack() as stack:
        try:
            run = stack.enter_context(server(chosen, record_to))
        except (OSError, ValueError) as error:
            click.echo(f"toolhive-hooks: {error}", err=True)
            sys.exit(USAGE_ERROR)
        run()


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
    """Print the script that completes this program's commands and options in a shell.

    \b
    bash:  source <(toolhive-hooks completion bash)
    zsh:   source <(toolhive-hooks completion zsh)
    fish:  toolhive-hooks completion fish | source
    """  # noqa: D301  # click's mark for lines that stay as they are
    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101  # the choice above is click's own
    click.echo(complete(main, {}, "toolhive-hooks", "_TOOLHIVE_HOOKS_COMPLETE").source())


@main.command(short_help="Print the version, and what it works with.")
def version() -> None:
    """Print the version of this program, of the proxy runner it writes for, and the kinds that it serves."""
    click.echo(f"toolhive-hooks {__version__}")
    click.echo(f"proxy runner {RUNNER_RELEASE}")
    for crd in all_crds():
        served = [each["name"] for each in crd["spec"]["versions"] if each["served"]]
        click.echo(f"{crd['spec']['names']['kind']} {', '.join(served)}")


@main.command("help", short_help="Show the help of a command.")
@click.argument("command", default="")
@click.pass_context
def show_help(context: click.Context, command: str) -> None:
    """Show the help of a command, or of the program."""
    parent = context.parent or context
    if command and command not in main.commands:
        raise click.UsageError(f"No such command {command!r}.", context)
    shown: click.Command = main.commands.get(command, main)
    inner = click.Context(shown, parent=parent, info_name=command, **main.context_settings) if command else parent
    click.echo(shown.get_help(inner))


for _command in (render, convert, cluster.diff, cluster.status, cluster.check, cluster.migrate):
    main.add_command(_command)


def kubectl_complete() -> None:
    """Complete `kubectl toolhive`: kubectl calls kubectl_complete-toolhive with the words of its command line.

    It prints a candidate on each line, then a directive of cobra: 0 lets the shell complete files too, 4 does not.
    """
    *words, unfinished = sys.argv[1:] or [""]
    found = ShellComplete(main, {}, "kubectl-toolhive", "").get_completions(words, unfinished)
    for item in found:
        if item.type == "plain":
            click.echo(item.value)
    click.echo(":0" if any(item.type in ("file", "dir") for item in found) else ":4")
