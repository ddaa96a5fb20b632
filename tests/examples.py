"""The examples: where their manifests are, and what their READMEs say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples"
STAND_INS = "render-only"
"""Sub-folder of an example for what `render` must see and nobody applies: Secrets."""
NOT_READ = ("kustomization.yaml", "kustomization.yml")

FOLDERS = sorted(path for path in FOLDER.iterdir() if path.is_dir())
"""Every example."""
APPLIED = sorted(
    {
        path.parent
        for path in FOLDER.rglob("*.yaml")
        if path.name not in NOT_READ and not {".github", STAND_INS} & set(path.parts)
    }
)
"""Every folder of manifests that is applied as a whole; gitops has one for each environment."""


class Command(NamedTuple):
    """A command in a README, less its `$`, and the lines that it prints there."""

    line: str
    output: str


def name(folder: Path) -> str:
    """What a folder is called in test ids: `gitops/staging`."""
    return str(folder.relative_to(FOLDER))


def readme(folder: Path) -> Path:
    """The README of the example to which a folder of manifests belongs."""
    return FOLDER / folder.relative_to(FOLDER).parts[0] / "README.md"


def render_settings(folder: Path) -> dict[str, str]:
    """The environment in which `render` takes a folder: where no Secret stands in for the real one, none is read."""
    return {} if folder.parent == FOLDER else {"TOOLHIVE_HOOKS_READ_SECRETS": "false"}


def commands(text: str) -> list[Command]:
    """The commands of all console blocks in which a prompt stands, in their order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    found = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Command(line, output.rstrip("\n")) for line, _, output in (part.partition("\n") for part in found)]
