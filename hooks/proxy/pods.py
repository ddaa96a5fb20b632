"""The state of pods by their own status: whether they are ready, and if not, why.

Messages name container, image and exit code, and never quote the kubelet: its texts carry times and pod names, and each
change of a status is another write. What is copied from a pod is cut: its author can write any text there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hooks.kubernetes import conditions
from hooks.kubernetes.names import DNS_LABEL
from hooks.kubernetes.objects import Object, is_deleting
from hooks.proxy.state import Part, State

# The kubelet's (kubernetes/pkg/kubelet/images and kuberuntime, cri-api/pkg/errors).
IMAGE_REASONS = {
    *("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"),
    *("RegistryUnavailable", "SignatureValidationFailed"),
}
START_REASONS = {
    *("CreateContainerError", "RunContainerError", "CreateContainerConfigError"),
    *("PreCreateHookError", "PreStartHookError", "PostStartHookError"),
}
CRASHES = 2
"""Restarts after which a container that isn't ready counts as crashing: one can be a node's reboot."""

_ENDED = {"Failed", "Succeeded"}
_LONGEST_IMAGE, _LONGEST_TEXT = 255, 300
_MISSING_KEY = re.compile(r"couldn't find key (\S{1,253}) in (Secret|ConfigMap) (?:\S{1,253}/)?(\S{1,253})")
_MISSING_OBJECT = re.compile(r'(secret|configmap) "([^"]{1,253})" not found', re.IGNORECASE)
_NO_NODE = re.compile(r"\d+/\d+ nodes are available: (.{1,1000}?)(?:\. |\.?$)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")


def is_ready(pod: Object) -> bool:
    """Whether a pod takes calls: its kubelet says so, and is there to say it."""
    condition = conditions.find(pod, "Ready") or {}
    return condition.get("status") == "True" and _phase(pod) not in _ENDED and not is_lost(pod)


def is_lost(pod: Object) -> bool:
    """Whether a pod's node doesn't answer, by what Kubernetes' node controllers write into the pod then.

    First Ready becomes False, and the kubelet's other words stay as they were. After five minutes the pod is asked to
    go, and can't. Older releases write a reason.
    """
    ready, containers_ready = (conditions.find(pod, type_) or {} for type_ in ("Ready", "ContainersReady"))
    unknown = "Unknown" in {_phase(pod), ready.get("status")}
    if unknown or _status(pod).get("reason") == "NodeLost":
        return True
    if is_deleting(pod):
        disruption = conditions.find(pod, "DisruptionTarget") or {}
        return disruption.get("status") == "True" and disruption.get("reason") == "DeletionByTaintManager"
    containers = _containers(pod, "containerStatuses")
    return (
        ready.get("status") == "False"
        and not ready.get("reason")  # a kubelet gives one
        and containers_ready.get("status") == "True"
        and bool(containers)
        and all(container.get("ready") for container in containers)
    )


def runs(pod: Object) -> bool:
    """Whether a pod's containers run: if it isn't ready then, its probe doesn't succeed."""
    containers = _containers(pod, "containerStatuses")
    return bool(containers) and all((container.get("state") or {}).get("running") for container in containers)


def cause(pods: list[Object], part: Part) -> State | None:
    """Why pods aren't ready: what has to be put right before what may pass by itself.

    A pod that ended says something only while none has taken its place: a ReplicaSet leaves it lying there.
    """
    staying = [pod for pod in pods if not is_deleting(pod)]
    alive = [pod for pod in staying if _phase(pod) not in _ENDED]
    found = [state for pod in alive for state in _causes(pod, part)]
    if not alive:
        found = [_of_end(pod, part) for pod in staying]
    return next((state for state in found if state.phase == "Failed"), found[0] if found else None)


def lost(part: Part) -> State:
    """The state of pods whose node doesn't answer."""
    where = f"kubectl get pods -l {part.selector} -n {part.namespace} -o wide"
    message = f"{part.who} pod is on a node that does not answer: `{where}` shows it; repair it, or delete the Node"
    return State("Failed", "NodeLost", message)


def _causes(pod: Object, part: Part) -> Iterator[State]:
    if is_lost(pod):
        yield lost(part)
        return
    for container in [*_containers(pod, "initContainerStatuses"), *_containers(pod, "containerStatuses")]:
        yield from _of_container(container, part)
    yield from _of_scheduling(pod, part)
    yield from _of_start(pod, part)


def _of_end(pod: Object, part: Part) -> State:
    """A pod that ended, which happens when its node lacks something: a container that ends is started again."""
    reason = str(_status(pod).get("reason"))
    if reason == "Evicted":
        message = f"{part.who} pod was evicted from its node: `{part.describe}` tells what ran short there"
        return State("Failed", "Evicted", message)
    why = f" ({reason})" if _status(pod).get("reason") and _WORD.fullmatch(reason) else ""
    return State("Failed", "PodFailed", f"{part.who} pod has ended{why}: `{part.describe}` tells more")


def _of_container(container: Object, part: Part) -> Iterator[State]:
    name = _name(container)
    waiting = (container.get("state") or {}).get("waiting") or {}
    reason, text = str(waiting.get("reason")), str(waiting.get("message"))
    if reason in IMAGE_REASONS:
        image = str(container.get("image"))[:_LONGEST_IMAGE]
        message = f"{part.who} can't pull image {image!r}: check its name, and the pull secrets for its registry"
        # ErrImagePull and ImagePullBackOff take turns.
        yield State("Failed", reason if reason == "InvalidImageName" else "ImagePullBackOff", message)
    elif reason in START_REASONS:
        yield State("Failed", reason, f"{part.who} container {name!r} can't start: {_missing(text) or part.describe}")
    elif reason == "CrashLoopBackOff" or container.get("restartCount", 0) >= CRASHES:
        yield from _of_crash(container, part)


def _missing(text: str) -> str:
    """The object or key that the kubelet can't find, by its message, in our words; empty where it names none."""
    key = _MISSING_KEY.search(text)
    if key:
        return f"{key[2]} {key[3]!r} has no key {key[1]!r}"
    found = _MISSING_OBJECT.search(text)
    return f"{'Secret' if found[1].lower() == 'secret' else 'ConfigMap'} {found[2]!r} is missing" if found else ""


def _of_crash(container: Object, part: Part) -> Iterator[State]:
    """A container that ended, also while it runs once more: else the status would change with every try."""
    ended = [(container.get(state) or {}).get("terminated") for state in ("state", "lastState")]
    last = next((state for state in ended if state), None)
    if last is None or container.get("ready"):
        return
    name = _name(container)
    if last.get("reason") == "OOMKilled":
        message = f"{part.who} container {name!r} was killed because it exceeded its memory limit: raise the limit"
        yield State("Failed", "OOMKilled", message)
        return
    ends = f"keeps ending with exit code {last.get('exitCode')}"
    yield State("Failed", "CrashLoopBackOff", f"{part.who} container {name!r} {ends}: {part.logs(name, previous=True)}")


def _of_scheduling(pod: Object, part: Part) -> Iterator[State]:
    scheduled = conditions.find(pod, "PodScheduled") or {}
    if scheduled.get("status") == "True":
        return
    if scheduled.get("reason") == "SchedulingGated":
        message = f"{part.who} pod is held back by a scheduling gate: `{part.describe}` shows which"
        yield State("Pending", "SchedulingGated", message)
    elif scheduled.get("reason") == "Unschedulable":
        why = _unschedulable(scheduled) or f"`{part.describe}` tells why"
        yield State("Pending", "Unschedulable", f"{part.who} fits on no node: {why}")


def _unschedulable(scheduled: Object) -> str:
    """The scheduler's causes alone, without numbers that move, nor an order that follows from these.

    "0/3 nodes are available: 2 Insufficient cpu, 1 node(s) had untolerated taint. preemption: …"
    """
    found = _NO_NODE.match(str(scheduled.get("message")))
    if found is None:
        return ""
    causes = {re.sub(r"\b\d+ ", "", cause).strip(" .") for cause in found[1].split(", ")}
    return ", ".join(sorted(causes))[:_LONGEST_TEXT]


def _of_start(pod: Object, part: Part) -> Iterator[State]:
    """The state of a pod before its containers run; an init container may wait for ever, for a login for one."""
    init = next(
        (container for container in _containers(pod, "initContainerStatuses") if not _done(pod, container)), None
    )
    if init and not _waits(init):
        name = _name(init)
        message = f"{part.who} waits for its init container {name!r} to finish: {part.logs(name)}"
        yield State("Pending", "PodInitializing", message)
    elif init or any(_waits(container) for container in _containers(pod, "containerStatuses")):
        which = f"its init container {_name(init)!r}" if init else "its containers"
        message = f"{part.who} waits for {which} to be created: if that lasts, `{part.describe}` tells why"
        yield State("Pending", "ContainerCreating", message)


def _done(pod: Object, init: Object) -> bool:
    """Whether the next container may start: this one ended well, or is a sidecar that has started."""
    spec = pod.get("spec") or {}
    sidecars = [each.get("name") for each in spec.get("initContainers") or [] if each.get("restartPolicy") == "Always"]
    if init.get("name") in sidecars:
        return init.get("started") is True
    ended = (init.get("state") or {}).get("terminated") or {}
    return bool(init.get("ready")) or ended.get("exitCode") == 0


def _waits(container: Object) -> bool:
    """Whether a container wasn't made yet, as far as its kubelet says."""
    state = container.get("state") or {}
    return state.get("running") is None and state.get("terminated") is None


def _name(container: Object) -> str:
    """The container's name, which messages repeat in commands: a status may have any text there."""
    name = str(container.get("name"))
    return name if DNS_LABEL.fullmatch(name) else "?"


def _containers(pod: Object, which: str) -> list[Object]:
    return _status(pod).get(which) or []


def _phase(pod: Object) -> str:
    return str(_status(pod).get("phase"))


def _status(pod: Object) -> Object:
    return pod.get("status") or {}
