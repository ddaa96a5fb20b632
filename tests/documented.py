"""The commands in README and docs/, and for each the test that runs it, or the reason why none can.

tests/unit/test_documented_commands.py holds the table to the pages: every command has a row, and every row a command.
"""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")])

CI = ".ci/run"
PYTHON_ALONE = "tests/unit/test_documented_commands.py::test_a_command_that_needs_python_alone"
AN_API_SERVER = "tests/apiserver/test_documented_commands.py::test_a_command_that_needs_an_api_server"

UNIT = "tests/unit/test_"
API = "tests/apiserver/test_"
API_MIGRATION = "tests/apiserver/migration/test_"
E2E = "tests/e2e/test_"

RUN_BY = {
    CI: {"README.md": ["make demo", "make test"]},
    PYTHON_ALONE: {
        "CONTRIBUTING.md": ["git grep"],
        "docs/convert.md": [
            "toolhive-hooks convert manifests/",
            "toolhive-hooks convert old/",
            "toolhive-hooks render",
        ],
        "docs/editors.md": ["toolhive-hooks crds"],
    },
    f"{UNIT}docs.py::test_readme_shows_what_render_prints": {"README.md": [".venv/bin/toolhive-hooks render"]},
    f"{UNIT}docs.py::test_the_page_on_the_command_line_shows_what_render_prints": {
        "docs/cli.md": ["toolhive-hooks render"]
    },
    f"{UNIT}convert_fields.py::test_the_page_shows_what_is_printed": {
        "docs/convert.md": ["toolhive-hooks convert github.yaml"]
    },
    f"{UNIT}examples.py::test_a_repository_is_checked_as_the_readme_shows": {
        "examples/gitops/README.md": ["toolhive-hooks render"]
    },
    f"{UNIT}examples.py::test_a_readme_shows_what_render_prints": {"examples/*/README.md": ["toolhive-hooks render"]},
    f"{UNIT}examples.py::test_only_the_example_of_october_2025_has_something_to_convert": {
        "examples/october-2025/README.md": ["toolhive-hooks convert"]
    },
    AN_API_SERVER: {
        "docs/gitops.md": ["kubectl kustomize", "helm template"],
        "docs/installing.md": [
            "kubectl apply -f metacontroller/namespace.yaml",
            "kubectl get compositecontrollers",
            "helm install toolhive-hooks",
            "kubectl set env",
        ],
        "docs/scaling.md": ["kubectl label"],
        "docs/shared-configs.md": ["kubectl create secret"],
        "docs/status.md": ["kubectl get"],
        "docs/troubleshooting.md": [
            "kubectl get mcpservers,",
            "kubectl describe",
            "kubectl annotate",
            "kubectl rollout restart",
        ],
        "docs/upgrading.md": ["kubectl get", "kubectl apply -k"],
    },
    f"{API}installing.py::test_helm_template_by_the_page": {"docs/installing.md": ["helm template"]},
    f"{API}installing.py::test_images_are_those_that_are_listed": {"docs/installing.md": ["kubectl kustomize"]},
    f"{API}remote.py::test_an_overlay_takes_its_manifests_from_git_at_a_tag": {
        "docs/installing.md": ['kubectl apply -k "https://', "kubectl apply -k ."]
    },
    f"{API}installing.py::test_proxies_are_paused_and_stay_so": {
        "docs/installing.md": ["kubectl get deployments", "kubectl rollout resume"]
    },
    f"{E2E}readme.py::test_a_server_runs_by_copy_and_paste": {"README.md": ["kubectl "]},
    f"{E2E}check.py::test_the_page_shows_what_is_shown": {
        "docs/cli.md": ["toolhive-hooks status", "toolhive-hooks check"]
    },
    f"{E2E}at_rest.py::test_sessions_stay_pinned_as_the_faq_says": {"docs/faq.md": ["kubectl patch"]},
    f"{E2E}installing.py::test_a_secure_installation_by_the_page": {
        "docs/installing.md": [
            "kubectl create secret",
            "kubectl apply -k examples/secure",
            "kubectl rollout restart",
            "kubectl rollout status",
            "kubectl delete clusterrolebinding",
            "kubectl auth can-i",
        ]
    },
    f"{E2E}uninstall.py::test_an_upgrade_looks_at_everything_and_touches_nothing": {
        "docs/installing.md": ["kubectl diff", "kubectl apply -k crds", "kubectl apply -k metacontroller"]
    },
    f"{E2E}uninstall.py::test_uninstalled_with_its_servers": {
        "docs/installing.md": ["kinds=", 'kubectl delete "$kinds"', "kubectl delete -k"]
    },
    f"{E2E}uninstall.py::test_uninstalled_and_let_go": {
        "docs/installing.md": ["for controller in", "while kubectl get"]
    },
    f"{E2E}uninstall.py::test_the_crds_deleted_after_the_controllers_and_recovered": {
        "docs/installing.md": ["kubectl wait --for=delete", "until kubectl apply"]
    },
    f"{E2E}uninstall.py::test_controllers_deleted_first_and_finalizers_taken_by_hand": {
        "docs/installing.md": ["for kind in"]
    },
    f"{E2E}migration.py::test_the_commands_of_the_docs_run_in_their_order": {
        "docs/migrating.md": ["kubectl ", ".venv/bin/toolhive-hooks "]
    },
    f"{API_MIGRATION}copies.py::test_the_copy_has_what_our_crds_hide": {
        "docs/migrating.md": [".venv/bin/toolhive-hooks migrate --convert --from"]
    },
    f"{E2E}upgrade.py::test_upgraded_in_another_order": {"docs/upgrading.md": ["kubectl annotate"]},
    f"{E2E}upgrade.py::test_upgraded_in_the_documented_order_and_back": {"docs/upgrading.md": ["for kind in"]},
    f"{E2E}troubleshooting.py::test_an_object_without_a_controller": {
        "docs/troubleshooting.md": ["kubectl get compositecontrollers"]
    },
    f"{E2E}troubleshooting.py::test_hooks_that_do_not_answer": {"docs/troubleshooting.md": ["kubectl events"]},
    f"{E2E}troubleshooting.py::test_a_secret_that_cannot_be_used": {
        "docs/troubleshooting.md": ["kubectl create secret"]
    },
    f"{E2E}troubleshooting.py::test_objects_that_were_released": {"docs/troubleshooting.md": ["kubectl label"]},
    f"{E2E}troubleshooting.py::test_a_config_in_use": {
        "docs/troubleshooting.md": ["kubectl delete", "kubectl get mcpexternalauthconfig weather-api"]
    },
    f"{E2E}troubleshooting.py::test_a_server_that_failed": {"docs/troubleshooting.md": ["kubectl get mcpserver"]},
    f"{E2E}troubleshooting.py::test_pods_that_were_restarted": {"docs/troubleshooting.md": ["kubectl get replicasets"]},
    f"{E2E}troubleshooting.py::test_a_server_whose_own_pod_waits_and_fails": {
        "docs/troubleshooting.md": ["kubectl get pods"]
    },
    f"{E2E}examples.py::test_kubectl_get_shows_what_the_readme_says": {
        "examples/*/README.md": ["kubectl create secret", "kubectl apply -f", "kubectl get"]
    },
}
"""By test: the commands that it runs, by page and how they begin."""

NOT_RUN = {
    "is for a cluster of the reader's own": {
        "README.md": [".venv/bin/toolhive-hooks diff"],
        "docs/installing.md": ["kubectl rollout status deployment -n staging"],
    },
    "needs the hooks in pods; the same line of docs/installing.md is run": {
        "docs/upgrading.md": ["kubectl rollout status"]
    },
    "needs a Metacontroller, and takes many minutes": {"docs/performance.md": ["METACONTROLLER="]},
    "needs docker, which makes containers": {"README.md": ["make image"]},
    "needs a registry, from which a chart comes": {
        "README.md": ["helm install metacontroller"],
        "docs/installing.md": ["helm install cert-manager"],
    },
    "needs a release, and nothing is released yet": {"docs/installing.md": ["kubectl apply -f https://", "cosign "]},
    "needs the address of the reader's fork": {"CONTRIBUTING.md": ["git clone"]},
    "runs the tests and checks themselves": {
        "CONTRIBUTING.md": ["make test-quick", ".venv/bin/pytest", "make format lint words test-quick"]
    },
    "needs a Vault": {"examples/vault/README.md": ["vault "]},
    "needs kubeconform, which is not among the tools here": {"docs/editors.md": ["kubeconform"]},
    "needs fixed ports; tests/unit/test_serve.py takes free ones": {
        "CONTRIBUTING.md": [".venv/bin/toolhive-hooks serve", "curl "]
    },
}
"""By reason why no test runs them as they stand: the same."""


class Row(NamedTuple):
    """A line of these tables."""

    page: str
    start: str
    why: str


ROWS = [
    Row(page, start, why)
    for table in (RUN_BY, NOT_RUN)
    for why, pages in table.items()
    for page, starts in pages.items()
    for start in starts
]


class Command(NamedTuple):
    """A command, as a shell takes it, and where it is: the page, and the heading above."""

    page: str
    heading: str
    text: str


HEADING_OR_BLOCK = re.compile(r"^#+ ([^\n]*)$|^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHELLS = ("sh", "bash", "shell", "console")


@cache
def commands() -> list[Command]:
    """Every command of every page, in the pages' order."""
    found, heading = [], ""
    for page in PAGES:
        for part in HEADING_OR_BLOCK.finditer(page.read_text()):
            heading = part[1] or heading
            if part[2] in SHELLS:
                found += [Command(str(page.relative_to(ROOT)), heading, text) for text in in_block(part[3])]
    return found


def in_block(block: str) -> list[str]:
    """The commands of a block: what stands behind its prompts, or all of it, each as long as a shell wants more."""
    if re.search(r"^\$ ", block, re.MULTILINE):
        return re.findall(r"^\$ (.*)$", block, re.MULTILINE)
    found, open_ = [], ""
    for line in block.splitlines():
        open_ += f"{line}\n"
        if open_.strip() and not line.endswith(("\\", "|", "&&")) and parses(open_):
            found.append(open_.rstrip("\n"))
            open_ = ""
    return [*found, open_] if open_.strip() else found


def parses(script: str) -> bool:
    """Whether bash takes it for whole."""
    return subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False).returncode == 0


def row_of(command: Command) -> Row | None:
    """The row that a command belongs to: of those that fit, the one that says most of it."""
    fitting = [row for row in ROWS if fnmatch(command.page, row.page) and command.text.startswith(row.start)]
    return max(fitting, key=lambda row: len(row.start), default=None)


def run_by(test: str) -> list[Command]:
    """The commands that a test is to run."""
    return [command for command in commands() if (row := row_of(command)) and row.why == test]
