"""The generation stamp in what a server has: read, and taken away where a history of edits is compared with another."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from hooks.kubernetes.objects import Object
from hooks.proxy import names

RUN_CONFIG = "runconfig.json"


def stamps(children: Mapping[str, Object]) -> tuple[int, int]:
    """The stamps that the RunConfig and the proxy's pod template of a server carry."""
    [run] = [json.loads(obj["data"][RUN_CONFIG]) for obj in children.values() if RUN_CONFIG in obj.get("data", {})]
    [template] = [obj["spec"]["template"] for name, obj in children.items() if name.startswith("Deployment/")]
    return run["mcpserver_generation"], int(template["metadata"]["annotations"][names.MCPSERVER_GENERATION])


def unstamped(children: Mapping[str, Object]) -> dict[str, Object]:
    """The children less stamps, and less the checksums that change with these; the hash of all the rest stays."""
    return {name: _unstamped(obj) for name, obj in children.items()}


def unstamped_template(template: Object) -> Object:
    """A pod template likewise."""
    metadata = template["metadata"]
    ours = (names.MCPSERVER_GENERATION, names.RUNCONFIG_CHECKSUM)
    annotations = {key: value for key, value in metadata["annotations"].items() if key not in ours}
    return {**template, "metadata": {**metadata, "annotations": annotations}}


def _unstamped(obj: Object) -> Object:
    obj = copy.deepcopy(obj)
    data: dict[str, Any] = obj.get("data", {})
    if RUN_CONFIG in data:
        run = json.loads(data[RUN_CONFIG])
        del run["mcpserver_generation"], obj["metadata"]["annotations"][names.CONTENT_CHECKSUM]
        data[RUN_CONFIG] = json.dumps(run)
    if obj.get("kind") == "Deployment":
        obj["spec"]["template"] = unstamped_template(obj["spec"]["template"])
    return obj
