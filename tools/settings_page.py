"""Print docs/settings.md, made from the settings class: `make settings`."""

from __future__ import annotations

from hooks.server.settings import described

HEAD = """\
# Settings

<!-- Made by `make settings` from hooks/server/settings.py. -->

`toolhive-hooks serve` reads these environment variables; `render` and `diff` read those that change what is made. A
wrong value ends the start with exit code 2 and a message that names the variable. In a cluster, set them in the
Deployment `toolhive-hooks`; most of them come with a component of [the installation](installing.md).

| Variable | Value | Default | What for |
|---|---|---|---|
"""


def page() -> str:
    """The page's text."""
    rows = []
    for setting in described():
        default = f"`{setting.default}`" if setting.default else ""
        values = setting.values.replace("|", ", ")
        rows.append(f"| `{setting.variable}` | {values} | {default} | {setting.description} |\n")
    return HEAD + "".join(rows)


if __name__ == "__main__":
    print(page(), end="")
