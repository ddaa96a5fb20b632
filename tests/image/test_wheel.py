"""The wheel, built and installed into virtual environments of its own, with and without the extra `cluster`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks import __version__
from hooks.api.crd import crds
from tests.answering import answering
from tests.controlplane.assets import ROOT
from tests.image.test_dockerfile import pip_sources
from tests.unit.test_cluster_commands import NO_CLIENT

pytestmark = pytest.mark.timeout(900)  # downloads, by way of the first tests

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
EMPTY_CLUSTER = {
    **{f"{CRDS}/{crd['metadata']['name']}": (200, json.dumps(crd)) for crd in crds()},
    "/": (200, '{"items": [], "metadata": {}}'),
}
"""What an API server answers that has our CRDs and nothing else."""


class Installed:
    """A virtual environment with the program in it."""

    def __init__(self, folder: Path, *requirements: str) -> None:
        venv.create(folder, with_pip=True)
        self.folder = folder
        self.pip("install", *requirements)

    def pip(self, *arguments: str) -> None:
        """Run pip; where it fails and there is no package index at all, the test is skipped."""
        result = self.run("python", "-m", "pip", *arguments)
        if result.returncode and self.run("python", "-m", "pip", "download", "--no-deps", "click").returncode:
            pytest.skip(f"wheel: SKIPPED (no package index can be reached: {result.stderr.strip().splitlines()[-1]})")
        assert result.returncode == 0, result.stderr

    def run(self, program: str, *arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment, in its folder and with nothing of the developer's but pip's sources."""
        path = f"{self.folder}/bin:{os.defpath}"
        everything = {"PATH": path, "HOME": str(self.folder), **pip_sources(), **env}
        line = [self.folder / "bin" / program, *arguments]
        return subprocess.run(
            line, cwd=self.folder, env=everything, capture_output=True, text=True, check=False, timeout=600
        )

    def hooks(self, *arguments: str | Path, **env: str) -> tuple[int, str, str]:
        result = self.run("toolhive-hooks", *arguments, **env)
        return result.returncode, result.stdout, result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True, timeout=600)
    [made] = folder.glob("*.whl")
    return str(made)


@pytest.fixture(scope="module")
def plain(wheel: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("plain"), wheel)


@pytest.fixture(scope="module")
def with_extra(wheel: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("extra"), f"{wheel}[cluster]")


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[str]:
    with answering(tmp_path, EMPTY_CLUSTER) as (config, _):
        yield str(config)


def assert_works_on_a_cluster(installed: Installed, kubeconfig: str) -> None:
    note = "note: no MCPServer in the cluster\n"
    assert installed.hooks("migrate", KUBECONFIG=kubeconfig) == (0, "nothing to change\n", note)
    assert installed.hooks("diff", "-A", KUBECONFIG=kubeconfig) == (0, "", note)


@pytest.mark.parametrize("extra", ["plain", "with_extra"])
def test_commands_that_need_no_cluster_work_with_and_without_the_extra(
    extra: str, request: pytest.FixtureRequest
) -> None:
    installed: Installed = request.getfixturevalue(extra)

    helped = installed.hooks("--help")
    shown = installed.hooks("render", ROOT / "examples/token-exchange", "-o", "summary")
    readme = re.search(r"-o summary\n(MCPExternalAuthConfig.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)

    assert installed.hooks("--version") == (0, f"toolhive-hooks, version {__version__}\n", "")
    assert installed.run("kubectl-toolhive", "--version").stdout == f"toolhive-hooks, version {__version__}\n"
    assert installed.run("kubectl_complete-toolhive", "stat").stdout == "status\n:4\n"
    assert (helped[0], helped[2]) == (0, "")
    assert {"serve", "render", "migrate", "diff", "status", "check"} <= set(
        re.findall(r"^  ([a-z]+) ", helped[1], re.MULTILINE)
    )
    assert readme is not None
    assert (shown[0], f"{shown[1]}{shown[2]}") == (0, readme[1])


def test_the_package_is_typed_and_says_where_it_comes_from(wheel: str) -> None:
    """PEP 561's marker for type checkers, and the links that PyPI shows."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        links = re.findall(r"^Project-URL: (\w+), https://", archive.read(metadata).decode(), re.MULTILINE)

        assert archive.read("hooks/py.typed") == b""
    assert sorted(links) == ["Changelog", "Documentation", "Issues", "Source"]


def test_with_the_extra_migrate_and_diff_work(with_extra: Installed, kubeconfig: str) -> None:
    assert_works_on_a_cluster(with_extra, kubeconfig)


def test_without_it_they_say_what_to_install_and_then_work(plain: Installed, kubeconfig: str) -> None:
    for command in ("migrate", "diff"):
        assert plain.hooks(command, KUBECONFIG=kubeconfig) == (2, "", NO_CLIENT)

    program, *arguments = shlex.split(NO_CLIENT.rpartition(": ")[2])
    assert program == "pip"
    plain.pip(*arguments)

    assert_works_on_a_cluster(plain, kubeconfig)
