"""Secrets and ConfigMaps that a cluster would have and the manifests don't: other controllers make them from these.

Each counts as there, with a note, since its value is known in the cluster alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from hooks.api.meta import GROUP, secret_refs
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET, Kind
from hooks.kubernetes.objects import Object
from hooks.manifests.problems import Place, Problem
from hooks.render.tree import named_config_maps, readable_spec
from hooks.text import title

STAND_IN = "a-value-that-is-known-in-the-cluster-alone"


class Promise(NamedTuple):
    """An object that a manifest of another kind stands for."""

    kind: Kind
    name: str
    keys: frozenset[str] | None
    """None where the manifest doesn't say which there will be."""
    everywhere: bool = False
    """Whether each namespace gets one, and not the manifest's alone."""


def _get(obj: Any, *path: str) -> Any:
    for key in path:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(items: Any, field: str) -> frozenset[str]:
    """Return what a field says in each item of a list that has it."""
    return frozenset(str(item[field]) for item in _list(items) if isinstance(item, dict) and field in item)


def _keys(*objects: Any) -> frozenset[str]:
    """Return the keys of these objects; a manifest may have something else in their place."""
    return frozenset(key for each in objects if isinstance(each, dict) for key in each)


def _external_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    name = _get(spec, "target", "name") or obj["metadata"]["name"]
    open_ended = _get(spec, "dataFrom") or _get(spec, "target", "template")
    kind = CONFIG_MAP if _get(spec, "target", "manifest", "kind") == "ConfigMap" else SECRET
    yield Promise(kind, name, None if open_ended else _texts(_get(spec, "data"), "secretKey"))


def _cluster_external_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    inner = _get(spec, "externalSecretSpec")
    name = _get(inner, "target", "name") or _get(spec, "externalSecretName") or obj["metadata"]["name"]
    yield Promise(SECRET, name, None, everywhere=True)


def _sealed_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    name = _get(spec, "template", "metadata", "name") or obj["metadata"]["name"]
    yield Promise(SECRET, name, _keys(_get(spec, "encryptedData"), _get(spec, "template", "data")))


def _vault_secret(_: Object, spec: Any) -> Iterator[Promise]:
    if name := _get(spec, "destination", "name"):
        yield Promise(SECRET, name, None)


def _sops_secret(_: Object, spec: Any) -> Iterator[Promise]:
    for each in _list(_get(spec, "secretTemplates") or _get(spec, "secret_templates")):
        if name := _get(each, "name"):
            yield Promise(SECRET, name, _keys(_get(each, "stringData"), _get(each, "data")))


def _certificate(_: Object, spec: Any) -> Iterator[Promise]:
    if name := _get(spec, "secretName"):
        yield Promise(SECRET, name, frozenset(("tls.crt", "tls.key", "ca.crt")))


def _bundle(obj: Object, spec: Any) -> Iterator[Promise]:
    """Trust-manager's, of which each namespace gets a copy."""
    key = _get(spec, "target", "configMap", "key")
    if isinstance(key, str):
        yield Promise(CONFIG_MAP, obj["metadata"]["name"], frozenset((key,)), everywhere=True)


def _csi_secrets(_: Object, spec: Any) -> Iterator[Promise]:
    for each in _list(_get(spec, "secretObjects")):
        if name := _get(each, "secretName"):
            yield Promise(SECRET, name, _texts(_get(each, "data"), "key"))


def _named(*path: str) -> Callable[[Object, Any], Iterator[Promise]]:
    """A kind whose spec has the Secret's name at this path; without one the name is its own."""

    def promise(obj: Object, spec: Any) -> Iterator[Promise]:
        name = _get(spec, *path) if path else obj["metadata"]["name"]
        if isinstance(name, str):
            yield Promise(SECRET, name, None)

    return promise


MAKERS: dict[str, Callable[[Object, Any], Iterator[Promise]]] = {
    "ExternalSecret.external-secrets.io": _external_secret,
    "ClusterExternalSecret.external-secrets.io": _cluster_external_secret,
    "SealedSecret.bitnami.com": _sealed_secret,
    "VaultStaticSecret.secrets.hashicorp.com": _vault_secret,
    "VaultDynamicSecret.secrets.hashicorp.com": _vault_secret,
    "VaultPKISecret.secrets.hashicorp.com": _vault_secret,
    "HCPVaultSecretsApp.secrets.hashicorp.com": _vault_secret,
    "SopsSecret.isindir.github.com": _sops_secret,
    "Certificate.cert-manager.io": _certificate,
    "Bundle.trust.cert-manager.io": _bundle,
    "OnePasswordItem.onepassword.com": _named(),
    "SecretProviderClass.secrets-store.csi.x-k8s.io": _csi_secrets,
    "InfisicalSecret.secrets.infisical.com": _named("managedSecretReference", "secretName"),
    "DopplerSecret.secrets.doppler.com": _named("managedSecret", "name"),
}
"""What each kind, as KIND.GROUP, promises to make."""


def presumed(manifests: Iterable[tuple[Object, Place]]) -> tuple[list[Object], list[Problem]]:
    """Make stand-ins for the Secrets and ConfigMaps that these manifests promise and our objects name.

    A stand-in has the keys that its manifest promises; where that doesn't say which, those that are named.

    Returns:
        The stand-ins, and a note for each.
    """
    promises: dict[tuple[str, str], list[tuple[Promise, Object, Place]]] = {}
    there, ours = set(), []
    for obj, place in manifests:
        group = obj["apiVersion"].rpartition("/")[0]
        if SECRET.includes(obj) or CONFIG_MAP.includes(obj):
            there.add((obj["kind"], _namespace(obj), obj["metadata"]["name"]))
        elif group == GROUP:
            ours.append(obj)
        elif maker := MAKERS.get(f"{obj['kind']}.{group}"):
            for promise in maker(obj, obj.get("spec")):
                promises.setdefault((promise.kind.kind, str(promise.name)), []).append((promise, obj, place))
    if not promises:
        return [], []
    made, notes = {}, []
    for kind, namespace, name, keys in _needed(ours):
        for promise, manifest, place in promises.get((kind.kind, name), []):
            identity = (kind.kind, namespace, name)
            is_here = promise.everywhere or _namespace(manifest) == namespace
            if identity in there or identity in made or not is_here:
                continue
            promised = keys if promise.keys is None else sorted(promise.keys)
            made[identity] = _stand_in(kind, namespace, name, promised)
            message = f"counts as there, since {manifest['kind']} {manifest['metadata']['name']} makes it"
            notes.append(Problem("note", message, "Presumed", f"{kind.kind} {namespace}/{name}", place=place))
    return list(made.values()), notes


def _needed(ours: Iterable[Object]) -> Iterator[tuple[Kind, str, str, list[str]]]:
    """Each Secret and ConfigMap that our objects name, with the keys that they name in it."""
    keys: dict[tuple[Kind, str, str], dict[str, None]] = {}
    for obj in ours:
        spec = readable_spec(obj)
        if spec is None:
            continue
        for _, reference in secret_refs(spec):
            keys.setdefault((SECRET, _namespace(obj), reference.name), {})[reference.key] = None
        for _, name in named_config_maps(spec):
            keys.setdefault((CONFIG_MAP, _namespace(obj), name), {})
    for (kind, namespace, name), named in keys.items():
        yield kind, namespace, name, list(named)


def _namespace(obj: Object) -> str:
    return obj["metadata"].get("namespace") or "default"


def _stand_in(kind: Kind, namespace: str, name: str, keys: Iterable[str]) -> Object:
    value = base64.b64encode(STAND_IN.encode()).decode() if kind == SECRET else STAND_IN
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": kind.kind, "metadata": metadata, "data": dict.fromkeys(keys, value)}


def without_sops(manifests: Iterable[tuple[Object, Place]]) -> tuple[list[tuple[Object, Place]], list[Problem]]:
    """Return the manifests with stand-ins for the values of Secrets that sops has encrypted, and a note for each."""
    clear, notes = [], []
    for obj, place in manifests:
        if not SECRET.includes(obj) or "sops" not in obj:
            clear.append((obj, place))
            continue
        keys = [*(obj.get("data") or {}), *(obj.get("stringData") or {})]
        stand_in = _stand_in(SECRET, _namespace(obj), obj["metadata"]["name"], keys)
        clear.append(({**obj, "data": stand_in["data"], "stringData": {}}, place))
        message = "is encrypted by sops: its values count as there"
        notes.append(Problem("note", message, "Presumed", title(obj), place=place))
    return clear, notes
