"""Where the control plane's binaries come from: tools/build.py."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NO_GO = 3  # tools/build.py's exit code for "nothing here that could build it"

APISERVER = ("etcd", "kube-apiserver", "kubectl")
EVERYTHING = (*APISERVER, "kube-controller-manager", "kube-scheduler", "kwok")


class UnavailableError(Exception):
    """This machine has no control plane and can't build one: a reason to skip, in plain words."""


def binaries(*names: str) -> Path:
    """Return the folder that holds the named binaries; builds them when it has to, which takes minutes.

    Its progress goes to stderr as it comes, and the end of it into the error.
    """
    command = [sys.executable, str(ROOT / "tools" / "build.py"), *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        said = []
        for line in process.stderr or ():
            said.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
        printed = process.stdout.read().strip() if process.stdout else ""
    if process.returncode == NO_GO:
        raise UnavailableError(said[-1].strip())
    if process.returncode:
        raise RuntimeError(f"tools/build.py failed:\n{''.join(said[-20:])}")
    return Path(printed)
