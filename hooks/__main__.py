"""`python -m hooks` is `toolhive-hooks`."""

from hooks.cli import main

main(prog_name="toolhive-hooks")
