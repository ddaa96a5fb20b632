"""Commands that look at the user's cluster."""

from __future__ import annotations

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hooks.commands import completion
from hooks.commands.manifests import source_options
from hooks.commands.options import (
    USAGE_ERROR,
    Access,
    Duration,
    all_namespaces,
    chosen_namespace,
    namespace,
    of_cluster,
    selector,
    settings,
    user_cluster,
)
from hooks.manifests.load import Source


@click.command(short_help="Show servers with all that they need, and why they wait.")
@of_cluster
@namespace
@all_namespaces
@selector
@click.option("-o", "--output", type=click.Choice(["tree", "json"]), default="tree", show_default=True, help="Form.")
@click.option("-w", "--watch", is_flag=True, help="Show it again whenever it changes, until interrupted.")
@click.argument("name", default="", metavar="[[KIND/]NAME]", shell_complete=completion.objects)
def status(access: Access, name: str, **options: Any) -> None:
    """Show each server of a namespace with its configs, Secrets, Deployment, StatefulSet and pods.

    Each line has a state; where something is wrong, it has the reason and the remedy too. NAME alone is a server. For a
    config, such as mcpexternalauthconfig/NAME, the tree shows its users. The command reads with your own rights, and
    never reads the content of a Secret.

    \b
    Exit codes:
      0  all is well
      1  an object isn't ready
      2  the cluster can't be read
    """  # noqa: D301  # click's mark for lines that stay as they are
    if name and options["selector"]:
        raise click.UsageError("NAME and -l exclude each other")
    with user_cluster(access, bug=USAGE_ERROR) as cluster:
        from hooks.status.command import status_command  # noqa: PLC0415

        where = chosen_namespace(cluster, options["namespace"], everywhere=options["all_namespaces"])
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        code = status_command(
            cluster,
            namespace=where,
            name=name,
            labels=options["selector"],
            output=options["output"],
            watch=options["watch"],
            width=width,
            clock=lambda: datetime.now(UTC),
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
        sys.exit(code)


@click.command(short_help="Say whether the installation in a cluster is well.")
@of_cluster
@click.option(
    "--wait",
    type=Duration(),
    default="0s",
    metavar="TIME",
    help="Try again until all is well, at most so long: 30s, 2m.",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form.")
def check(access: Access, wait: int, output: str) -> None:
    """Say whether the hooks are well installed in a cluster: Metacontroller, CRDs, calls, TLS, rights.

    For each fault it prints the command that fixes it. docs/troubleshooting.md has the same list. It reads with your
    own rights; a point that you may not read counts as unknown. Nothing is changed.

    \b
    Exit codes:
      0  all is well, or unknown
      1  there is a fault
      2  the cluster can't be read
    """  # noqa: D301  # click's mark for lines that stay as they are
    with user_cluster(access, bug=USAGE_ERROR) as cluster:
        from hooks.check.command import check_command  # noqa: PLC0415

        deadline = time.monotonic() + wait
        sys.exit(
            check_command(
                cluster,
                output=output,
                clock=lambda: datetime.now(UTC),
                left=lambda: deadline - time.monotonic(),
                stdout=sys.stdout,
            )
        )


@click.command(short_help="Take over from ToolHive's own operator, or go back.")
@of_cluster
@click.option(
    "-n",
    "--namespace",
    default="",
    metavar="NS",
    help="Only this namespace.  [default: all]",
    shell_complete=completion.namespaces,
)
@click.option("--apply", is_flag=True, help="Make the changes; without it they are only shown.")
@click.option("--revert", is_flag=True, help="Go back to the old operator.")
@click.option("--convert", is_flag=True, help="Rewrite old fields of the cluster's objects as current ones.")
@click.option("--force", "forced", is_flag=True, help="With --convert: also objects that Argo CD or Flux owns.")
@click.option(
    "--backup",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --convert: file for the objects as they were.  [default: named after the time]",
)
@click.option(
    "--from",
    "copy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --convert: a copy of the objects from before the CRDs were replaced, which has the fields they hide.",
)
@click.option(
    "--operator-namespace",
    default="",
    metavar="NS",
    help="Where the old operator is.  [default: all]",
    shell_complete=completion.namespaces,
)
def migrate(
    access: Access, *, revert: bool, convert: bool, forced: bool, backup: Path | None, copy: Path | None, **options: Any
) -> None:
    """Take over from ToolHive's own operator, of any release from 0.3 to 0.44, or give back to it.

    Children, finalizers and shared configs of the old operator become Metacontroller's. No object is deleted, and
    no pod restarts by this. You can run it again at any time: finished changes are left alone.

    With --convert it rewrites objects with fields of older releases in the current fields, after a backup.

    \b
    Exit codes:
      0  all is done, or shown
      1  a change failed
      2  refused, and nothing was changed
    """  # noqa: D301  # click's mark for lines that stay as they are
    if revert and convert:
        raise click.UsageError("--revert and --convert exclude each other: convert first, then go back")
    if (forced or backup or copy) and not convert:
        raise click.UsageError("--force, --backup and --from need --convert")
    with user_cluster(access) as cluster:
        from hooks.migrate.command import migrate_command  # noqa: PLC0415
        from hooks.migrate.convert_command import convert_command  # noqa: PLC0415

        streams: dict[str, Any] = {"now": datetime.now(UTC), "stdout": sys.stdout, "stderr": sys.stderr}
        if convert:
            code = convert_command(cluster, forced=forced, backup=backup, copy=copy, **options, **streams)
        else:
            code = migrate_command(cluster, revert=revert, **options, **streams)
        sys.exit(code)


@click.command(short_help="Show what the hooks would change in the cluster.")
@of_cluster
@namespace
@all_namespaces
@selector
@source_options
@click.argument("name", default="", shell_complete=completion.servers)
def diff(access: Access, name: str, **options: Any) -> None:
    """Show what the hooks would change in the cluster, like `kubectl diff`.

    NAME is an MCPServer; without it, the whole namespace is compared. With -f or -k it shows what applying these
    manifests would change. The hooks run in this process, with the settings in its environment. The API server then
    checks their answers in a server-side dry run. Nothing is written.

    \b
    Exit codes:
      0  no difference
      1  there are differences
      2  the comparison failed
    """  # noqa: D301  # click's mark for lines that stay as they are
    files = Source(options["files"], options["kustomizations"], options["ignore"])
    given = bool(files.paths or files.kustomizations)
    if given + bool(name) + bool(options["selector"]) > 1:
        raise click.UsageError("NAME, -l, and -f or -k exclude each other")
    with user_cluster(access, bug=USAGE_ERROR) as cluster:
        from hooks.diff.command import Options, diff_command  # noqa: PLC0415

        where = chosen_namespace(cluster, options["namespace"], everywhere=options["all_namespaces"])
        if name and not where:
            raise click.UsageError("which namespace? Give -n with NAME, and not -A")
        code = diff_command(
            cluster,
            Options(where, name, options["selector"], files if given else None),
            installation=settings().installation(),
            now=datetime.now(UTC),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
        )
        sys.exit(code)
