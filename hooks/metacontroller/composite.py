"""A controller's CompositeController: its manifest, which Metacontroller sends along with each request."""

from __future__ import annotations

from hooks.kubernetes.kinds import Kind
from hooks.kubernetes.objects import Object
from hooks.metacontroller.controller import HOOKS, RULES_VERSION, Controller


def composite_controller(controller: Controller) -> Object:
    """The CompositeController of a controller.

    It holds what follows from the controller, and nothing of the installation: the webhooks have paths here, and
    neither Service nor timeout.
    """
    children = [_child_resource(controller, kind) for kind in controller.child_kinds]
    return {
        "apiVersion": "metacontroller.k8s.io/v1alpha1",
        "kind": "CompositeController",
        "metadata": {"name": controller.slug},
        "spec": {
            "parentResource": {
                "apiVersion": controller.parent.api_version,
                "resource": controller.parent.resource,
                "ignoreStatusChanges": True,
            },
            "generateSelector": True,
            **({"childResources": children} if children else {}),
            "hooks": {hook: {"version": "v2", "webhook": {"path": webhook_path(controller, hook)}} for hook in HOOKS},
        },
    }


def webhook_path(controller: Controller, hook: str) -> str:
    """Where this hook is served. The version of the rules is in it: see `RULES_VERSION`."""
    return f"/{controller.slug}/{hook}?rules={RULES_VERSION}"


def finalizer(controller: Controller) -> str:
    """The finalizer with which Metacontroller holds a parent until its finalize hook is done."""
    return f"metacontroller.io/compositecontroller-{controller.slug}"


def _child_resource(controller: Controller, kind: Kind) -> Object:
    method = "OnDelete" if kind in controller.on_delete else "InPlace"
    return {"apiVersion": kind.api_version, "resource": kind.resource, "updateStrategy": {"method": method}}
