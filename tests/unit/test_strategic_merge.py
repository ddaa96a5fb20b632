"""Changes of a pod template are merged as Kubernetes' strategic merge patch does it.

strategic_merges.jsonl has what k8s.io/apimachinery 0.33's strategicpatch.StrategicMergePatch made of random templates.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hooks.kubernetes.objects import Object
from hooks.proxy.pod_template import merged_template

CASES = [json.loads(line) for line in Path(__file__).with_name("strategic_merges.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_templates_are_merged_as_kubernetes_merges_them(case: Object) -> None:
    given = json.dumps(case)

    assert merged_template(case["ours"], case["changes"]) == case["merged"]
    assert json.dumps(case) == given, "what went in is as it was"


def test_amounts_are_those_that_the_api_server_stores() -> None:
    ours = {"spec": {"containers": [{"name": "toolhive", "resources": {"requests": {"cpu": "100m"}}}]}}
    changes = {"spec": {"containers": [{"name": "toolhive", "resources": {"limits": {"cpu": "0.5", "memory": 1024}}}]}}

    [container] = merged_template(ours, changes)["spec"]["containers"]

    assert container["resources"] == {"requests": {"cpu": "100m"}, "limits": {"cpu": "500m", "memory": "1024"}}
