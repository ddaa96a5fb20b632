"""The ConfigMaps of a proxy: its RunConfig, and the policies of an inline authzConfig."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from hooks import go_json
from hooks.kubernetes.objects import Object
from hooks.proxy.names import COMPONENT_GROUP, CONTENT_CHECKSUM, WORKLOAD_HASH, Names
from hooks.proxy.spec import Authorization, ProxySpec
from hooks.strict_json import read_text

RUN_CONFIG_KEY = "runconfig.json"


class RunConfigMap(NamedTuple):
    """The ConfigMap that holds runconfig.json, and the checksum by which the proxy's pods follow it."""

    config_map: Object
    checksum: str


def make_run_config_map(names: Names, run_config: Object, workload_hash: str) -> RunConfigMap:
    """Return the ConfigMap that holds runconfig.json.

    Args:
        names: the parent's.
        run_config: the RunConfig, with its generation stamp where it has one.
        workload_hash: by which the next sync sees whether anything changed; empty where there is no stamp.
    """
    data = {RUN_CONFIG_KEY: go_json.indented(run_config)}
    labels = names.run_config_labels
    checksum = content_checksum(data, labels)
    config_map: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": names.run_config,
            "labels": labels,
            "annotations": {CONTENT_CHECKSUM: checksum, **({WORKLOAD_HASH: workload_hash} if workload_hash else {})},
        },
        "data": data,
    }
    return RunConfigMap(config_map, checksum)


def read_run_config(config_map: Object | None) -> Object:
    """Return the RunConfig that an observed ConfigMap holds; empty where there is none that can be read."""
    text = ((config_map or {}).get("data") or {}).get(RUN_CONFIG_KEY)
    run = read_text(text) if isinstance(text, str) else None
    return run if isinstance(run, dict) else {}


def content_checksum(data: dict[str, str], labels: dict[str, str]) -> str:
    """Return the reference's content checksum: data, then labels, sorted by key, keys and values run together."""
    text = "".join(key + values[key] for values in (data, labels) for key in sorted(values))
    return hashlib.sha256(text.encode()).hexdigest()


def make_authz_config_map(proxy: ProxySpec) -> Object | None:
    """Return the ConfigMap with the policies of an inline authzConfig, mounted beside RunConfig."""
    authorization = proxy.authorization
    if authorization is None or not authorization.policies:
        return None
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": proxy.names.authz_inline,
            "labels": {**proxy.names.labels, f"{COMPONENT_GROUP}/authz": "inline"},
        },
        "data": {"authz.json": go_json.compact(_policies(authorization))},
    }


def _policies(authorization: Authorization) -> Object:
    return {
        "cedar": {"entities_json": authorization.entities_json or "[]", "policies": list(authorization.policies)},
        "type": "cedarv1",
        "version": "1.0",
    }
