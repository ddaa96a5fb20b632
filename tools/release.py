"""Make what a release consists of, beside the image and the package: `python -m tools.release`.

.github/workflows/release.yml runs these commands; tests/release runs the same lines.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from hooks import __version__
from hooks.api.crd import manifests as crds
from tools.chart import CHART
from tools.images import images

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build/release"


def notes(tag: str) -> str:
    """The section of CHANGELOG.md for a tag.

    Raises:
        SystemExit: the tag is not the package's version, or the changelog has no section for it.
    """
    version = tag.removeprefix("v")
    if version != __version__:
        raise SystemExit(
            f"{tag}: hooks/__init__.py says {__version__}: set it, charts/toolhive-hooks/Chart.yaml "
            "and metacontroller/deployment.yaml first"
        )
    changelog = (ROOT / "CHANGELOG.md").read_text()
    found = re.search(rf"^## \[?{re.escape(version)}\b.*?\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    if found is None:
        raise SystemExit(f"{tag}: CHANGELOG.md has no section '## {version}': rename 'Unreleased'")
    return found[1].strip() + "\n"


def readme(repository: str, tag: str) -> str:
    """README.md for PyPI, which has none of the files that it links to: each link and picture is a whole URL."""
    text = (ROOT / "README.md").read_text()
    for before, base in (
        (r"!\[[^\]]*\]\(", f"https://raw.githubusercontent.com/{repository}/{tag}/"),
        (r"(?<!!)\[[^\]]*\]\(", f"https://github.com/{repository}/blob/{tag}/"),
    ):
        text = re.sub(rf"({before})(?!\w+:|#)", rf"\g<1>{base}", text)
    return text


def manifests(image: str, tag: str, digest: str, out: Path) -> None:
    """Write crds.yaml, install.yaml, the chart and images.txt with this image. Needs kubectl and helm."""
    out.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)
    (out / "crds.yaml").write_text("---\n".join(crds().values()))
    (out / "install.yaml").write_text(_installation(image, tag, digest))
    _package_chart(image, tag, digest, out)
    (out / "images.txt").write_text("\n".join(images(f"{image}:{tag}@{digest}")) + "\n")


def _installation(image: str, tag: str, digest: str) -> str:
    """What `kubectl apply -k metacontroller` would send, with the release's image."""
    overlay = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["../../../metacontroller"],
        "images": [{"name": "toolhive-hooks", "newName": image, "newTag": tag, "digest": digest}],
    }
    (WORK / "install").mkdir(parents=True)
    (WORK / "install/kustomization.yaml").write_text(yaml.safe_dump(overlay))
    return _run("kubectl", "kustomize", WORK / "install")


def _package_chart(image: str, tag: str, digest: str, out: Path) -> None:
    """The chart as an archive; its values name the release's image."""
    folder = Path(shutil.copytree(CHART, WORK / CHART.name))
    values = folder / "values.yaml"
    text = values.read_text()
    for line, new in (
        ("  repository: toolhive-hooks\n", f"  repository: {image}\n"),
        ("  tag: dev\n", f'  tag: "{tag}"\n'),
        ('  digest: ""\n', f"  digest: {digest}\n"),
    ):
        if text.count(line) != 1:
            raise SystemExit(f"charts/toolhive-hooks/values.yaml: not one line {line.strip()!r}")
        text = text.replace(line, new)
    values.write_text(text)
    _run("helm", "package", folder, "--destination", out)


def _run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Make what a release consists of.")
    commands = parser.add_subparsers(dest="command", required=True)
    told = commands.add_parser("notes", help="print the changelog's section for a tag, which is checked")
    told.add_argument("tag")
    whole = commands.add_parser("readme", help="print README.md with whole URLs, for PyPI")
    whole.add_argument("repository", help="OWNER/NAME")
    whole.add_argument("tag")
    made = commands.add_parser("manifests", help="write crds.yaml, install.yaml, the chart and images.txt")
    made.add_argument("--image", required=True, help="the image, without a tag")
    made.add_argument("--tag", required=True)
    made.add_argument("--digest", required=True, help="sha256:…")
    made.add_argument("--out", required=True, type=Path)
    arguments = parser.parse_args()
    if arguments.command == "notes":
        print(notes(arguments.tag), end="")
    elif arguments.command == "readme":
        print(readme(arguments.repository, arguments.tag), end="")
    else:
        manifests(arguments.image, arguments.tag, arguments.digest, arguments.out)


if __name__ == "__main__":
    main()
