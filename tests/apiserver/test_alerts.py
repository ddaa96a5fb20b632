"""The alerts, as Prometheus' own promtool evaluates them over series that a test makes up; and their runbooks exist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from hooks.kubernetes.objects import Object
from tests.apiserver.manifests import COMPONENTS
from tests.controlplane.assets import ROOT

CASES = {"monitoring": "hooks.yaml", "monitoring-servers": "servers.yaml"}
RUNBOOKS = "https://github.com/toolhive-hooks/toolhive-hooks/blob/main/"

each_component = pytest.mark.parametrize("component", CASES)


def rules(component: str) -> Object:
    """What a component's PrometheusRule holds, as a rule file has it."""
    return dict(yaml.safe_load((COMPONENTS / component / "prometheusrule.yaml").read_text())["spec"])


@each_component
def test_alerts_fire_when_they_should_and_not_before(component: str, tmp_path: Path) -> None:
    """promtool is in Debian's package prometheus; PROMTOOL is its path where it isn't on PATH."""
    promtool = shutil.which(os.environ.get("PROMTOOL", "promtool"))
    if promtool is None:
        pytest.skip("alerts: SKIPPED (no promtool on PATH nor in PROMTOOL; Debian has it in package prometheus)")
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules(component)))
    shutil.copy(Path(__file__).with_name("alerts") / CASES[component], tmp_path / "tests.yaml")

    for command in (["check", "rules", "rules.yaml"], ["test", "rules", "tests.yaml"]):
        result = subprocess.run(
            [promtool, *command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert result.returncode == 0, result.stdout + result.stderr


@each_component
def test_every_alert_is_tested(component: str) -> None:
    text = (Path(__file__).with_name("alerts") / CASES[component]).read_text()
    alerts = [rule["alert"] for group in rules(component)["groups"] for rule in group["rules"]]

    assert [alert for alert in alerts if not re.search(rf"\b{alert}\b", text)] == []


@each_component
def test_every_alert_has_a_runbook_that_is_there(component: str) -> None:
    headings = re.findall(r"^### (\w+)$", (ROOT / "docs/monitoring.md").read_text(), re.MULTILINE)

    for group in rules(component)["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}docs/monitoring.md#{rule['alert'].lower()}"
            assert rule["alert"] in headings
