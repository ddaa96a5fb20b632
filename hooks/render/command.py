"""`toolhive-hooks render`, less its command line: what is read, where it is written, and the exit code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import BinaryIO, TextIO

from hooks.api.crd import crds
from hooks.controllers import CONTROLLERS
from hooks.installation import Installation
from hooks.manifests.load import InputError, load
from hooks.render.output import FORMATS, to_summary, wants_colour
from hooks.simulator.admission import schemas_of
from hooks.simulator.run import NoFixedPoint, Result, render
from hooks.simulator.webhooks import Unreachable, in_process, over_http
from hooks.text import one_line

DONE, FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: all is well; a parent ends Failed, or nothing comes to rest; nothing could be rendered."""

CLOCK = datetime(1970, 1, 1, tzinfo=UTC)


def render_command(
    paths: Sequence[str],
    *,
    output: str,
    server_url: str | None,
    installation: Installation,
    stdin: BinaryIO,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Render these manifests.

    Args:
        paths: files, folders, or `-`.
        output: one of `FORMATS`.
        server_url: a running server to ask, in place of this process.
        installation: the installation's settings; a server has its own.
        stdin: what `-` reads.
        stdout: gets the objects, whatever they came to.
        stderr: gets warnings and failures.

    Returns:
        The exit code: see `DONE`.
    """

    def say(text: str) -> None:
        stderr.write(f"{one_line(text)}\n")

    trouble = ""
    try:
        hooks = over_http(server_url) if server_url else in_process(CONTROLLERS, installation, CLOCK)
        result: Result = render(load(paths, stdin), hooks, CONTROLLERS, schemas_of(crds()))
    except (InputError, Unreachable) as error:
        say(f"error: {error}")
        return UNUSABLE
    except NoFixedPoint as error:
        result, trouble = error.result, str(error)
    painted = output == "summary" and wants_colour(stdout)
    stdout.write(to_summary(result, colour=True) if painted else FORMATS[output](result))
    for warning in result.warnings:
        say(f"warning: {warning}")
    for failure in result.failed:
        say(f"failed: {failure.parent}: {failure.reason}: {failure.message}")
    if trouble:
        say(f"error: {trouble}")
    return FAILED if trouble or result.failed else DONE
