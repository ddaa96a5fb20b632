"""The cases: what the reference operator was given and made of it, and what our hooks make of the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from hooks import go_json
from hooks.api.kinds import MCP_SERVER
from hooks.kubernetes.objects import Object
from tests.reference.api_defaults import without_cluster_state
from tests.reference.dialect import in_todays_dialect
from tests.reference.differences import DIFFERENCES, Children
from tests.world import KINDS, judged, made, settled

HERE = Path(__file__).parent
ALL = sorted(path.parent.name for path in HERE.glob("*/input.yaml"))
FAIL_THERE = {"external-auth-missing", "external-auth-secret-missing", "permission-configmap"}
"""Cases in which the reference makes neither RunConfig nor Deployment."""
CASES = [case for case in ALL if case not in FAIL_THERE]


def namespace_of(case: str) -> str:
    """The namespace in which the reference ran the case."""
    return f"c-{case}"


def inputs(case: str) -> list[Object]:
    """The manifests of a case."""
    return documents(HERE / case / "input.yaml")


def answer(case: str) -> Object:
    """What our hooks answer to the first sync of a case's MCPServer."""
    parents, others = _observed(case)
    server = next(obj for obj in parents if obj["kind"] == "MCPServer")
    configs = [judged(obj, *others) for obj in parents if obj is not server]
    return settled(server, *configs, *others)[0]


def with_status(case: str) -> list[Object]:
    """A case's custom resources, each with the status that our hooks give it at first."""
    parents, others = _observed(case)
    return [
        {
            "apiVersion": parent["apiVersion"],
            "kind": parent["kind"],
            "metadata": {"name": parent["metadata"]["name"]},
            "spec": parent["spec"],
            "status": (answer(case) if parent["kind"] == "MCPServer" else judged(parent, *others))["status"],
        }
        for parent in parents
    ]


def theirs(case: str) -> Children:
    """The children that the reference made, with the API server's defaults and in today's dialect."""
    return in_todays_dialect(comparable(without_cluster_state(child) for child in reference_children(case)))


def reference_children(case: str) -> list[Object]:
    """The children that the reference made, as the cluster held them."""
    return documents(HERE / case / "children.yaml")


def reference_statuses(case: str) -> dict[str, Object]:
    """The statuses that the reference wrote, by Kind/name."""
    statuses: dict[str, Object] = yaml.safe_load((HERE / case / "status.yaml").read_text()) or {}
    return statuses


def comparable(children: Iterable[Object]) -> Children:
    """Copies of the children by kind and name, with RunConfigs as objects."""
    found: Children = {}
    for child in copy.deepcopy(list(children)):
        if "runconfig.json" in child.get("data", {}):
            child["data"]["runconfig.json"] = json.loads(child["data"]["runconfig.json"])
        found[child["kind"], child["metadata"]["name"]] = child
    return found


def overlook_differences(*sides: Children) -> None:
    """Take away, on all sides, what differs on purpose."""
    for overlook in DIFFERENCES.values():
        for children in sides:
            overlook(children)


def run_config_text(children: Children, case: str) -> str:
    """The RunConfig as it stands in its ConfigMap."""
    return go_json.indented(children["ConfigMap", f"{case}-runconfig"]["data"]["runconfig.json"])


def _observed(case: str) -> tuple[list[Object], list[Object]]:
    """A case's custom resources, and the Secrets and ConfigMaps that they may refer to, as requests have them."""
    objects = [_admitted(obj, case) for obj in inputs(case)]
    others = [obj for obj in objects if obj["kind"] in ("Secret", "ConfigMap")]
    return [obj for obj in objects if obj not in others], others


def _admitted(obj: Object, case: str) -> Object:
    kind = next(kind for kind in KINDS.values() if kind.kind == obj["kind"])
    rest = {key: value for key, value in obj.items() if key in ("spec", "data", "stringData")}
    if "stringData" in rest:
        rest["data"] = dict.fromkeys(rest.pop("stringData"), "eA==")
    if kind is MCP_SERVER:
        rest["spec"] = {**MCP_SERVER.defaults[obj["apiVersion"]], **rest["spec"]}
    annotations = {"annotations": obj["metadata"]["annotations"]} if "annotations" in obj["metadata"] else {}
    return made(kind, obj["metadata"]["name"], metadata={"namespace": namespace_of(case), **annotations}, **rest)


def documents(path: Path) -> list[Object]:
    """The objects in a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]
