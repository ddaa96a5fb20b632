"""A field that no CRD of ours has: which clients are refused, and for which it is dropped (docs/compatibility.md)."""

from __future__ import annotations

import json
import secrets

import pytest

from hooks.api.meta import API_VERSION
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver

SERVER = f"{API_VERSION}/MCPServer"
LATER = {"loginConfigRef": {"name": "corp"}}


def manifest(**spec: object) -> str:
    name = f"web-{secrets.token_hex(3)}"
    spec = {"image": "ghcr.io/example/web:1.0.0", **spec}
    return json.dumps({"apiVersion": API_VERSION, "kind": "MCPServer", "metadata": {"name": name}, "spec": spec})


STRICT = 'strict decoding error: unknown field "spec.loginConfigRef"\n'
TYPED = ".spec.loginConfigRef: field not declared in schema\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("apply",), STRICT),
        (("create",), STRICT),
        (("apply", "--server-side"), TYPED),
        (("apply", "--server-side", "--validate=warn"), TYPED),
        (("apply", "--server-side", "--validate=ignore"), TYPED),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_client_that_is_refused_writes_nothing(
    cluster: ControlPlane, namespace: str, command: tuple[str, ...], told: str
) -> None:
    done = cluster.kubectl(*command, "-n", namespace, "-f", "-", input=manifest(**LATER), check=False)

    assert done.returncode == 1
    assert done.stderr.endswith(told), done.stderr
    assert cluster.objects(SERVER, namespace) == []


@pytest.mark.parametrize(
    ("command", "warned", "told"),
    [
        (("apply", "--validate=warn"), True, True),
        (("apply", "--validate=ignore"), False, True),
        (("create", "--validate=ignore"), False, False),
    ],
    ids=["apply, warned", "apply", "create"],
)
def test_a_field_is_dropped_without_a_refusal(
    cluster: ControlPlane, namespace: str, command: tuple[str, ...], warned: bool, told: bool
) -> None:
    """Only `kubectl apply` leaves the annotation by which the hooks see it."""
    done = cluster.kubectl(*command, "-n", namespace, "-f", "-", input=manifest(**LATER))

    [stored] = cluster.objects(SERVER, namespace)
    assert done.stderr == ('Warning: unknown field "spec.loginConfigRef"\n' if warned else "")
    assert "loginConfigRef" not in stored["spec"]
    assert ("loginConfigRef" in _annotation(stored)) == told


def test_a_patch_drops_a_field_and_no_annotation_tells(cluster: ControlPlane, namespace: str) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", input=manifest())
    [before] = cluster.objects(SERVER, namespace)
    name = before["metadata"]["name"]

    change = json.dumps({"spec": LATER})
    done = cluster.kubectl(
        "patch", "mcpservers.toolhive.stacklok.dev", name, "-n", namespace, "--type=merge", "-p", change
    )

    assert done.stderr == 'Warning: unknown field "spec.loginConfigRef"\n'
    assert cluster.objects(SERVER, namespace) == [before]


def _annotation(obj: Object) -> str:
    return str(obj["metadata"].get("annotations", {}).get(KUBECTL_LAST_APPLIED, ""))
