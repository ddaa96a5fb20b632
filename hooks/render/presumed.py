"""Secrets and ConfigMaps that a cluster would have and the manifests don't: other controllers make them from these.

Each counts as there, with a note, since its value is known in the cluster alone.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from hooks.api.kinds import RESOURCES
from hooks.api.meta import GROUP, secret_refs
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET, Kind
from hooks.kubernetes.objects import Object
from hooks.manifests.problems import Place, Problem
from hooks.render.tree import named_config_maps
from hooks.text import title

STAND_IN = "a-value-that-is-known-in-the-cluster-alone"


class Promise(NamedTuple):
    """An object that a manifest of another kind stands for."""

    kind: Kind
    name: str
    keys: frozenset[str] | None
    """None where the manifest doesn't say which there will be."""
    namespace: str | None = ""
    """The manifest's own when empty; None for any."""


def _get(obj: Any, *path: str) -> Any:
    for key in path:
        obj = obj.get(key) if isinstance(obj, dict) else None
    return obj


def _keys(items: Any, field: str) -> frozenset[str]:
    found = items if isinstance(items, list) else []
    return frozenset(str(item[field]) for item in found if isinstance(item, dict) and field in item)


def _external_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    name = _get(spec, "target", "name") or obj["metadata"]["name"]
    open_ended = _get(spec, "dataFrom") or _get(spec, "target", "template")
    kind = CONFIG_MAP if _get(spec, "target", "manifest", "kind") == "ConfigMap" else SECRET
    yield Promise(kind, name, None if open_ended else _keys(_get(spec, "data"), "secretKey"))


def _cluster_external_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    inner = _get(spec, "externalSecretSpec")
    name = _get(inner, "target", "name") or _get(spec, "externalSecretName") or obj["metadata"]["name"]
    yield Promise(SECRET, name, None, None)


def _sealed_secret(obj: Object, spec: Any) -> Iterator[Promise]:
    name = _get(spec, "template", "metadata", "name") or obj["metadata"]["name"]
    encrypted, plain = _get(spec, "encryptedData"), _get(spec, "template", "data")
    yield Promise(SECRET, name, frozenset([*(encrypted or {}), *(plain or {})]))


def _vault_secret(_: Object, spec: Any) -> Iterator[Promise]:
    if name := _get(spec, "destination", "name"):
        yield Promise(SECRET, name, None)


def _sops_secret(_: Object, spec: Any) -> Iterator[Promise]:
    for each in _get(spec, "secretTemplates") or _get(spec, "secret_templates") or []:
        if name := _get(each, "name"):
            yield Promise(SECRET, name, frozenset([*(_get(each, "stringData") or {}), *(_get(each, "data") or {})]))


def _certificate(_: Object, spec: Any) -> Iterator[Promise]:
    if name := _get(spec, "secretName"):
        yield Promise(SECRET, name, frozenset(("tls.crt", "tls.key", "ca.crt")))


def _bundle(obj: Object, spec: Any) -> Iterator[Promise]:
    """Trust-manager's, of which each namespace gets a copy."""
    key = _get(spec, "target", "configMap", "key")
    if key:
        yield Promise(CONFIG_MAP, obj["metadata"]["name"], frozenset((key,)), None)


def _csi_secrets(_: Object, spec: Any) -> Iterator[Promise]:
    for each in _get(spec, "secretObjects") or []:
        if name := _get(each, "secretName"):
            yield Promise(SECRET, name, _keys(_get(each, "data"), "key"))


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
        if f"{obj['kind']}.{obj['apiVersion']}" in (SECRET.key, CONFIG_MAP.key):
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
        for promise, maker_obj, place in promises.get((kind.kind, name), []):
            place_namespace = _namespace(maker_obj) if promise.namespace == "" else promise.namespace
            identity = (kind.kind, namespace, name)
            if identity in there or identity in made or place_namespace not in (namespace, None):
                continue
            promised = keys if promise.keys is None else sorted(promise.keys)
            made[identity] = _stand_in(kind, namespace, name, promised)
            message = f"counts as there, since {maker_obj['kind']} {maker_obj['metadata']['name']} makes it"
            notes.append(Problem("note", message, "Presumed", f"{kind.kind} {namespace}/{name}", place=place))
    return list(made.values()), notes


def _needed(ours: Iterable[Object]) -> Iterator[tuple[Kind, str, str, list[str]]]:
    """Each Secret and ConfigMap that our objects name, with the keys that they name in it."""
    models = {kind.kind: kind.spec_model for kind in RESOURCES}
    keys: dict[tuple[Kind, str, str], dict[str, None]] = {}
    for obj in ours:
        model = models.get(obj["kind"])
        try:
            spec = model.parse(obj.get("spec")) if model else None
        except ValidationError:
            continue
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
        if obj["kind"] != SECRET.kind or "sops" not in obj:
            clear.append((obj, place))
            continue
        keys = [*(obj.get("data") or {}), *(obj.get("stringData") or {})]
        stand_in = _stand_in(SECRET, _namespace(obj), obj["metadata"]["name"], keys)
        clear.append(({**obj, "data": stand_in["data"], "stringData": {}}, place))
        message = "is encrypted by sops: its values count as there"
        notes.append(Problem("note", message, "Presumed", title(obj), place=place))
    return clear, notes
