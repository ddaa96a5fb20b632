"""Build the test control plane's binaries once and print the directory that holds them.

`python tools/build.py [NAME…]`, all of them without names. The sources come from the Go module proxy, pinned by
tools/go.mod and tools/kwok/go.mod; the binaries go to a cache folder named after those files' hash, so that a
changed pin makes a new folder and an unchanged one costs nothing. Where KUBEBUILDER_ASSETS is set, what is in that
folder is used and only the rest is built.

Exit codes: 0 done, 1 the build failed, 3 no Go that could build it, which callers may answer with a skip.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
NO_GO = 3

# Binary -> (the module whose go.mod pins it, its main package).
BINARIES = {
    "etcd": (TOOLS, "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": (TOOLS, "k8s.io/kubernetes/cmd/kube-apiserver"),
    "kubectl": (TOOLS, "k8s.io/kubernetes/cmd/kubectl"),
    "kube-controller-manager": (TOOLS, "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": (TOOLS, "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kwok": (TOOLS / "kwok", "sigs.k8s.io/kwok/cmd/kwok"),
}


def say(text: str) -> None:
    """Progress goes to stderr: stdout is the answer."""
    print(f"tools/build.py: {text}", file=sys.stderr, flush=True)


def fail(code: int, text: str) -> SystemExit:
    """Say why and make the exit that says it to a program."""
    say(text)
    return SystemExit(code)


def build_flags() -> list[str]:
    """Return the flags of every `go build`.

    A Kubernetes built without its release scripts calls itself v0.0.0-master, which clients take for an old server:
    the version is stamped in the way those scripts do it, for the programs that serve it and for kubectl.
    """
    found = re.search(r"^\s*k8s\.io/kubernetes v((\d+)\.(\d+)\S*)", (TOOLS / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise fail(1, "tools/go.mod names no version of k8s.io/kubernetes")
    values = {"gitVersion": f"v{found[1]}", "gitMajor": found[2], "gitMinor": found[3], "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    stamps = [f"-X {package}.{key}={value}" for package in packages for key, value in values.items()]
    # No debug information (-s -w): it would be half of every binary.
    return ["-trimpath", "-buildvcs=false", f"-ldflags={' '.join(['-s', '-w', *stamps])}"]


def cache_folder() -> Path:
    """Return where the built binaries live: named by everything that decides what is in them."""
    key = hashlib.sha256(repr((build_flags(), sorted((name, main) for name, (_, main) in BINARIES.items()))).encode())
    for module in (TOOLS, TOOLS / "kwok"):
        for name in ("go.mod", "go.sum"):
            key.update((module / name).read_bytes())
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "toolhive-hooks" / f"controlplane-{key.hexdigest()[:16]}"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however that ends."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def require_go() -> str:
    """Return the path of a Go that can build the modules; without one, exit so that a caller can tell."""
    go = shutil.which("go")
    if not go:
        raise fail(NO_GO, "no `go` on PATH to build the test control plane with (nor KUBEBUILDER_ASSETS instead)")
    # Loads go.mod and nothing else: the cheapest thing that fails where Go is older than go.mod asks for.
    probe = subprocess.run([go, "list", "-m"], cwd=TOOLS, capture_output=True, text=True, check=False)  # noqa: S603
    if probe.returncode:
        lines = probe.stderr.strip().splitlines() or ["`go list -m` failed"]
        raise fail(NO_GO if "requires go >=" in probe.stderr else 1, lines[-1])
    return go


def build(names: list[str], folder: Path) -> None:
    """Compile what is missing. A binary appears under its name whole or not at all."""
    if all((folder / name).exists() for name in names):
        return
    go = require_go()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(folder.name + ".lock")):
        missing = [name for name in names if not (folder / name).exists()]  # the lock's last holder may have built it
        if missing:
            say(f"building {', '.join(missing)} into {folder}: once, five to ten minutes on two cores")
        began = time.monotonic()
        for number, name in enumerate(missing, 1):
            start = time.monotonic()
            module, main = BINARIES[name]
            partial = folder / f".{name}.{os.getpid()}"
            command = [go, "build", *build_flags(), "-o", str(partial), main]
            # Without cgo: no C compiler needed, and the same binary everywhere.
            environment = {**os.environ, "CGO_ENABLED": "0"}
            try:
                subprocess.run(command, cwd=module, env=environment, check=True)  # noqa: S603
                partial.replace(folder / name)
            except subprocess.CalledProcessError as error:
                raise fail(1, f"`go build {main}` failed: exit code {error.returncode}") from None
            finally:
                partial.unlink(missing_ok=True)
            say(f"{number}/{len(missing)} {name}: {time.monotonic() - start:.0f} s")
        if missing:
            say(f"built in {time.monotonic() - began:.0f} s")


def assemble(names: list[str]) -> Path:
    """Return a folder in which each named binary can be run, building what is not there yet."""
    folder = cache_folder()
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        build(names, folder)
        return folder
    given = {path.name for path in Path(assets).iterdir()} if Path(assets).is_dir() else set()
    missing = [name for name in names if name not in given]
    if not missing:
        return Path(assets).resolve()
    build(missing, folder)
    # One folder is the answer: a second one links to both sources.
    view = folder.with_name(f"{folder.name}-{hashlib.sha256(str(Path(assets).resolve()).encode()).hexdigest()[:8]}")
    view.mkdir(exist_ok=True)
    for name in names:
        source = folder if name in missing else Path(assets).resolve()
        link = view / f".{name}.{os.getpid()}"
        link.symlink_to(source / name)
        link.replace(view / name)
    return view


def main() -> None:
    """Build what the command line names and print where it is."""
    parser = argparse.ArgumentParser(description="Build the test control plane; prints the folder of its binaries.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BINARIES)}; default: all")
    names = parser.parse_args().names or list(BINARIES)
    if unknown := set(names) - set(BINARIES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print(assemble(names))


if __name__ == "__main__":
    main()
