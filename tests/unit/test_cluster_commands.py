"""`migrate` and `diff` without a cluster: what they say when they can't begin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hooks.cluster import LEASE, ClusterError, _path
from hooks.controllers.kinds import SECRET

WITHOUT_CLIENT = "import sys; sys.modules['kubernetes'] = None; from hooks.cli import main; main()"


@pytest.mark.parametrize("command", ["migrate", "diff"])
def test_without_the_kubernetes_client_they_say_how_to_get_it(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command], capture_output=True, text=True, check=False, timeout=60
    )

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "toolhive-hooks: this needs the Kubernetes client: pip install 'kubernetes>=32'\n"


@pytest.mark.parametrize("command", ["serve", "render", "crds"])
def test_the_others_need_none(command: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT_CLIENT, command, "--help"], capture_output=True, check=False, timeout=60
    )

    assert result.returncode == 0


def test_without_a_kubeconfig_that_is_said(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "none")}
    result = subprocess.run(
        [sys.executable, "-m", "hooks", "migrate"], capture_output=True, text=True, check=False, timeout=60, env=env
    )

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert result.stderr.startswith("toolhive-hooks: no usable kubeconfig: ")


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ((SECRET, "team", "oauth"), "/api/v1/namespaces/team/secrets/oauth"),
        ((SECRET, "team", "../../other/secrets/x"), "/api/v1/namespaces/team/secrets/..%2F..%2Fother%2Fsecrets%2Fx"),
        ((SECRET, "team", "a?watch=true#%2f"), "/api/v1/namespaces/team/secrets/a%3Fwatch%3Dtrue%23%252f"),
        ((SECRET, "../kube-system"), "/api/v1/namespaces/..%2Fkube-system/secrets"),
        ((LEASE,), "/apis/coordination.k8s.io/v1/leases"),
    ],
)
def test_no_name_leads_out_of_its_place(arguments: tuple[Any, ...], path: str) -> None:
    assert _path(*arguments) == path


@pytest.mark.parametrize("arguments", [("team", ""), ("team", "."), ("team", ".."), ("..", "oauth"), (".",)])
def test_what_is_no_name_is_refused(arguments: tuple[str, ...]) -> None:
    """A client would resolve it, or read a list in the object's place."""
    with pytest.raises(ClusterError, match="no Secret can be named "):
        _path(SECRET, *arguments)
