"""What a kustomization makes, by kubectl or kustomize: the one thing here that runs another program."""

from __future__ import annotations

import shutil
import subprocess

_TIMEOUT_SECONDS = 60
_SAID = 500


class NotBuilt(RuntimeError):
    """A kustomization that can't be built. The text says why."""


def kustomized(folder: str) -> str:
    """Return the manifests that `kubectl kustomize` prints for a folder; kustomize itself where there is no kubectl.

    Raises:
        NotBuilt: there is neither, or it refuses the folder.
    """
    kubectl, kustomize = shutil.which("kubectl"), shutil.which("kustomize")
    if not kubectl and not kustomize:
        raise NotBuilt("a kustomization needs kubectl or kustomize on the PATH, and there is neither")
    command = [kubectl, "kustomize", folder] if kubectl else [str(kustomize), "build", folder]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotBuilt(f"{command[0]} can't build it: {error}") from None
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:_SAID]
        raise NotBuilt(f"{command[0]} can't build it: {said}")
    return done.stdout.decode(errors="replace")
