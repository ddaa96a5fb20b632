"""The owners of the objects that have a workload's names.

Metacontroller never takes over what it didn't make: where a name belongs to another object, it makes nothing and
reports nothing. And it releases a child that loses its label. Neither is among the children that a hook is sent, so
customize asks for the objects that have one of the workload's names.

Deployments are the exception. Their status changes with each step of their pods, and Metacontroller compares every
event of a related kind with every rule of every parent. A Deployment of another owner, or a released one, is missing
among the children, and hooks/controllers/workloads/missing.py says so after a while. The pods of another's aren't
counted as proxies of this workload.
"""

from __future__ import annotations

import re
from typing import Literal

from hooks.kubernetes import conditions
from hooks.kubernetes.conditions import Condition
from hooks.kubernetes.kinds import (
    CONFIG_MAP,
    DEPLOYMENT,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
    Kind,
)
from hooks.kubernetes.names import OBJECT_NAME
from hooks.kubernetes.objects import Object, controller_of, is_of_kind, labels_of, raw_spec
from hooks.metacontroller.last_applied import noted_parent
from hooks.metacontroller.requests import CONTROLLER_UID, SyncRequest
from hooks.proxy import children
from hooks.proxy.health import runs_without_deployment
from hooks.proxy.names import Names, names_of
from hooks.proxy.rbac import rules_of

NAMED_AT_MOST = 2
"""Objects of others that a message names: it has to end before it is cut off."""
MAX_OWNER = 63
"""Characters of an owner's kind and name that a message repeats: those who may write the object chose them."""
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")

Standing = Literal["own", "released", "foreign"]
"""`own`: a child, or about to be one. `released`: it was a child, and Metacontroller let go of it."""


def object_names(names: Names) -> list[tuple[Kind, str]]:
    """Kind and name of each object that customize asks for by a name of the workload, its runner's Services too."""
    looked_at = [(kind, name) for kind, name in children.child_names(names) if kind != DEPLOYMENT]
    return [*looked_at, *((SERVICE, service) for service in names.runner_services)]


def standing(request: SyncRequest, kind: Kind, name: str) -> Standing | None:
    """Return whether an object with one of the server's names is its own; None where there is no such object.

    Metacontroller reads children and related objects one after the other: what it has just made may be among the
    related ones alone.
    """
    if request.children.get(kind, name):
        return "own"
    obj = request.related.get(kind, name)
    if obj is None:
        return None
    owner, label = controller_of(obj), labels_of(obj).get(CONTROLLER_UID)
    if owner is None:
        return "own" if label == request.uid else _of_no_controller(request, kind, obj)
    if owner.get("uid") == request.uid:
        return "own" if label == request.uid else "released"
    own = names_of(request)
    is_of_runner = (owner.get("kind"), owner.get("name")) == (STATEFUL_SET.kind, own.stateful_set)
    if name in own.runner_services and is_of_runner:
        return "own"
    # A server never makes an object of such a name: it got this one because someone changed the label.
    of_owner = Names(request.parent["kind"], str(owner.get("name")))
    is_misplaced = _is_same_kind(owner, request) and (kind, name) not in object_names(of_owner)
    return "released" if is_misplaced else "foreign"


def problems(request: SyncRequest) -> list[Condition]:
    """Return the conditions that say which objects a live server can't have: released ones, and those of others."""
    released, foreign = _of_standing(request, "released"), _of_standing(request, "foreign")
    found = []
    if released:
        if runs_without_deployment(request):
            released.insert(0, (DEPLOYMENT, names_of(request).deployment))
        found.append(conditions.false("Ready", "ChildReleased", _how_to_relabel(request, released)))
    if foreign:
        texts = [_whose(request, kind, name) for kind, name in foreign[:NAMED_AT_MOST]]
        more = len(foreign) - NAMED_AT_MOST
        texts += [f"and {more} more"] if more > 0 else []
        found.append(conditions.false("Ready", "NameConflict", "; ".join(texts)))
    return found


def is_in_conflict(request: SyncRequest) -> bool:
    """Whether a name that the server needs belongs to another object."""
    return bool(_of_standing(request, "foreign"))


def withheld(request: SyncRequest) -> frozenset[tuple[str, str]]:
    """(kind, name) of what must not be made, or must go, because of whose the objects beside it are."""
    runner = names_of(request).account
    kept_back = set()
    if not _may_bind(request):
        kept_back.add((ROLE_BINDING.kind, runner))
    if standing(request, ROLE_BINDING, runner) == "foreign" and not request.children.get(SERVICE_ACCOUNT, runner):
        # That RoleBinding may be waiting for an account of this name.
        kept_back.add((SERVICE_ACCOUNT.kind, runner))
    return frozenset(kept_back)


def _may_bind(request: SyncRequest) -> bool:
    """Whether the RoleBinding would give our own Role to our own account, and nothing else to anyone.

    Metacontroller makes all children of an answer in an order of its own, and passes over a name that is taken. So a
    binding is made once both are observed. One that exists outlives their release: it still binds what it did.
    """
    runner, rules = names_of(request).account, rules_of(names_of(request))
    role = request.children.get(ROLE, runner)
    if request.children.get(ROLE_BINDING, runner) is None:
        is_ours = role is not None and role.get("rules") == rules
        return is_ours and request.children.get(SERVICE_ACCOUNT, runner) is not None and not is_in_conflict(request)
    if role is None:
        left = request.related.get(ROLE, runner)
        if left is None or standing(request, ROLE, runner) == "foreign" or left.get("rules") != rules:
            return False
    return standing(request, SERVICE_ACCOUNT, runner) in ("own", "released")


def _of_no_controller(request: SyncRequest, kind: Kind, obj: Object) -> Standing:
    """The standing of an object that no controller owns, and that doesn't ask this server to adopt it."""
    if kind == STATEFUL_SET or obj["metadata"]["name"] in names_of(request).runner_services:
        if not {"toolhive": "true", "toolhive-name": request.name}.items() <= labels_of(obj).items():
            return "foreign"
        # What an older runner made never had our label: the next runner applies it.
        template = raw_spec(obj).get("template") or {}
        return "released" if labels_of(template).get(CONTROLLER_UID) == request.uid else "own"
    is_labelled = names_of(request).labels.items() <= labels_of(obj).items()
    return "released" if is_labelled or noted_parent(obj) is not None else "foreign"


def _is_same_kind(owner: Object, request: SyncRequest) -> bool:
    """Whether an ownerReference names an object of the parent's own kind, of any version."""
    return is_of_kind(owner, request.parent["apiVersion"], request.parent["kind"])


def _of_standing(request: SyncRequest, wanted: Standing) -> list[tuple[Kind, str]]:
    """Kind and name of the objects of this standing, of those that the server's spec needs."""
    spec, own = raw_spec(request.parent), names_of(request)
    authz = spec.get("authzConfig")
    unneeded = []
    if spec.get("serviceAccount") is not None:
        of_remote = [(ROLE, own.account), (ROLE_BINDING, own.account)]
        unneeded += [(SERVICE_ACCOUNT, own.server_account)] if own.has_server else of_remote
    if not isinstance(authz, dict) or authz.get("type") != "inline":
        unneeded.append((CONFIG_MAP, own.authz_inline))
    needed = [each for each in object_names(own) if each not in unneeded]
    return [(kind, name) for kind, name in needed if standing(request, kind, name) == wanted]


def _how_to_relabel(request: SyncRequest, released: list[tuple[Kind, str]]) -> str:
    """Return the message about released children, with the command by which Metacontroller adopts them again."""
    objects = " ".join(f"{kind.kind.lower()}/{name}" for kind, name in released)
    command = f"kubectl label {objects} {CONTROLLER_UID}={request.uid} -n {request.namespace} --overwrite"
    this = f"this {names_of(request).word}"
    what = f"1 object of {this} has" if len(released) == 1 else f"{len(released)} objects of {this} have"
    return f"{what} lost the label {CONTROLLER_UID}, so Metacontroller released them (nothing was deleted): `{command}`"


def _whose(request: SyncRequest, kind: Kind, name: str) -> str:
    """Return the message about an object of another owner that has a name of this server: its owner, and the remedy."""
    what, this = f"{kind.kind} {name!r}", f"this {names_of(request).word}"
    owner = controller_of(request.related.get(kind, name) or {})
    shown = f"`kubectl get {kind.kind.lower()} {name} -n {request.namespace} -o yaml` shows it"
    remedy = f"rename {this}, or delete that {kind.kind} if nothing needs it"
    if owner is None:
        operators = "`toolhive-hooks migrate` takes over objects of ToolHive's operator"
        return f"{what} isn't {this}'s, and no controller owns it ({shown}): {remedy}; {operators}"
    if _is_same_kind(owner, request) and owner.get("name") == request.name:
        return f"{what} belongs to an earlier {owner.get('kind')} of this name: wait until it is garbage collected"
    owner_kind, owner_name = (str(owner.get(key))[:MAX_OWNER] for key in ("kind", "name"))
    if not (_KIND.fullmatch(owner_kind) and OBJECT_NAME.fullmatch(owner_name)):
        return f"{what} has an owner of a kind or name that no object can have ({shown}): {remedy}"
    remedy = f"rename {this}, or delete that {owner_kind} if nothing needs it"
    return f"{what} belongs to {owner_kind} {owner_name!r}: {remedy}"
