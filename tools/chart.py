"""Copy into charts/toolhive-hooks/files what the chart and the kustomization have in common: `python -m tools.chart`.

A chart can read no file outside its own folder. Templates set what differs between installations; these files say the
rest, and a test compares them with their originals.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hooks.controllers import CONTROLLERS

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "charts/toolhive-hooks"
COMPONENTS = "metacontroller/components"

COPIES = {
    **{
        f"compositecontrollers/{controller.slug}.yaml": f"metacontroller/{controller.slug}.yaml"
        for controller in CONTROLLERS
    },
    "certificates.yaml": f"{COMPONENTS}/tls/certificates.yaml",
    "client-certificate.yaml": f"{COMPONENTS}/mtls/certificate.yaml",
    "least-privilege.yaml": f"{COMPONENTS}/least-privilege/clusterrole.yaml",
    "roles.yaml": f"{COMPONENTS}/roles/clusterroles.yaml",
    **{
        f"{component}/{name}": f"{COMPONENTS}/{component}/{name}"
        for component, names in {
            "monitoring": ("prometheusrule.yaml", "servicemonitor.yaml", "service.yaml", "dashboard.json"),
            "monitoring-servers": (
                *("prometheusrule.yaml", "podmonitor.yaml", "clusterrole.yaml"),
                *("kube-state-metrics.yaml", "dashboard.json"),
            ),
        }.items()
        for name in names
    },
}
"""A file below charts/toolhive-hooks/files, and what it is a copy of."""


def main() -> None:
    """Write the copies, and leave nothing else in their folder."""
    shutil.rmtree(CHART / "files", ignore_errors=True)
    for copy, original in COPIES.items():
        target = CHART / "files" / copy
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / original, target)


if __name__ == "__main__":
    main()
