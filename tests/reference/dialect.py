"""What the reference made, in the dialect of release 0.44: the one in which our hooks write, whatever the manifest's.

Each function takes the reference's children of October 2025 to what release 0.44's operator makes of the same settings;
../reference_v1beta1 has such children as it really made them.
"""

from __future__ import annotations

from typing import Any

from hooks.kubernetes.objects import Object
from tests.reference.differences import Children, containers, run_configs


def in_todays_dialect(children: Children) -> Children:
    """The same children, each transformation below applied."""
    for transform in DIALECT:
        transform(children)
    return children


def foreground(children: Children) -> None:
    """The runner has no such flag any more."""
    for container in containers(children):
        container["args"].remove("--foreground=true")


def startup_probe(children: Children) -> None:
    """A proxy has a minute and a half to come up."""
    for container in containers(children):
        http = container["livenessProbe"]["httpGet"]
        periods = {"periodSeconds": 5, "timeoutSeconds": 3, "failureThreshold": 18, "successThreshold": 1}
        container["startupProbe"] = {"httpGet": http, **periods}


def deployment_annotations(children: Children) -> None:
    """What the spec gives to the Deployment does not reach its pods."""
    for (kind, _), child in children.items():
        if kind == "Deployment":
            given = child["metadata"].get("annotations", {})
            metadata = child["spec"]["template"]["metadata"]
            metadata["annotations"] = {k: v for k, v in metadata.get("annotations", {}).items() if k not in given}


def session_affinity(children: Children) -> None:
    """A caller stays with one proxy."""
    for (kind, _), child in children.items():
        if kind == "Service":
            child["spec"]["sessionAffinity"] = "ClientIP"
            child["spec"]["sessionAffinityConfig"] = {"clientIP": {"timeoutSeconds": 10800}}


def no_verb_apply(children: Children) -> None:
    """Kubernetes has no such verb."""
    for (kind, _), child in children.items():
        if kind == "Role":
            for rule in child["rules"]:
                rule["verbs"] = [verb for verb in rule["verbs"] if verb != "apply"]


def target_port(children: Children) -> None:
    """A RunConfig has one whatever the transport, and the MCP server of an HTTP transport hears of it."""
    for run in run_configs(children):
        _insert(run, "port", "target_port", run.get("target_port", 8080))


def container_labels(children: Children) -> None:
    """The tool type is gone, and the transport is the plain one."""
    for run in run_configs(children):
        del run["container_labels"]["toolhive-tool-type"]
        run["container_labels"]["toolhive-transport"] = run["transport"]


def proxy_mode(children: Children) -> None:
    """It means something for stdio alone; with any other transport it is the transport."""
    for run in run_configs(children):
        if run["transport"] != "stdio":
            run["proxy_mode"] = run["transport"]


def audit_keys(children: Children) -> None:
    for run in run_configs(children):
        if "audit_config" in run:
            run["audit_config"] = {"detectApplicationErrors": True, "maxDataSize": run["audit_config"]["max_data_size"]}


def oidc_keys(children: Children) -> None:
    """Two more, whose default is Go's."""
    for run in run_configs(children):
        if "oidc_config" in run:
            _insert(run["oidc_config"], "AllowPrivateIP", "InsecureAllowHTTP", value=False)
            run["oidc_config"]["Scopes"] = None


def token_exchange_keys(children: Children) -> None:
    """In Go's order, and the client secret empty: the runner takes it from its environment."""
    order = ("token_url", "client_id", "client_secret", "audience", "scopes", "header_strategy")
    for run in run_configs(children):
        for middleware in run.get("middleware_configs", []):
            given = {**middleware["parameters"]["token_exchange_config"], "client_secret": ""}
            named = {key: given.pop(key) for key in order if key in given}
            middleware["parameters"]["token_exchange_config"] = {**named, **given}


def authz_keys(children: Children) -> None:
    """Inline policies have another version; a ConfigMap's document has its keys by name."""
    is_inline = any(name.endswith("-authz-inline") for _, name in children)
    for run in run_configs(children):
        if "authz_config" in run:
            config = run["authz_config"]
            run["authz_config"] = {**config, "version": "1.0"} if is_inline else _sorted(config)


def telemetry_keys(children: Children) -> None:
    """The sampling rate is a text, and two keys are gone."""
    for run in run_configs(children):
        telemetry = run.get("telemetry_config")
        if telemetry:
            del telemetry["serviceVersion"], telemetry["environmentVariables"]
            telemetry["samplingRate"] = f"{telemetry['samplingRate']:g}"
            telemetry["useLegacyAttributes"] = True


DIALECT = (
    foreground,
    startup_probe,
    deployment_annotations,
    session_affinity,
    no_verb_apply,
    target_port,
    container_labels,
    proxy_mode,
    audit_keys,
    oidc_keys,
    token_exchange_keys,
    authz_keys,
    telemetry_keys,
)


def _insert(keys: Object, after: str, key: str, value: object) -> None:
    """Put a key behind another one: the order is that in which Go writes them."""
    old = dict(keys)
    keys.clear()
    for name, given in old.items():
        if name != key:
            keys[name] = given
        if name == after:
            keys[key] = value


def _sorted(value: Any) -> Any:
    return {key: _sorted(value[key]) for key in sorted(value)} if isinstance(value, dict) else value
