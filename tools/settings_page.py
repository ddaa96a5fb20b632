"""Print docs/settings.md, made from the settings class: `make settings`."""

from __future__ import annotations

from hooks.server.settings import described

HEAD = """\
# Settings

<!-- Made by `make settings` from hooks/server/settings.py. -->

Configure the hooks with these environment variables. In a cluster, set them in the Deployment `toolhive-hooks`. Most of
them come with a component of [the installation](installing.md).

`toolhive-hooks serve` reads all of them. `render` and `diff` read those that change children. With a wrong value the
program exits with code 2 and a message that names the variable.

| variable | value and meaning |
|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = []
    for setting in described():
        default = f", default `{setting.default}`" if setting.default else ""
        values = setting.values.replace("|", ", ")
        rows.append(f"| `{setting.variable}` | {values}{default}<br>{setting.description} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    print(page(), end="")
