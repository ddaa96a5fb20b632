"""`toolhive-hooks`: serve the webhooks, render manifests offline, print the CRDs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from pydantic import ValidationError

from hooks import __version__
from hooks.api.crd import manifests
from hooks.render.command import render_command
from hooks.server.settings import Settings

USAGE_ERROR = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolhive-hooks")
def main() -> None:
    """Metacontroller hooks that give ToolHive's custom resources their controllers."""


@main.command()
@click.option("--bind", metavar="HOST:PORT", help="Address and port to listen on.  [default: 0.0.0.0:8080]")
@click.option("--workers", type=int, help="Processes that answer hook calls.  [default: 2]")
@click.option("--threads", type=int, help="Threads of each process.  [default: 4]")
def serve(**options: Any) -> None:
    """Serve the webhooks that Metacontroller calls.

    Options win over the environment, where each setting has its variable: TOOLHIVE_HOOKS_BIND and so on.
    """
    from hooks.server.gunicorn import serve as run  # noqa: PLC0415  # what only serving needs is loaded there

    run(_settings(**{name: value for name, value in options.items() if value is not None}))


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json", "summary"]),
    default="yaml",
    show_default=True,
    help="Manifests, one v1 List of them, or a table for people.",
)
@click.option("--server", metavar="URL", help="Ask a running server instead of computing here.")
def render(paths: tuple[str, ...], output: str, server: str | None) -> None:
    """Show what a cluster would get from these manifests, without a cluster.

    PATH is a file, a folder, or - for stdin; YAML or JSON. Prints the children of each MCPServer, MCPExternalAuthConfig
    and MCPToolConfig, then these with their status.

    Exit codes: 0 all is well; 1 a parent ends Failed, or nothing settles; 2 the input can't be read.
    """
    sys.exit(
        render_command(
            paths,
            output=output,
            server_url=server,
            config=_settings().config(),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
    )


@main.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="Write a file for each kind there."
)
def crds(directory: Path | None) -> None:
    """Print the CustomResourceDefinitions, made from the models that the hooks read."""
    if directory is None:
        click.echo("---\n".join(manifests().values()), nl=False)
        return
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in manifests().items():
        (directory / name).write_text(text)


def _settings(**options: Any) -> Settings:
    try:
        return Settings(**options)
    except ValidationError as error:
        _refuse(error)


def _refuse(error: ValidationError) -> NoReturn:
    """Name each setting that is wrong; values stay unsaid, since one of them is a key."""
    for fault in error.errors(include_url=False, include_input=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else ""
        prefix = "" if not name or name.startswith(("TOOLHIVE_", "OPERATOR_")) else "TOOLHIVE_HOOKS_"
        click.echo(f"toolhive-hooks: {prefix}{name}{': ' if name else ''}{fault['msg']}", err=True)
    sys.exit(USAGE_ERROR)
