"""tools/words.py: pages and messages are plain English."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.words import RIDDLES, ROOT, checked, complaints, explanations, faults, manifest, markdown, messages


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", checked(), ids=name)
def test_a_file_is_plain_english(path: Path) -> None:
    assert complaints(path) == []


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("The proxy checks each token.", []),
        ("What does it cost at rest?", []),
        (" ".join(["word"] * 26), ["26 words"]),
        ("Whoever reaches the port may call.", ["subject 'Whoever': name the thing"]),
        ("They run; what is missing is named.", ["subject '; what': name the thing"]),
        ("The status says what is wrong.", []),
        ("The user who logged in owns the session.", []),
        ("A config is kept, and so is a server.", ["inverted: put the subject first"]),
        ("Should the pod fail, it starts again.", ["inverted: write `if`"]),
        ("A name goes at once.", ["'goes': write is removed, fits or runs"]),
        ("Go reads it.", []),
    ],
)
def test_each_fault_of_a_sentence_is_told(sentence: str, wrong: list[str]) -> None:
    assert faults(sentence) == wrong


def test_a_page_is_read_by_paragraphs_items_and_cells() -> None:
    page = """\
# A heading

One sentence over
two lines. A [link](there.md) and `some code`.

- an item
- another

| head | head |
|---|---|
| a cell | what `x` means. More |

```sh
echo what is this
```

    a picture
"""
    assert [(each.line, each.text) for each in markdown(page)] == [
        (3, "One sentence over two lines."),
        (3, "A link and X."),
        (6, "an item"),
        (7, "another"),
        (11, "a cell"),
        (11, "what X means."),
        (11, "More"),
    ]


def test_messages_are_strings_of_words_that_are_no_code() -> None:
    module = '''\
"""A docstring that is for developers only."""
short = "two words"
message = f"{kind} {name} is missing: create it. " "Or not."
rule = "self.a == 1 && self.b == 2"
'''
    assert [(each.line, each.text) for each in messages(module)] == [(3, "X X is missing: create it."), (3, "Or not.")]


def test_descriptions_are_read_but_those_of_a_pod_template() -> None:
    crd = """\
spec:
  description: Says something.
  podTemplateSpec: {description: Kubernetes says it}
  rules: [{annotations: {summary: "{{ $labels.kind }} is down."}}]
"""
    assert [each.text for each in manifest(crd)] == ["Says something.", "X is down."]


def test_docstrings_and_comments_have_no_riddles() -> None:
    source = '''
"""It says whatever it is told."""
limit = 3  # nobody needs more
"""The most, judged by use."""
text = "nobody"
'''
    found = [(each.line, RIDDLES.findall(each.text)) for each in explanations(source)]
    assert found == [(2, ["whatever", "told"]), (4, ["judged"]), (3, ["nobody"])]
