"""Print docs/commands.md, made from the command line's own help: `make commands`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hooks.cli import main

HEAD = """\
# Commands

<!-- Made by `make commands` from hooks/cli.py. -->

Look up every command and option. [cli.md](cli.md) shows what they are for.

`make demo` or `make test` installs the program as `.venv/bin/toolhive-hooks`. In the image it is the entry point.
"""

WIDTH = 100


def page() -> str:
    """The page's text."""
    return HEAD + "".join(_sections(main, None))


def _sections(command: click.Command, parent: click.Context | None) -> Iterator[str]:
    """A section for a command, and for each of its own."""
    name = command.name if parent else "toolhive-hooks"
    # The settings have a page of their own.
    epilog, command.epilog = command.epilog, None
    width = {"terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, parent=parent, info_name=name, **command.context_settings, **width)
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    command.epilog = epilog
    if epilog:
        yield "\nThe environment variables that it reads are in [settings.md](settings.md).\n"
    if isinstance(command, click.Group):
        for subcommand in command.commands.values():
            yield from _sections(subcommand, context)


if __name__ == "__main__":
    print(page(), end="")
