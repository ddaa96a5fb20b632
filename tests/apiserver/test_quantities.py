"""Our form of a quantity is the one that the API server keeps."""

from __future__ import annotations

import itertools

import pytest

from hooks.api.pod_template import PodTemplate, read_pod_template
from hooks.kubernetes.quantity import MAX_LENGTH, MOST, amount, canonical
from tests.apiserver.oracle import Oracle
from tests.controlplane import ControlPlane

pytestmark = pytest.mark.apiserver

NUMBERS = ("0", "1", "5", "999", "1000", "1024", "1500", "1536", "0.1", "1.5", ".5", "0.0001", "2.", "123456789")
SUFFIXES = ("", "n", "u", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "e3", "E-3", "e+2", "e1", "e-7")
LONG = (
    *("1" * 94, "9" * 94, "0" * 93 + "5", "1." + "1" * 92, "." + "0" * 92 + "1", "1" + "0" * 93),
    *(str(MOST), f"{MOST // 1000}.807", f"{MOST // 1000}.8071", "9" * 18, "1" + "0" * 18, "9.999999999999999999"),
)
ALL = [
    *("".join(parts) for parts in itertools.product(NUMBERS, SUFFIXES)),
    *("".join(parts) for parts in itertools.product(LONG, (*SUFFIXES, "E", "Ei", "e-75", "e-94", "e-999", "E18"))),
]
QUANTITIES = [quantity for quantity in ALL if len(quantity) <= MAX_LENGTH and amount(quantity) <= MOST]


def test_our_form_is_the_one_that_is_kept(cluster: ControlPlane, namespace: str) -> None:
    """One container for each quantity: as it is sent, and as it comes back."""
    containers = [
        {"name": f"c{number}", "image": "x", "resources": {"limits": {"cpu": quantity}}}
        for number, quantity in enumerate(QUANTITIES)
    ]
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "quantities"},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}},
        },
    }

    made = cluster.resource("apps/v1/Deployment").create(body=deployment, namespace=namespace).to_dict()

    kept = [container["resources"]["limits"]["cpu"] for container in made["spec"]["template"]["spec"]["containers"]]
    ours = [canonical(quantity) for quantity in QUANTITIES]
    assert dict(zip(QUANTITIES, ours, strict=True)) == dict(zip(QUANTITIES, kept, strict=True))


def test_a_quantity_of_a_pod_template_has_the_form_that_go_writes(oracle: Oracle) -> None:
    """Finer than what is kept: the API server rounds when it stores."""
    limits = {f"acme.test/r{number}": quantity for number, quantity in enumerate(QUANTITIES)}
    template = {"spec": {"containers": [{"name": "mcp", "resources": {"limits": limits}}]}}

    ours = read_pod_template(template)
    theirs = oracle.ask(template=template)["operator"]["written"]

    assert isinstance(ours, PodTemplate)
    [written], [expected] = ours.template["spec"]["containers"], theirs["spec"]["containers"]
    assert written["resources"] == expected["resources"]
