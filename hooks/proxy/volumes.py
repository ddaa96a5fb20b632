"""The volumes of the proxy's pod, each with its mount."""

from __future__ import annotations

from hooks.kubernetes.objects import Object
from hooks.proxy import names
from hooks.proxy.spec import ProxySpec


def make_volumes(proxy: ProxySpec) -> list[tuple[Object, Object]]:
    """Return each mount with its volume, in the reference's order."""
    run_config = _config_map_volume("runconfig", {"name": names.run_config(proxy.name)})
    return [run_config, *_host_paths(proxy), *_permission_profile(proxy), *_authz(proxy)]


def _config_map_volume(name: str, config_map: Object) -> tuple[Object, Object]:
    return (
        {"name": name, "mountPath": names.RESERVED_VOLUMES[name], "readOnly": True},
        {"name": name, "configMap": config_map},
    )


def _host_paths(proxy: ProxySpec) -> list[tuple[Object, Object]]:
    return [
        (
            {"name": v.name, "mountPath": v.mount_path, **({"readOnly": True} if v.read_only else {})},
            {"name": v.name, "hostPath": {"path": v.host_path}},
        )
        for v in proxy.backend.volumes
    ]


def _permission_profile(proxy: ProxySpec) -> list[tuple[Object, Object]]:
    config_map = proxy.backend.permission_profile.config_map
    return [_config_map_volume("permission-profile", {"name": config_map})] if config_map else []


def _authz(proxy: ProxySpec) -> list[tuple[Object, Object]]:
    authorization = proxy.authorization
    if authorization is None:
        return []
    inline = {"name": names.authz_inline(proxy.name), "items": [{"key": "authz.json", "path": "authz.json"}]}
    mounted = {"name": authorization.config_map, "items": [{"key": authorization.key, "path": "authz.json"}]}
    return [_config_map_volume("authz-config", inline if authorization.policies else mounted)]
