"""The release workflow: each of its steps that can run here is run, as it is written, on a copy of the repository.

What can't run here: setting up actions and artifacts, `docker buildx` and the registry, cosign, PyPI and GitHub's API.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from hooks import __version__
from hooks.api.crd import crds
from tests.apiserver.manifests import named
from tests.controlplane.assets import ROOT
from tests.controlplane.fixtures import binaries_or_skip
from tests.go_tools import binary
from tools.images import images

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())
DIGEST = f"sha256:{'a' * 64}"
IMAGE = "ghcr.io/somebody/toolhive-hooks"
ENVIRONMENT = {
    "TAG": f"v{__version__}",
    "GITHUB_REF_NAME": f"v{__version__}",
    "GITHUB_REPOSITORY": "SomeBody/toolhive-hooks",
    "GITHUB_REPOSITORY_OWNER": "SomeBody",
    "IMAGE": IMAGE,
    "IMAGE_TAG": __version__,
    "DIGEST": DIGEST,
}
NOT_RUN_HERE = {
    "Install what is locked": "tests/image installs from the lock files",
    "Sign the image, without a key": "cosign, GitHub's identity",
    "Publish the package": "PyPI",
    "Add the digests of the other images": "a registry",
    "Publish the release": "GitHub's API",
}


def step(job: str, name: str) -> str:
    """The script of a step of the workflow."""
    [found] = [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if step.get("name") == name]
    return str(found)


class Repository:
    """A copy of what the workflow checks out."""

    def __init__(self, folder: Path, path: str) -> None:
        self.folder = folder
        self.path = path
        for part in ("hooks", "tools", "crds", "metacontroller", "charts", "docs"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
            shutil.copy(ROOT / part, folder / part)

    def run(self, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a step's script as GitHub does: bash, and the first command that fails ends it."""
        environment = {
            "PATH": self.path,
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.folder),
            **ENVIRONMENT,
            **more,
        }
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with kubectl and helm on PATH, as GitHub's runners have them."""
    folder = tmp_path_factory.mktemp("release")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "kubectl").symlink_to(binaries_or_skip("release", ("kubectl",)) / "kubectl")
    (programs / "helm").symlink_to(binary("helm"))
    return Repository(folder / "repository", f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.fixture(scope="module")
def assets(repository: Repository) -> Path:
    """What the step writes that makes manifests and chart."""
    made = repository.run(step("release", "Make manifests and chart, with the image by tag and digest"))
    assert made.returncode == 0, made.stderr
    return repository.folder / "dist/assets"


def test_each_step_is_run_here_or_is_listed() -> None:
    scripts = {step["name"] for job in WORKFLOW["jobs"].values() for step in job.get("steps", []) if "run" in step}
    tested = {
        "Check the tag, and take its notes from the changelog",
        "Build the package",
        "Name the image after the owner, in lower case as registries want it",
        "Make manifests and chart, with the image by tag and digest",
    }

    assert scripts == tested | NOT_RUN_HERE.keys()


def test_the_notes_are_the_changelogs(repository: Repository) -> None:
    result = repository.run(step("package", "Check the tag, and take its notes from the changelog"))

    notes = (repository.folder / "dist/notes.md").read_text()
    assert result.returncode == 0, result.stderr
    assert notes.startswith("### Added\n")
    assert "\n## " not in notes


@pytest.mark.parametrize(
    "tag",
    ["v99.0.0", "main"],
)
def test_a_tag_that_is_not_the_version_is_refused(repository: Repository, tag: str) -> None:
    result = repository.run(step("package", "Check the tag, and take its notes from the changelog"), TAG=tag)

    assert (result.returncode, result.stderr) == (
        1,
        f"{tag}: hooks/__init__.py says {__version__}: set it, charts/toolhive-hooks/Chart.yaml and "
        "metacontroller/deployment.yaml first\n",
    )


def test_a_version_without_notes_is_refused(repository: Repository, tmp_path: Path) -> None:
    without = Repository(tmp_path / "without", repository.path)
    changelog = without.folder / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace(f"## {__version__} ", "## 0.0.0 "))

    result = without.run(step("package", "Check the tag, and take its notes from the changelog"))

    assert (result.returncode, result.stderr) == (
        1,
        f"v{__version__}: CHANGELOG.md has no section '## {__version__}': rename 'Unreleased'\n",
    )


def test_the_package_is_built(repository: Repository) -> None:
    """tests/image installs such a wheel, alone and with its extra."""
    result = repository.run(step("package", "Build the package"))

    wheel = f"toolhive_hooks-{__version__}-py3-none-any.whl"
    names = {path.name for path in (repository.folder / "dist/package").iterdir()}
    assert result.returncode == 0, result.stderr
    assert names == {wheel, f"toolhive_hooks-{__version__}.tar.gz"}
    with zipfile.ZipFile(repository.folder / "dist/package" / wheel) as archive:
        page = archive.read(f"toolhive_hooks-{__version__}.dist-info/METADATA").decode()
    links = re.findall(r"\]\(([^)]*)\)", page)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    at = f"SomeBody/toolhive-hooks/blob/v{__version__}"
    assert f"https://github.com/{at}/docs/installing.md" in links
    assert f"https://raw.githubusercontent.com/SomeBody/toolhive-hooks/v{__version__}/docs/flow.svg" in links


def test_the_image_is_named_after_the_owner(repository: Repository, tmp_path: Path) -> None:
    output = tmp_path / "output"

    result = repository.run(
        step("image", "Name the image after the owner, in lower case as registries want it"), GITHUB_OUTPUT=str(output)
    )

    assert result.returncode == 0, result.stderr
    assert output.read_text() == f"name={IMAGE}\ntag={__version__}\n"


def test_manifests_name_the_image_by_tag_and_digest(assets: Path) -> None:
    installed = named(list(yaml.safe_load_all((assets / "install.yaml").read_text())))
    [container] = installed["Deployment", "toolhive-hooks"]["spec"]["template"]["spec"]["containers"]

    assert {path.name for path in assets.iterdir()} == {
        *("crds.yaml", "install.yaml", "images.txt"),
        f"toolhive-hooks-{__version__}.tgz",
    }
    assert list(yaml.safe_load_all((assets / "crds.yaml").read_text())) == crds()
    assert container["image"] == f"{IMAGE}:{__version__}@{DIGEST}"
    assert (assets / "images.txt").read_text().splitlines() == images(f"{IMAGE}:{__version__}@{DIGEST}")


def test_the_chart_makes_what_install_yaml_has(assets: Path, repository: Repository) -> None:
    chart = assets / f"toolhive-hooks-{__version__}.tgz"
    with tarfile.open(chart) as archive:
        assert "toolhive-hooks/values.yaml" in archive.getnames()

    command = f"helm template any {chart} -n toolhive-hooks --set namespace.create=true --kube-version 1.36.0"
    result = repository.run(command)
    assert result.returncode == 0, result.stderr
    made = named([document for document in yaml.safe_load_all(result.stdout) if document])

    assert made == named(list(yaml.safe_load_all((assets / "install.yaml").read_text())))


def uses(workflow: Any) -> list[str]:
    """What the steps of a workflow use."""
    return [step["uses"] for job in workflow["jobs"].values() for step in job.get("steps", []) if "uses" in step]


def test_actions_are_pinned_and_rights_are_asked_for_by_job() -> None:
    """By commit, since a tag can be moved; and the token has no right that a job doesn't name."""
    for path in (ROOT / ".github/workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {}
        assert [name for name in uses(workflow) if not re.fullmatch(r"[\w-]+(/[\w-]+){1,2}@[0-9a-f]{40}", name)] == []
        assert [job for job, content in workflow["jobs"].items() if "permissions" not in content] == []


def test_the_image_has_sbom_and_provenance_for_two_platforms() -> None:
    [build] = [step["with"] for step in WORKFLOW["jobs"]["image"]["steps"] if "build-push" in step.get("uses", "")]

    assert (build["sbom"], build["provenance"], build["push"]) == (True, "mode=max", True)
    assert build["platforms"] == "linux/amd64,linux/arm64"
