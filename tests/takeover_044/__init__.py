"""Whole objects as operator 0.44.0 left them on a real control plane, managedFields included: one file for each case.

Its binary had the name operator-044, and the API server noted its writes under that; the published image's is
thv-operator, which is what `migrate` knows.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import yaml

from hooks.kubernetes.objects import Object
from hooks.migrate.managed_fields import MANAGER

HERE = Path(__file__).parent
ALL = sorted(path.stem for path in HERE.glob("*.yaml"))


def objects(case: str, *, manager: str = MANAGER) -> list[Object]:
    """Return the objects of a case, with the operator's writes noted under this name."""
    found: list[Object] = copy.deepcopy(_read(case, manager))
    return found


def workload(of: list[Object]) -> Object:
    """Return the MCPServer among these."""
    [found] = [obj for obj in of if obj["kind"] == "MCPServer"]
    return found


@cache
def _read(case: str, manager: str) -> list[Object]:
    text = (HERE / f"{case}.yaml").read_text().replace("manager: operator-044", f"manager: {manager}")
    items: list[Object] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["items"]  # noqa: S506
    return items
