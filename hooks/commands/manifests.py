"""Commands that read manifests and need no cluster."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click

from hooks.commands.options import USAGE_ERROR, settings
from hooks.convert.command import convert_command
from hooks.manifests.load import Source
from hooks.render.command import OUTPUTS, Options, render_command
from hooks.render.report import REPORTS
from hooks.simulator.webhooks import Access, Hooks, Unreachable, over_http

_QUIET_SECONDS = 2
_PATH = click.Path(allow_dash=True)
_FILE = click.Path(exists=True, dir_okay=False)


def source_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which manifests are meant."""
    for option in (
        click.option(
            "-f",
            "--filename",
            "files",
            multiple=True,
            type=_PATH,
            metavar="PATH",
            help="A file, a folder, or - for stdin.",
        ),
        click.option(
            "-k",
            "--kustomize",
            "kustomizations",
            multiple=True,
            type=click.Path(file_okay=False),
            metavar="DIR",
            help="Build this kustomization, with kubectl or kustomize.",
        ),
        click.option(
            "--ignore", multiple=True, metavar="GLOB", help="Leave out files and folders of this name or path."
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="Show what a cluster would get, without one.")
@click.argument("paths", nargs=-1, type=_PATH, metavar="[PATH]...")
@source_options
@click.option("-n", "--namespace", default="", metavar="NS", help="Namespace of manifests that name none.")
@click.option(
    "-o",
    "--output",
    type=click.Choice(OUTPUTS),
    default="yaml",
    show_default=True,
    help="Manifests, the same as one List, a table, a tree, or only the report.",
)
@click.option(
    "--report",
    type=click.Choice(list(REPORTS)),
    default="text",
    show_default=True,
    help="Form of the report on stderr; github makes annotations of a pull request.",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Only warn of unknown kinds, of unknown fields beside the spec, and of an empty input.",
)
@click.option("--assume-secrets", is_flag=True, help="Treat each Secret that a manifest names as present.")
@click.option("--server", metavar="URL", help="Ask a running server instead of computing here.")
@click.option(
    "--server-ca",
    type=_FILE,
    metavar="FILE",
    help="CA certificates of the server, in PEM.",
)
@click.option("--server-token-file", type=_FILE, metavar="FILE", help="The bearer token that the server asks for.")
@click.option("--server-cert", type=_FILE, metavar="FILE", help="A client certificate in PEM, for the server.")
@click.option("--server-key", type=_FILE, metavar="FILE", help="The client certificate's private key.")
def render(paths: tuple[str, ...], files: tuple[str, ...], server: str | None, **options: Any) -> None:
    """Show what a cluster would get from these manifests, and what it would refuse, without a cluster.

    PATH is a file, a folder, or - for stdin; YAML or JSON. It prints the children of each object of
    toolhive.stacklok.dev, then the object with its status. Objects that exist only in the cluster count as missing.
    A Secret counts as there if an ExternalSecret or SealedSecret among the manifests makes it.

    It is as strict as `kubectl apply`: an unknown field, kind or version is an error. So it can be a check in CI.
    Helm charts, patches of kustomizations and other YAML are left out with a note.

    \b
    toolhive-hooks render servers/ -o summary
    toolhive-hooks render -k overlays/prod -o none --report github
    helm template chart/ | toolhive-hooks render -

    \b
    Exit codes:
      0  all is well, with or without warnings
      1  an object would be refused, end Failed or never stop changing
      2  a file can't be read, or there is no object of toolhive.stacklok.dev
    """  # noqa: D301  # click's mark for lines that stay as they are
    chosen = _source((*paths, *files), options)
    access = Access(options["server_ca"], options["server_token_file"], options["server_cert"], options["server_key"])
    sys.exit(
        render_command(
            Options(chosen, options["output"], options["report"], options["lenient"], options["assume_secrets"]),
            installation=settings().installation(),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
            hooks=_hooks(server, access),
            progress=progress(sys.stderr),
        )
    )


@click.command(short_help="Rewrite manifests of any ToolHive release in the current fields.")
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="PATH...")
@click.option("--in-place", is_flag=True, help="Overwrite the files.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write all the files to this folder.",
)
@click.option("--diff", is_flag=True, help="Show the differences in place of the manifests.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something would change.")
def convert(paths: tuple[str, ...], output: Path | None, **options: bool) -> None:
    """Rewrite manifests of ToolHive 0.3 to 0.44 in v1beta1 and its current fields.

    PATH is a file, a folder, or - for stdin; YAML or JSON. Each line that needn't change stays as it is. Settings that
    are objects of their own now are added after their server: MCPOIDCConfig, MCPTelemetryConfig, MCPToolConfig. It
    prints the manifests, unless an option says otherwise. Stderr names the changes, and the objects that are left.

    \b
    Exit codes:
      0  all is converted
      1  an object has no form in the current fields, or --check found a change
      2  the input can't be read, and nothing was written
    """  # noqa: D301  # click's mark for lines that stay as they are
    if options["in_place"] and (output is not None or "-" in paths):
        raise click.UsageError("--in-place writes to the files themselves: give neither --output nor -")
    sys.exit(
        convert_command(paths, output=output, **options, stdin=sys.stdin.buffer, stdout=sys.stdout, stderr=sys.stderr)
    )


def _source(paths: tuple[str, ...], options: dict[str, Any]) -> Source:
    if not paths and not options["kustomizations"]:
        raise click.UsageError("which manifests? Give a PATH, or -k DIR")
    return Source(paths, options["kustomizations"], options["ignore"], options["namespace"])


def _hooks(server: str | None, access: Access) -> Hooks | None:
    if server is None:
        if any(access):
            raise click.UsageError("--server-ca, --server-token-file, --server-cert and --server-key need --server")
        return None
    try:
        return over_http(server, access)
    except Unreachable as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(USAGE_ERROR)


def progress(stream: TextIO) -> Callable[[str], None]:
    """Show on a terminal how far a run is, once it has taken more than two seconds; elsewhere nothing."""
    if not stream.isatty():
        return lambda _: None
    start = last = time.monotonic()

    def show(text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - start > _QUIET_SECONDS and now - last > 0.2:
            last = now
            stream.write(f"\r{text[:78]:78}\r")
            stream.flush()

    return show
