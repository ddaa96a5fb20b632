"""The Dockerfile's own steps, run in a folder, since no engine builds images here: same locks, same commands, `serve`.

What an engine adds is not shown: the base image, its Python, the user. tests/apiserver shows that a cluster takes a pod
that runs as that user under Pod Security level `restricted`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks import __version__
from tests.controlplane.assets import ROOT
from tests.controlplane.processes import free_port, start
from tests.served import Served
from tests.unit.test_cluster_commands import NO_CLIENT
from tests.world import server, sync_request

pytestmark = pytest.mark.timeout(900)  # a download, by way of the first test

Step = tuple[str, str]
"""An instruction and its arguments: `("RUN", "python -m venv /opt/build")`."""


def stages() -> list[list[Step]]:
    """The Dockerfile's stages, each with its steps in order."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [tuple(line.split(None, 1)) for line in text.splitlines() if line and not line.startswith(("#", "ARG"))]
    starts = [number for number, step in enumerate(steps) if step[0] == "FROM"]
    return [steps[start:end] for start, end in zip(starts, [*starts[1:], len(steps)], strict=True)]  # type: ignore[misc]


BUILD, FINAL = stages()


def arguments(stage: list[Step], instruction: str) -> list[str]:
    return [text for name, text in stage if name == instruction]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the place of /, in which the build stage's steps were taken."""
    root = tmp_path_factory.mktemp("image")
    [workdir] = arguments(BUILD, "WORKDIR")
    source = root / workdir.lstrip("/")
    source.mkdir()
    python = root / "bin"
    python.mkdir()
    (python / "python").symlink_to(sys.executable)
    for name, text in BUILD:
        if name == "COPY":
            *what, where = text.split()
            for item in what:
                copy(ROOT / item, source / where)
        if name == "RUN":
            # A developer's settings of pip must not matter, except where packages come from.
            env = {"PATH": f"{python}:{os.defpath}", "HOME": str(root), **pip_sources()}
            result = subprocess.run(
                ["sh", "-ec", within(root, text)], cwd=source, env=env, capture_output=True, text=True, check=False
            )
            assert result.returncode == 0, f"{text}\n{result.stderr}"
    return root


def pip_sources() -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    config = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    for line in config.stdout.splitlines():
        name, _, value = line.partition("=")
        key = name.rpartition(".")[2].replace("-", "_").upper()
        found.setdefault(f"PIP_{key}", value.strip("'"))
    return found


def within(root: Path, command: str) -> str:
    """The command with its absolute paths in the folder that stands for /."""
    return re.sub(r"(?<![\w./])/(?=opt|tmp)", f"{root}/", command)


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def container(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """What the image's entry point and command start, with the image's environment and no more."""
    [copied] = arguments(FINAL, "COPY")
    assert copied.split()[1:] == ["/opt/toolhive-hooks", "/opt/toolhive-hooks"]
    # What isn't copied isn't there.
    shutil.rmtree(root / "opt/build")
    shutil.rmtree(root / "src")
    [env] = arguments(FINAL, "ENV")
    variables = dict(pair.split("=", 1) for pair in shlex.split(env))
    path = variables.pop("PATH").replace("/opt", f"{root}/opt").replace("$PATH", os.defpath)
    program, *rest = json.loads(arguments(FINAL, "ENTRYPOINT")[0]) + json.loads(arguments(FINAL, "CMD")[0])
    port, probes = free_port(), free_port()
    settings = {
        "TOOLHIVE_HOOKS_BIND": f"127.0.0.1:{port}",
        "TOOLHIVE_HOOKS_PROBES_BIND": f"127.0.0.1:{probes}",
    }
    command = [root / "opt/toolhive-hooks/bin" / program, *rest]
    process = start("hooks", command, tmp_path_factory.mktemp("run"), env={**variables, "PATH": path, **settings})
    try:
        yield Served(process, port, probes).wait_ready()
    finally:
        process.stop(grace=30)


def test_what_it_installs_serves(container: Served) -> None:
    assert container.post("/mcpserver/sync", json.dumps(sync_request(server())).encode())[0] == 200
    assert container.metrics()[f'toolhive_hooks_build_info{{version="{__version__}"}}'] == 1


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize("command", ["diff", "migrate", "status", "check"])
def test_a_command_for_the_users_cluster_says_that_it_is_not_in_there(root: Path, command: str) -> None:
    program = root / "opt/toolhive-hooks/bin/toolhive-hooks"

    result = subprocess.run([program, command], env={}, capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout, result.stderr) == (2, "", NO_CLIENT)


@pytest.mark.usefixtures("container")
def test_what_it_installs_is_what_is_locked_and_nothing_that_builds(root: Path) -> None:
    names = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE).findall((ROOT / "requirements/runtime.txt").read_text())
    locked = {name.replace("-", "_").lower(): version for name, version in names}
    [packages] = (root / "opt/toolhive-hooks/lib").glob("python*/site-packages")
    infos = [path.name.removesuffix(".dist-info").rpartition("-") for path in packages.glob("*.dist-info")]
    installed = {name.replace("-", "_").lower(): version for name, _, version in infos}

    assert installed.pop("toolhive_hooks") == __version__
    assert installed.items() <= locked.items()  # some are for other systems or older Pythons
    assert {"flask", "gunicorn", "pydantic"} <= set(installed)


def test_both_stages_are_one_python_and_the_last_has_no_root() -> None:
    assert arguments(BUILD, "FROM")[0].removesuffix(" AS build") == arguments(FINAL, "FROM")[0]
    assert arguments(FINAL, "RUN") == []
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", arguments(FINAL, "USER")[0])
