"""The commands of docs/installing.md, and of other pages, as a reader copies them into a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.controlplane import ControlPlane
from tests.controlplane.assets import ROOT
from tests.controlplane.controlplane import KubectlError
from tests.e2e.installation import point_at

PAGE = ROOT / "docs/installing.md"


def blocks(heading: str, language: str = "sh", page: Path = PAGE) -> list[str]:
    """The blocks of code under a heading of the page."""
    (section,) = re.findall(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ [A-Z]|\Z)", page.read_text(), re.DOTALL | re.MULTILINE
    )
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def run(cluster: ControlPlane, commands: str, folder: Path = ROOT, timeout: float = 280) -> str:
    """Paste commands into a shell, in this folder; the first that fails is a KubectlError. Returns what they print."""
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env={
            "PATH": f"{cluster.bin}:{os.environ['PATH']}",
            "HOME": str(cluster.directory / "home"),
            "KUBECONFIG": str(cluster.kubeconfig()),
        },
    )
    if result.returncode:
        raise KubectlError(f"{commands}{result.stdout}{result.stderr}")
    return result.stdout


def checkout(folder: Path, port: int) -> Path:
    """Copy what the page's commands apply, with webhooks on loopback: the folder in which to run them."""
    for part in ("metacontroller", "crds", "examples"):
        shutil.copytree(ROOT / part, folder / part)
    for path in (folder / "metacontroller").glob("mcp*.yaml"):
        document = yaml.safe_load(path.read_text())
        point_at(document, port)
        path.write_text(yaml.safe_dump(document))
    return folder
