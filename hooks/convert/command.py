"""`toolhive-hooks convert`, less its command line: what is read, where it is written, and the exit code."""

from __future__ import annotations

import difflib
import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

from hooks.convert.left_out import left_out
from hooks.convert.run import Result, run
from hooks.convert.sources import Source, sources
from hooks.manifests.load import InputError
from hooks.text import one_line, some

_CLIENT_SECRET = re.compile(r"""(client-?[sS]ecret["']?\s*:\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,{}]+)""")
_TELLING = 6
"""Characters of a secret's line that are hidden anywhere; shorter ones would be parts of other words."""

DONE, FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: all is in the current fields; an object can't be, or with --check isn't; nothing could be converted."""


def convert_command(
    paths: Sequence[str],
    *,
    in_place: bool,
    output: Path | None,
    diff: bool,
    check: bool,
    stdin: BinaryIO,
    stdout: TextIO,
    stderr: TextIO,
) -> int:
    """Convert these manifests.

    Args:
        paths: files, folders, or `-`.
        in_place: whether files are written anew where they are.
        output: a folder to write all files to.
        diff: whether the differences are shown, in place of the manifests.
        check: whether nothing is written, and the exit code says if something would change.
        stdin: what `-` reads.
        stdout: gets the manifests where they aren't written to files, or the differences.
        stderr: gets what was done, and what is left to do.

    Returns:
        The exit code: see `DONE`.
    """
    try:
        files, notes = sources(paths, stdin)
        if output is not None:
            _refuse_twice(files)
        result = run(files)
        result.left += left_out(notes)
        _print(files, result, stdout, manifests=not (in_place or output or diff or check), diff=diff)
        if not check:
            _write(files, result, in_place=in_place, output=output)
    except InputError as error:
        stderr.write(f"error: {one_line(str(error))}\n")
        return UNUSABLE
    except OSError as error:
        stderr.write(f"error: {one_line(f'{error.filename}: {error.strerror}')}\n")
        return UNUSABLE
    _say(result, stderr, check=check)
    return FAILED if result.failed or (check and result.converted) else DONE


def _say(result: Result, stderr: TextIO, *, check: bool) -> None:
    for word, lines in {
        "would convert" if check else "converted": result.converted,
        "would add" if check else "added": result.added,
        "note": [f"{some(objects)}: {note}" for note, objects in result.notes.items()],
        "warning": result.warnings,
        "left": result.left,
        "failed": result.failed,
    }.items():
        stderr.writelines(f"{word}: {one_line(line)}\n" for line in lines)


def _print(files: Sequence[Source], result: Result, stdout: TextIO, *, manifests: bool, diff: bool) -> None:
    if diff:
        differences = map(_difference, files, result.texts)
        stdout.writelines(_masked(difference, result.secrets) for difference in differences)
    elif manifests:
        stdout.write(_stream([text for file, text in zip(files, result.texts, strict=True) if file.is_read]))


def _stream(texts: Sequence[str]) -> str:
    """All files as one; those after the first begin with a mark of their own."""
    stream = ""
    for text in filter(str.strip, texts):
        stream += "\n" if stream and not stream.endswith("\n") else ""
        stream += "---\n" if stream and not text.startswith("---") else ""
        stream += text
    return stream


def _difference(file: Source, text: str) -> str:
    before, after = (each.splitlines(keepends=True) for each in (file.text, text))
    lines = difflib.unified_diff(before, after, file.name, f"{file.name} (converted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _masked(text: str, secrets: Sequence[str]) -> str:
    """Hide client secrets: all behind their keys, and those that were moved wherever they stand."""
    text = _CLIENT_SECRET.sub(r"\1***", text)
    for line in (line for secret in secrets for line in secret.splitlines()):
        text = text.replace(line, "***") if len(line) >= _TELLING else text
    return text


def _refuse_twice(files: Sequence[Source]) -> None:
    names = [file.relative for file in files]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two of the files would be {name} in the output folder: convert them one by one")


def _write(files: Sequence[Source], result: Result, *, in_place: bool, output: Path | None) -> None:
    for file, text in zip(files, result.texts, strict=True):
        content = (BOM_UTF8 if file.bom else b"") + text.encode()
        if output is not None:
            target = output / file.relative
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        elif in_place and file.path and text != file.text:
            _replace(file.path.resolve(), content)


def _replace(path: Path, content: bytes) -> None:
    """Write a file anew, in one step: a reader, or a crash, finds the old one or the new one."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.chmod(path.stat().st_mode)
    new.replace(path)
