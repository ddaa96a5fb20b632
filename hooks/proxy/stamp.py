"""The generation stamp: by it a proxy runner knows that a newer one has applied the StatefulSet, and leaves it alone.

While a Deployment is rolled out, proxies of the old and the new template run side by side. An old one that starts again
would apply its old StatefulSet. So runner 0.44.0 compares its own stamp with that on the StatefulSet's pod template
(pkg/container/kubernetes/client.go): a higher one there stops it, an equal one doesn't.

ToolHive's own operator takes metadata.generation, and so rolls the pods with every edit. Here an edit that changes
neither RunConfig nor pod template keeps the number. The number never exceeds both metadata.generation and the stamp of
the StatefulSet: that operator's proxies would be stopped after a way back to it.
"""

from __future__ import annotations

import hashlib
import json

from hooks.kubernetes.kinds import CONFIG_MAP
from hooks.kubernetes.objects import Object, annotations_of
from hooks.metacontroller.requests import SyncRequest
from hooks.proxy import names
from hooks.proxy.config_maps import read_run_config
from hooks.proxy.stateful_set import counted, stamp_of, stateful_set


def workload_hash(run: Object, deployment: Object) -> str:
    """A hash of what the pods are made from: the RunConfig and the pod template, both without their stamp."""
    text = json.dumps([run, deployment["spec"]["template"]], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def stamp(request: SyncRequest, content: str) -> int:
    """The stamp for a RunConfig and a pod template with this hash."""
    theirs = stamp_of(stateful_set(request))
    highest = max(request.generation, theirs)
    config_map = request.children.get(CONFIG_MAP, names.names_of(request).run_config)
    if config_map is None or annotations_of(config_map).get(names.WORKLOAD_HASH) != content:
        return highest
    observed = counted(read_run_config(config_map).get("mcpserver_generation"))
    # A tenant can edit the RunConfig: a number that no generation explains would stop every proxy to come.
    return observed if 0 < observed <= highest and observed >= theirs else highest


def in_run_config(run: Object, number: int | None) -> Object:
    """The RunConfig with its stamp, if it has one, in the place that it has in the reference's."""
    if number is None:
        return run
    return {"schema_version": run["schema_version"], "mcpserver_generation": number, **run}
