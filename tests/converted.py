"""The convert command, run as the command line runs it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

from hooks.convert.command import convert_command

API = "toolhive.stacklok.dev/v1alpha1"
HEAD = f"apiVersion: {API}\nkind: MCPServer\nmetadata:\n  name: demo\nspec:\n"
NEW_HEAD = HEAD.replace("v1alpha1", "v1beta1")
INLINE = {"issuer": "https://auth.example.com", "audience": "mcp"}
OIDC = {"type": "inline", "inline": INLINE}


class Outcome(NamedTuple):
    """What a run came to."""

    code: int
    stdout: str
    stderr: str


def convert(
    *paths: Path | str,
    stdin: str = "",
    in_place: bool = False,
    output: Path | None = None,
    diff: bool = False,
    check: bool = False,
) -> Outcome:
    stdout, stderr = io.StringIO(newline=""), io.StringIO()
    code = convert_command(
        [str(path) for path in paths],
        in_place=in_place,
        output=output,
        diff=diff,
        check=check,
        stdin=io.BytesIO(stdin.encode()),
        stdout=stdout,
        stderr=stderr,
    )
    return Outcome(code, stdout.getvalue(), stderr.getvalue())


def converted(text: str) -> str:
    """A text after the conversion, which finds no fault; done again it changes nothing."""
    outcome = convert("-", stdin=text)
    assert outcome.code == 0, outcome.stderr
    assert convert("-", stdin=outcome.stdout).stdout == outcome.stdout
    assert convert("-", stdin=outcome.stdout, check=True).code == 0
    return outcome.stdout


def refused(text: str) -> str:
    """Why the objects of a text can't be converted; the text stays as it is."""
    outcome = convert("-", stdin=text)
    assert (outcome.code, outcome.stdout) == (1, text)
    return "".join(line for line in outcome.stderr.splitlines(keepends=True) if line.startswith("failed: "))


def manifest(spec: str) -> str:
    """A manifest of the MCPServer `demo` of the old dialect, with this text as its spec."""
    return HEAD + indent(dedent(spec), "  ")


def server(name: str, namespace: str = "", **spec: object) -> str:
    """A manifest of an MCPServer of the old dialect, a line for each field."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    lines = {"image": "x", "proxyMode": "sse", **spec}
    body = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in lines.items())
    return f"apiVersion: {API}\nkind: MCPServer\nmetadata: {json.dumps(metadata)}\nspec:\n{body}"
