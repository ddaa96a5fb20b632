"""Check that the pages and messages are plain English: `python -m tools.words [FILE ...]`.

A sentence has at most 25 words. It has no subject from SUBJECTS, no inversion from INVERTED and no word from COINED.
A code span counts as one word, a table is read cell by cell, and code blocks are left out. Docstrings and comments of
the code have no word from RIDDLES.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 25

SUBJECTS = re.compile(
    r"(?:^|[;:(] ?|, (?=what)|\b(?:but|so|then|that|where|while|because|since|if|when|until) )(?:what|who)\b"
    r"|\b(?:whatever|whoever|whichever|whosoever|nobody|somebody|everybody)\b",
    re.IGNORECASE,
)
"""Pronouns that stand for a thing that the sentence should name."""

_FIRST = "put the subject first"
INVERTED = {
    r"\b(?:so|nor|neither|thus|hence) (?:is|are|was|do|does|did|has|have|would|can|will)\b": _FIRST,
    r"^(?:beside|behind|below|above|under|in|from|on|with|to) [^,.]{1,60} (?:stands?|lies|belongs?|hangs?) ": _FIRST,
    r"\b(?:also|there|here|so) (?:stands?|goes|lies|holds)\b": _FIRST,
    r"^(?:only|not|never|rarely)\b.{0,60}\b(?:does|do|is|are|has|can|will) (?:it|they|the|a|an)\b": _FIRST,
    r"\bof (?:it|them|which|whom) `?\w+`? (?:shows|has|says|is|are)\b": _FIRST,
    r"^(?:should|had|were) (?:the|a|an|it|they|you)\b": "write `if`",
    r"^(?:hence|whence|thence)\b": "write a sentence with `so`",
}
"""Clauses whose verb comes before the subject, as far as a pattern finds them."""

COINED = {
    r"shall": "must, or the present tense",
    r"stands?|stood": "is, has or says",
    r"goes|went": "is removed, fits or runs",
    r"brings?|brought": "includes, has or needs",
    r"holds": "contains, has or keeps",
    r"judge[sd]?|judging|judge?ments?|verdicts?": "checks, checked or result",
    r"whereby|wherein|whereof|thereof|therein|thereby|hereby|herewith": "a sentence of its own",
    r"but for": "except",
    r"for want of": "because there is no",
    r"in the manner of": "like",
    r"as is meant|as it is meant": "intended",
    r"put(?:s|ting)? right|set(?:s|ting)? right": "fix",
    r"mends?|mended|mending": "fix",
    r"in clear": "in plain text",
    r"comes? to rest": "stops changing",
    r"takes? down|taken down": "delete",
    r"of ours|of yours|of theirs": "our, your or their",
    r"looks? after|looked after": "manages",
    r"lets? go of": "releases",
    r"less its": "without its",
    r"all the same|once more": "still, or again",
    r"the like": "others",
}
"""Words that a reader has to guess, with plainer ones."""


RIDDLES = re.compile(
    r"\b(?:told|tells?|judg\w*|verdicts?|(?:no|some|any|every)body|(?:what|who|which)(?:so)?ever)\b", re.IGNORECASE
)
"""Words in docstrings and comments that keep a reader from the name of a thing."""


@dataclass(frozen=True)
class Sentence:
    """A sentence, and the line where its paragraph begins."""

    line: int
    text: str


def faults(sentence: str) -> list[str]:
    """Say what is wrong with a sentence; it is empty where nothing is."""
    question = sentence.endswith("?")
    found = []
    if (count := len([word for word in sentence.split() if re.search(r"\w", word)])) > LONGEST:
        found.append(f"{count} words")
    if not question and (subject := SUBJECTS.search(sentence)):
        found.append(f"subject {subject[0].strip()!r}: name the thing")
    found += [
        f"inverted: {remedy}" for pattern, remedy in INVERTED.items() if re.search(pattern, sentence, re.IGNORECASE)
    ]
    for pattern, better in COINED.items():
        if word := re.search(rf"\b(?:{pattern})\b", sentence, re.IGNORECASE):
            found.append(f"{word[0]!r}: write {better}")
    return found


def sentences_of(text: str) -> list[str]:
    """Split a paragraph into sentences."""
    plain = re.sub(r"``.+?``|`[^`]*`", "X", " ".join(text.split()))
    plain = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^()\s]*\)", r"\1", plain)
    plain = re.sub(r"<[^<>]*>|\*\*|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", "", plain)
    return [part for part in re.split(r"(?<=[.!?]) +|(?<=[.!?][\")]) +", plain.strip()) if part]


def markdown(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a page: of its paragraphs, list items and cells, without headings and code blocks."""
    paragraph: list[str] = []
    begin = 0
    fenced = False
    lines = [*text.splitlines(), ""]
    for number, line in enumerate(lines, 1):
        fence = line.lstrip().startswith("```")
        fenced = fenced != fence
        row = line.startswith("|")
        item = re.match(r"\s*(?:[-*]|\d+\.) +", line)
        indented = line.startswith("    ") and not paragraph
        if fenced or fence or row or item or indented or not line.strip() or line.startswith(("#", "<!--")):
            yield from (Sentence(begin, each) for each in sentences_of(" ".join(paragraph)))
            paragraph = []
        if fenced or fence or indented or line.startswith(("#", "<!--")):
            continue
        if row:
            rule = re.compile(r"\|[-:| ]+\|")
            head = rule.fullmatch(line) or (number < len(lines) and rule.fullmatch(lines[number]))
            cells = [] if head else re.split(r"(?<!\\)\|", line.strip().strip("|"))
            yield from (Sentence(number, each) for cell in cells for each in sentences_of(cell))
        elif line.strip():
            begin = begin if paragraph else number
            paragraph.append(line[item.end() :] if item else line)


def messages(source: str) -> Iterator[Sentence]:
    """Yield the texts of a module that users read: strings of at least four words that are no docstring and no code."""
    tree = ast.parse(source)
    passed = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.FunctionDef) and _is_command(node):
            yield from _help(node)
    for node in ast.walk(tree):
        if id(node) in passed or not isinstance(node, (ast.Constant, ast.JoinedStr)):
            continue
        text = _text(node)
        if len(text.split()) >= 4 and not re.search(r"&&|\|\||self\.|\\[sdSw.]|\(\?", text):
            yield from (Sentence(node.lineno, each) for part in text.split("\n\n") for each in sentences_of(part))


def explanations(source: str) -> Iterator[Sentence]:
    """Yield the docstrings and comments of a module, a line each."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines = node.value.value.splitlines()
            yield from (Sentence(node.lineno + number, line.strip()) for number, line in enumerate(lines))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Sentence(token.start[0], token.string)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)


def _is_command(function: ast.FunctionDef) -> bool:
    return any(".command" in ast.unparse(each) or ".group" in ast.unparse(each) for each in function.decorator_list)


def _help(function: ast.FunctionDef) -> Iterator[Sentence]:
    """Yield the help of a command, its docstring, without the examples, which click marks by a backspace."""
    parts = (ast.get_docstring(function) or "").split("\n\n")
    prose = [part for part in parts if "\b" not in part]
    yield from (Sentence(function.lineno, each) for part in prose for each in sentences_of(part))


def manifest(text: str) -> Iterator[Sentence]:
    """Yield the descriptions of a CRD, or the annotations of alerts."""
    for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        yield from (Sentence(0, each) for told in _told(document) for each in sentences_of(told))


def _told(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in {"description", "summary", "deprecationWarning"} and isinstance(each, str):
                yield re.sub(r"\{\{.*?\}\}", "X", each)
            elif key != "podTemplateSpec":
                yield from _told(each)
    elif isinstance(value, list):
        for each in value:
            yield from _told(each)


def checked() -> list[Path]:
    """All files that users read."""
    globs = ["*.md", ".github/*.md", "docs/*.md", "examples/*/README.md", "charts/*/README.md"]
    globs += ["crds/*.yaml", "metacontroller/components/*/prometheusrule.yaml", "hooks/**/*.py"]
    return sorted({path for glob in globs for path in ROOT.glob(glob) if path.name != "commands.md"})


OPERATORS_OWN = ("type must be 'oidc' or 'oauth2'; ",)
"""Beginnings of messages that are those of ToolHive's own CRDs, word by word."""


def sentences(path: Path) -> Iterator[Sentence]:
    """Yield the sentences of a file."""
    text = path.read_text()
    if path.suffix == ".md":
        return markdown(text)
    return messages(text) if path.suffix == ".py" else manifest(text)


def complaints(path: Path) -> list[str]:
    """Say what is wrong in a file, a line for each sentence."""
    found = [(each, faults(each.text)) for each in sentences(path) if not each.text.startswith(OPERATORS_OWN)]
    if path.suffix == ".py":
        found += [
            (each, [f"{word!r}: name the thing"])
            for each in explanations(path.read_text())
            for word in RIDDLES.findall(each.text)
        ]
    name = path.relative_to(ROOT)
    return [f"{name}:{each.line}: {'; '.join(wrong)}: {each.text}" for each, wrong in found if wrong]


def main() -> None:
    """Print what is wrong in the files given, or in all that users read."""
    given = [Path(name).resolve() for name in sys.argv[1:]]
    found = [line for path in given or checked() for line in complaints(path)]
    print("".join(f"{line}\n" for line in found), end="")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
