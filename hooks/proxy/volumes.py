"""The volumes of the proxy's pod, each with its mount."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.outgoing_auth import effects
from hooks.proxy.spec import CABundle, Container, ProxySpec, Remote
from hooks.proxy.webhook_secrets import SecretFile, secret_files

Mounted = tuple[Object, Object]
"""A mount with its volume."""


def make_volumes(proxy: ProxySpec) -> list[Mounted]:
    """Return each mount with its volume, in the operator's order."""
    otel = proxy.telemetry.open_telemetry if proxy.telemetry else None
    oidc_ca = proxy.incoming_auth.ca_bundle if proxy.incoming_auth else None
    otel_ca = otel.ca_bundle if otel else None
    bundles = [
        *_ca_bundle(names.OIDC_CA_VOLUME_PREFIX, names.OIDC_CA_PATH, oidc_ca),
        *_ca_bundle(names.OTEL_CA_VOLUME_PREFIX, names.OTEL_CA_PATH, otel_ca),
    ]
    return [
        _config_map_volume("runconfig", {"name": proxy.names.run_config}),
        *([_webhook_secret(file) for file in secret_files(proxy.webhooks)] if proxy.webhooks else []),
        *_host_paths(proxy),
        *_authz(proxy),
        *(reversed(bundles) if isinstance(proxy.backend, Remote) else bundles),
        *effects(proxy).volumes,
    ]


def _config_map_volume(name: str, config_map: Object) -> Mounted:
    return (
        {"name": name, "mountPath": names.RESERVED_VOLUMES[name], "readOnly": True},
        {"name": name, "configMap": config_map},
    )


def _webhook_secret(file: SecretFile) -> Mounted:
    items = [{"key": file.secret.key, "path": file.file}]
    return (
        {"name": file.volume, "mountPath": file.path, "subPath": file.file, "readOnly": True},
        {"name": file.volume, "secret": {"secretName": file.secret.name, "items": items}},
    )


def _host_paths(proxy: ProxySpec) -> list[Mounted]:
    given = proxy.backend.volumes if isinstance(proxy.backend, Container) else ()
    return [
        (
            {"name": v.name, "mountPath": v.mount_path, **({"readOnly": True} if v.read_only else {})},
            {"name": v.name, "hostPath": {"path": v.host_path}},
        )
        for v in given
    ]


def _authz(proxy: ProxySpec) -> list[Mounted]:
    """The policies as a file, where the spec itself has them or names their ConfigMap."""
    authorization = proxy.authorization
    if authorization is None or not (authorization.policies or authorization.config_map):
        return []
    inline = {"name": proxy.names.authz_inline, "items": [{"key": "authz.json", "path": "authz.json"}]}
    mounted = {"name": authorization.config_map, "items": [{"key": authorization.key, "path": "authz.json"}]}
    return [_config_map_volume("authz-config", inline if authorization.policies else mounted)]


def _ca_bundle(prefix: str, path: str, bundle: CABundle | None) -> list[Mounted]:
    """The volume's name is a DNS label: unlike that of the ConfigMap, it can't have dots."""
    if bundle is None:
        return []
    name = f"{prefix}{bundle.config_map}".replace(".", "-")
    items = [{"key": bundle.key, "path": bundle.key}]
    return [
        (
            {"name": name, "mountPath": f"{path}/{bundle.config_map}", "readOnly": True},
            {"name": name, "configMap": {"name": bundle.config_map, "items": items}},
        )
    ]
