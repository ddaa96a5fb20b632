"""oidcConfig, which stood in each workload's spec, as an MCPOIDCConfig and the reference to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hooks.convert.parts import NotConvertible, Wanted, checked, host
from hooks.kubernetes.objects import Object
from hooks.proxy.names import OIDC_CA_PATH

_KUBERNETES = {
    "serviceAccount": str,
    "namespace": str,
    "audience": str,
    "issuer": str,
    "jwksUrl": str,
    "introspectionUrl": str,
    "useClusterAuth": bool,
}
_INLINE = {
    "issuer": str,
    "audience": str,
    "jwksUrl": str,
    "introspectionUrl": str,
    "clientId": str,
    "clientSecret": str,
    "clientSecretRef": dict,
    "thvCABundlePath": str,
    "caBundleRef": dict,
    "jwksAuthTokenPath": str,
    "jwksAllowPrivateIP": bool,
    "protectedResourceAllowPrivateIP": bool,
    "insecureAllowHTTP": bool,
    "scopes": list,
}
_OF_THE_REFERENCE = ("audience", "scopes")
_NOT_ANY_MORE = ("clientSecret", "thvCABundlePath")
_OIDC_CONFIG = {"type": str, "resourceUrl": str, "kubernetes": dict, "configMap": dict, "inline": dict}
_TYPES = ("kubernetes", "configMap", "inline")

FindConfigMap = Callable[[str], Object | None]
"""The data of a ConfigMap in the workload's namespace, by name; None where it isn't among the files."""


def converted_oidc(given: Any, server: str, find_config_map: FindConfigMap) -> tuple[Wanted, list[str]]:
    """Return the MCPOIDCConfig that a workload's oidcConfig becomes, and what is to be said of it.

    Args:
        given: spec.oidcConfig.
        server: name of the workload.
        find_config_map: looks up what type configMap refers to.

    Raises:
        NotConvertible: a setting has no counterpart in an MCPOIDCConfig.
    """
    oidc = checked(given, "spec.oidcConfig", _OIDC_CONFIG)
    oidc_type = oidc.get("type", "kubernetes")
    if oidc_type not in _TYPES:
        raise NotConvertible(f"spec.oidcConfig.type must be one of {', '.join(_TYPES)}")
    notes = [
        f"oidcConfig.{other} is left out: type {oidc_type} never used it"
        for other in _TYPES
        if other in oidc and other != oidc_type
    ]
    resource = {"resourceUrl": oidc["resourceUrl"]} if "resourceUrl" in oidc else {}
    if oidc_type == "kubernetes":
        return _in_cluster(oidc.get("kubernetes", {}), server, resource), notes
    where = f"spec.oidcConfig.{oidc_type}"
    if oidc_type not in oidc:
        raise NotConvertible(f"{where} is missing: add it, or callers would not have to authenticate")
    if oidc_type == "inline":
        return _inline(checked(oidc["inline"], where, _INLINE), where, server, resource), notes
    block = checked(oidc["configMap"], where, {"name": str, "key": str, "caBundleRef": dict})
    data = find_config_map(str(block.get("name")))
    if data is None:
        remedy = f"give the file with ConfigMap {block.get('name')} too"
        raise NotConvertible(
            f"{where} refers to a ConfigMap that isn't among the files, and has no counterpart: {remedy}"
        )
    bundle = {"caBundleRef": block["caBundleRef"]} if "caBundleRef" in block else {}
    inline = {**_of_config_map(data), **bundle}
    notes.append(f"ConfigMap {block['name']} is no longer read for it: its values are in the MCPOIDCConfig")
    return _inline(checked(inline, where, _INLINE), where, server, resource), notes


def _in_cluster(given: Any, server: str, resource: Object) -> Wanted:
    kubernetes = checked(given, "spec.oidcConfig.kubernetes", _KUBERNETES)
    settings = {key: value for key, value in kubernetes.items() if key != "audience"}
    return Wanted(
        ref="oidcConfigRef",
        kind="MCPOIDCConfig",
        name=f"{server}-oidc",
        shared_name="kubernetes-oidc",
        spec={"type": "kubernetesServiceAccount", "kubernetesServiceAccount": settings},
        reference={"audience": kubernetes.get("audience", "toolhive"), **resource},
    )


def _inline(inline: Object, where: str, server: str, resource: Object) -> Wanted:
    if not inline.get("issuer"):
        raise NotConvertible(f"{where} has no issuer, which an MCPOIDCConfig must have: add it")
    if not inline.get("audience"):
        raise NotConvertible(f"{where} has no audience, which oidcConfigRef must name: add the one that tokens have")
    for key in ("issuer", "jwksUrl"):
        scheme = inline.get(key, "https:").partition(":")[0].lower()
        if scheme != "https" and not (scheme == "http" and inline.get("insecureAllowHTTP")):
            remedy = "make it https, or set insecureAllowHTTP: true beside it where that is meant"
            raise NotConvertible(f"{where}.{key} is no https URL: {remedy}")
    path = inline.get("thvCABundlePath")
    if path and path != _mounted_at(inline.get("caBundleRef", {})):
        remedy = "put the bundle into a ConfigMap and refer to it by caBundleRef"
        raise NotConvertible(
            f"{where}.thvCABundlePath is a path in the proxy's container, and has no counterpart: {remedy}"
        )
    settings = {key: value for key, value in inline.items() if key not in (*_OF_THE_REFERENCE, *_NOT_ANY_MORE)}
    reference = {key: inline[key] for key in _OF_THE_REFERENCE if inline.get(key)}
    return Wanted(
        ref="oidcConfigRef",
        kind="MCPOIDCConfig",
        name=f"{server}-oidc",
        shared_name=f"{host(inline['issuer'])}-oidc",
        spec={"type": "inline", "inline": settings},
        reference={**reference, **resource},
        client_secret="" if "clientSecretRef" in inline else inline.get("clientSecret", ""),
    )


def _of_config_map(data: Object) -> Object:
    """Return the inline settings that the keys of a ConfigMap are: cmd/thv-operator/pkg/oidc/resolver.go in 0.14.1."""
    texts = {key: data[key] for key, of_type in _INLINE.items() if of_type is str and data.get(key)}
    flags = {key: True for key in ("jwksAllowPrivateIP", "insecureAllowHTTP") if data.get(key) == "true"}
    scopes = [scope.strip() for scope in str(data.get("scopes") or "").split(",") if scope.strip()]
    return {**texts, **flags, **({"scopes": scopes} if scopes else {})}


def _mounted_at(ca_bundle: Object) -> str:
    """Return the path at which the operator mounts a CA bundle."""
    reference = ca_bundle.get("configMapRef") or {}
    return f"{OIDC_CA_PATH}/{reference.get('name')}/{reference.get('key') or 'ca.crt'}"
