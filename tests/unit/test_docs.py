"""README and docs/: what they name exists, and what exists is named.

Settings are held in test_settings.py, and each reason that an answer has in tests/world.py; the commands of
docs/installing.md and the output in docs/troubleshooting.md are run in tests/e2e.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from hooks import webhook
from hooks.cli import main
from hooks.metacontroller.controller import HOOKS
from hooks.server.app import create_metrics
from hooks.server.settings import described
from tests.examples import commands
from tests.payloads.test_recorded import ours
from tests.world import BY_KIND, CONFIG, NOW
from tools import commands_page, flow

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
HAND_WRITTEN = [page for page in PAGES if page.name != "commands.md"]

FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")

OURS = re.compile(r"`((?:crds|docs|examples|hooks|metacontroller|requirements|tests|tools)/[\w./-]+)`")
ELSEWHERE = {"hooks/controllers/cache_config.py", "metacontroller/metacontroller"}
"""What a reader of docs/extending.md is to write; and Metacontroller's own repository."""

OF_MAKE = {"OPERATOR_CRDS", "OPERATOR_OCTOBER", "OPERATOR_OCTOBER_CRDS"}
"""Where `make bench-cluster` finds ToolHive's operators and their CRDs."""
RUNNERS_VARIABLES = {
    "TOOLHIVE_SECRETS_PROVIDER",
    "TOOLHIVE_TOKEN_EXCHANGE_CLIENT_SECRET",
    "TOOLHIVE_USAGE_METRICS_ENABLED",
}
"""Read by the proxy runner, not by us."""

KUBERNETES_REASONS = {"FailedCreate"}
"""Taken over from a Deployment's condition."""


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def code(page: Path) -> list[str]:
    """What a page says in code: each line of its blocks, and each span."""
    text = page.read_text()
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    return [*lines, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(FENCE.sub("", page.read_text())) if "://" not in link]
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_and_folders_that_are_named_exist(page: Path) -> None:
    named = set(OURS.findall(page.read_text())) - ELSEWHERE

    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_generated_pages_are_what_they_are_made_from() -> None:
    assert (DOCS / "commands.md").read_text() == commands_page.page()
    assert (DOCS / "flow.svg").read_text() == flow.picture()


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_commands_and_their_options_exist(page: Path) -> None:
    wrong = []
    for line in code(page):
        for command, rest in re.findall(r"(?:^|[|$] |bin/)toolhive-hooks ([a-z]+)([^|;&>]*)", line):
            found = main.commands.get(command)
            known = {option for parameter in found.params for option in parameter.opts} if found else set()
            options = re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", rest)
            if found is None or not set(options) <= known | {"-h", "--help"}:
                wrong.append(line)

    assert wrong == []


def test_every_command_has_its_options_in_help() -> None:
    """Each is in docs/commands.md by its own help, if that is there."""
    silent = [
        f"{command.name} {parameter.opts[0]}"
        for command in main.commands.values()
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert silent == []
    assert [command.name for command in main.commands.values() if not command.help] == []


def test_readme_shows_what_render_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = [command for command in commands((ROOT / "README.md").read_text()) if " render " in command.line]

    assert shown
    for command in shown:
        printed = CliRunner().invoke(main, command.line.split()[1:]).output
        assert printed.rstrip("\n") == command.output


IN_A_CLUSTER = ["toolhive-hooks status -n team-a", "toolhive-hooks check"]
"""Commands of docs/cli.md that tests/e2e/test_check.py runs."""


def test_the_page_on_the_command_line_shows_what_render_prints() -> None:
    shown = {command.line: command.output for command in commands((DOCS / "cli.md").read_text())}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    for line in IN_A_CLUSTER:
        assert shown.pop(line)
    assert shown
    for line, output in shown.items():
        done = subprocess.run(line.split(), cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, check=False)
        assert (done.stdout + done.stderr).rstrip("\n") == output


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_make_targets_exist(page: Path) -> None:
    named = {target for line in code(page) for target in re.findall(r"(?:^|[=\w] |\$ )make ([a-z][a-z0-9-]*)", line)}

    assert named <= targets()


def test_every_make_target_is_told_to_contributors() -> None:
    contributing = "\n".join(code(ROOT / "CONTRIBUTING.md"))

    assert {target for target in targets() if f"make {target}" not in contributing} == set()


def targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_settings_exist(page: Path) -> None:
    """That each is in docs, test_settings.py says."""
    named = set(re.findall(r"\b(?:TOOLHIVE|OPERATOR)_[A-Z_]+\b", page.read_text()))

    assert named - {setting.variable for setting in described()} - RUNNERS_VARIABLES - OF_MAKE == set()


def metrics() -> set[str]:
    families = text_string_to_metric_families(create_metrics().exposition().decode())
    names = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    return {name for name in names if not name.endswith("_created")}  # not there under gunicorn


@pytest.mark.parametrize("page", HAND_WRITTEN, ids=name)
def test_metrics_exist(page: Path) -> None:
    parts = re.findall(r"\btoolhive_hooks_[a-z_]+", page.read_text())

    assert {re.sub(r"_(bucket|sum|count)$", "", part) for part in parts} <= metrics()


def test_every_metric_and_outcome_is_told() -> None:
    """Alerts are held in tests/apiserver/test_alerts.py."""
    page = DOCS / "monitoring.md"
    told = set(code(page))
    series = text_string_to_metric_families(create_metrics().exposition().decode())
    outcomes = {
        sample.labels["outcome"] for family in series for sample in family.samples if "outcome" in sample.labels
    }
    assert metrics() - told == set()
    assert outcomes - told == set()


def test_components_are_those_that_there_are() -> None:
    there = {path.parent.name for path in (ROOT / "metacontroller/components").glob("*/kustomization.yaml")}
    table = re.search(r"^\| component \|.*?\n\n", (DOCS / "installing.md").read_text(), re.DOTALL | re.MULTILINE)
    mentioned = {
        component
        for page in PAGES
        for component in re.findall(r"metacontroller/components/([a-z-]+)", page.read_text())
    }

    assert table
    assert set(re.findall(r"^\| `([a-z-]+)`", table[0], re.MULTILINE)) == there
    assert mentioned <= there


def literals(tree: ast.AST) -> Iterator[str]:
    """Patterns of the words that a module can make: its strings, and f-strings such as f"{kind}NotFound"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.escape(node.value)
        elif isinstance(node, ast.JoinedStr) and isinstance(node.values[-1], ast.Constant):
            end = str(node.values[-1].value)
            yield rf"[A-Z]\w+{end}" if re.fullmatch(r"[A-Z]\w+", end) else re.escape(end)


def test_types_and_reasons_of_conditions_exist() -> None:
    """That each reason is in docs, tests/world.py says."""
    sources = [ast.parse(path.read_text()) for path in condition_makers()]
    makeable = {pattern for tree in sources for pattern in literals(tree)}
    page = (DOCS / "status.md").read_text()
    cells = re.findall(r"(?<=\| )(?:`[A-Z]\w+`(?:, )?)+(?= \|)", page)
    headings = re.findall(r"^### (.*)", page, re.MULTILINE)
    named = {word for cell in [*cells, *headings] for word in re.findall(r"[A-Z]\w+", cell)}

    assert len(named) > 40
    # A word is its own pattern, so most of them are found without a search.
    rest = named - KUBERNETES_REASONS - makeable
    assert {word for word in rest if not any(re.fullmatch(pattern, word) for pattern in makeable)} == set()


def test_every_type_of_condition_is_told() -> None:
    page = (DOCS / "status.md").read_text()
    told = set(re.findall(r"`([A-Z]\w+)`", page)) | {
        word for heading in re.findall(r"^### (.*)", page, re.MULTILINE) for word in heading.split(", ")
    }
    nodes = [node for path in condition_makers() for node in ast.walk(ast.parse(path.read_text()))]
    types = {
        name for node in nodes for expression in types_in(node) for name in re.findall(r"'([A-Z]\w+)'", expression)
    }

    assert len(types) >= 10
    assert types - told - {"Unknown"} == set()


def types_in(node: ast.AST) -> Iterator[str]:
    """Expressions that are a condition's type: what is passed to a maker, or kept under the name `condition`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in MAKERS and node.args:
        yield ast.unparse(node.args[0])
    if isinstance(node, ast.keyword) and node.arg == "condition":
        yield ast.unparse(node.value)
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower().strip("()").startswith("condition"):
        yield ast.unparse(node.value).strip("()").split(",")[0]


def condition_makers() -> Iterator[Path]:
    """Modules that make conditions."""
    for package in ("api", "controllers", "proxy", "references"):
        yield from (ROOT / "hooks" / package).rglob("*.py")


MAKERS = {"Condition", "true", "false", "failed", "waiting"}
"""Calls whose first argument is a condition's type."""


def contains(actual: Any, shown: Any) -> bool:
    """Whether a value has everything that a shortened form of it shows."""
    if isinstance(shown, dict):
        return isinstance(actual, dict) and all(key in actual and contains(actual[key], shown[key]) for key in shown)
    if isinstance(shown, list):
        return len(actual) == len(shown) and all(map(contains, actual, shown))
    return bool(actual == shown)


def test_the_call_in_concepts_is_a_real_one() -> None:
    page = (DOCS / "concepts.md").read_text()
    shown = {title: json.loads(text) for title, text in re.findall(r'```json title="(.*?)"\n(.*?)```', page, re.DOTALL)}
    _, request = ours(ROOT / "tests/payloads/recorded/mcpserver-sync-first.json")
    body = json.dumps(request).encode()
    answers = {hook: json.loads(webhook.answer(BY_KIND["MCPServer"], hook, body, CONFIG, NOW)) for hook in HOOKS[:2]}
    real = {
        "answer to customize": answers["customize"],
        "request to sync": request,
        "answer to sync": answers["sync"],
    }

    assert shown.keys() == real.keys()
    for title, value in shown.items():
        assert contains(real[title], value), title
