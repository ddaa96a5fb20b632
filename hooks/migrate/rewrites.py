"""The workloads of a cluster in their current fields: what `migrate --convert` adds and rewrites."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from hooks.api.errors import path
from hooks.api.kinds import BY_KIND
from hooks.api.unknown import unknown_fields
from hooks.cluster import LiveCluster
from hooks.convert.configs import SECRET_KEY, Request, name_configs
from hooks.convert.objects import Converted, converted, refer
from hooks.convert.parts import NotConvertible, Wanted
from hooks.go_json import same
from hooks.kubernetes.kinds import CONFIG_MAP, SECRET
from hooks.kubernetes.objects import KUBECTL_LAST_APPLIED, Object, annotations_of, labels_of
from hooks.migrate.dialects import old_fields
from hooks.migrate.plan import merge_difference
from hooks.text import some, title

GITOPS = {
    "Argo CD": ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"),
    "Flux": ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name"),
}
"""What tools of GitOps put on the objects that they own, as a label or an annotation."""


@dataclass(slots=True)
class Rewrite:
    """A workload to rewrite, and the configs and Secrets that have to be there before."""

    old: Object
    new: Converted
    additions: list[Object] = field(default_factory=list)
    """Secrets before the configs that name them."""

    def patch(self) -> Object:
        """The merge patch from the old spec to the new one.

        The manifest that kubectl keeps in an annotation is removed: it has the old fields, and the hooks take a field
        that is there and not in spec for one that the API server dropped.
        """
        given = KUBECTL_LAST_APPLIED in annotations_of(self.old)
        metadata = {"annotations": {KUBECTL_LAST_APPLIED: None}} if given else {}
        return {"metadata": metadata, "spec": merge_difference(self.old["spec"], self.new.obj["spec"])}


@dataclass(slots=True)
class Rewrites:
    """What there is to do, and what is left as it is, with the reason."""

    rewrites: list[Rewrite] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def rewrites(live: LiveCluster, workloads: Sequence[Object], configs: Sequence[Object], *, forced: bool) -> Rewrites:
    """Work out what is to be rewritten.

    Args:
        live: the user's cluster: ConfigMaps of OIDC settings are read, and Secrets that an earlier run may have made.
        workloads: all that were read.
        configs: the shared configs of the same namespaces.
        forced: whether those count that a GitOps tool owns.
    """
    found = Rewrites()
    for workload in workloads:
        if not old_fields(workload):
            continue
        if (tool := _owner(workload)) and not forced:
            found.left.append(
                f"{title(workload)} is {tool}'s, which would write its old fields back: convert its manifest "
                "(toolhive-hooks convert), or give --force"
            )
            continue
        try:
            new = converted(workload, partial(_config_map, live, workload["metadata"]["namespace"]))
        except NotConvertible as error:
            found.left.append(f"{title(workload)}: {error}")
            continue
        if unknown := unknown_fields(BY_KIND[workload["kind"]].spec_model, new.obj["spec"]):
            fields = some(sorted(path(fault["loc"]) for fault in unknown))
            found.left.append(f"{title(workload)}: {fields} is no field of these hooks: say by others what it asks for")
            continue
        found.rewrites.append(Rewrite(workload, new))
    _add_configs(live, found.rewrites, configs)
    return found


def _owner(workload: Object) -> str:
    keys = labels_of(workload).keys() | annotations_of(workload).keys()
    return next((tool for tool, marks in GITOPS.items() if not keys.isdisjoint(marks)), "")


def _config_map(live: LiveCluster, namespace: str, name: str) -> Object | None:
    found = live.get(CONFIG_MAP, name, namespace)
    return None if found is None else found.get("data") or {}


def _add_configs(live: LiveCluster, rewrites: Sequence[Rewrite], configs: Sequence[Object]) -> None:
    """Name the configs, and set the references to them; one that an earlier run made is found again."""
    requests, known = [], [*configs]
    for rewrite in rewrites:
        for wanted in rewrite.new.wanted:
            made, alike = _alike(live, rewrite.old, wanted, configs)
            known += made
            requests.append(Request("", rewrite.old, alike))
    answers = iter(name_configs(requests, [("", obj) for obj in known]))
    for rewrite in rewrites:
        for wanted in rewrite.new.wanted:
            answer = next(answers)
            refer(rewrite.new, wanted, answer.name)
            rewrite.additions += answer.additions
        rewrite.additions.sort(key=lambda obj: obj["kind"] != SECRET.kind)


def _alike(
    live: LiveCluster, workload: Object, wanted: Wanted, configs: Sequence[Object]
) -> tuple[list[Object], Wanted]:
    """Return an existing config that means what is wanted, and what is wanted with its client secret by reference.

    The config has the wanted spec to the letter, without the defaults that the API server filled in. One with a client
    secret counts where its Secret has that value; then no Secret is wanted any more.
    """
    namespace, model = workload["metadata"]["namespace"], BY_KIND[wanted.kind].spec_model
    for config in configs:
        if (config["kind"], config["metadata"]["namespace"]) != (wanted.kind, namespace):
            continue
        spec = wanted.spec
        if wanted.client_secret:
            reference = {"name": f"{config['metadata']['name']}-client", "key": SECRET_KEY}
            spec = {**spec, "inline": {**spec["inline"], "clientSecretRef": reference}}
        if _means_the_same(model.parse, config.get("spec"), spec) and (
            not wanted.client_secret or holds(live, namespace, reference["name"], wanted.client_secret)
        ):
            return [{**config, "spec": spec}], replace(wanted, spec=spec, client_secret="")
    return [], wanted


def _means_the_same(parse: Callable[[object], object], one: object, other: object) -> bool:
    try:
        return same(one, other) or parse(one) == parse(other)
    except ValueError:
        return False


def holds(live: LiveCluster, namespace: str, name: str, client_secret: str) -> bool:
    """Return whether a Secret has this client secret."""
    found = live.get(SECRET, name, namespace) or {}
    text = (found.get("data") or {}).get(SECRET_KEY)
    return isinstance(text, str) and text == base64.b64encode(client_secret.encode()).decode()
