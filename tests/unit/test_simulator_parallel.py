"""A run in several processes: the same as in one, and ended with it."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hooks.kubernetes.kinds import SECRET
from hooks.kubernetes.names import PRESERVE_UNKNOWN
from hooks.kubernetes.objects import Object
from hooks.simulator.parallel import MAX_PROCESSES, SHARE, ProcessLost, settled_in_processes, usable_processes
from hooks.simulator.run import NoFixedPoint, Result, Settled, render_by, settled
from tests.controlplane.poll import eventually
from tests.unit.widgets import GADGET, WIDGET, config_map, controller, manifest

pytestmark = pytest.mark.slow

CONTROLLERS = [controller(WIDGET), controller(GADGET)]
SCHEMA = {"properties": {field: {PRESERVE_UNKNOWN: True} for field in ("apiVersion", "kind", "metadata", "spec")}}
"""It knows no field `extra`."""
SCHEMAS = {WIDGET.key: SCHEMA, GADGET.key: SCHEMA}


def ask(path: str, body: bytes) -> bytes:
    """Some parents fail, some have a child whose name is taken, and w7 of namespace n1 and n3 never stops changing."""
    parent = json.loads(body)["parent"]
    name, namespace = parent["metadata"]["name"], parent["metadata"]["namespace"]
    if "/customize?" in path:
        rule = {"apiVersion": "v1", "resource": "secrets", "namespace": namespace}
        return json.dumps({"relatedResources": [rule]}).encode()
    if name == "w3":
        return b'{"oops": 1}'
    if name == "w5":
        return json.dumps({"status": {"phase": "Failed", "message": f"nothing runs in {namespace}"}}).encode()
    count = parent.get("status", {}).get("count", 0) + 1
    secrets = sorted(json.loads(body)["related"]["Secret.v1"])
    status = {"count": count if (namespace, name) in (("n1", "w7"), ("n3", "w7")) else min(count, 3)}
    return json.dumps({"status": status, "children": [config_map(name, {"s": str(secrets)})]}).encode()


def settle(objects: list[Object]) -> list[Settled]:
    return settled(objects, ask, CONTROLLERS)


def rendered(processes: int, namespaces: range) -> tuple[Result, str]:
    """What a run came to, and which objects never stopped changing."""
    manifests = [each for number in namespaces for each in _manifests(f"n{number}", 30 + number)]
    try:
        return render_by(
            lambda objects: settled_in_processes(objects, settle, processes), manifests, CONTROLLERS, SCHEMAS
        ), ""
    except NoFixedPoint as error:
        return error.result, str(error)


def _manifests(namespace: str, widgets: int) -> Iterator[Object]:
    for number in range(widgets):
        yield manifest(WIDGET, f"w{number}", metadata={"namespace": namespace}, spec={}, extra=number)
    yield manifest(GADGET, "g", metadata={"namespace": namespace}, spec={})
    yield config_map("w9", {"taken": "yes"}, namespace=namespace)
    yield manifest(SECRET, f"s-{namespace}", metadata={"namespace": namespace}, data={"key": "no base64!"})


@pytest.mark.parametrize("namespaces", [range(5, 15), range(10)], ids=["at rest", "endless"])
def test_several_processes_come_to_what_one_comes_to(namespaces: range) -> None:
    result, endless = rendered(1, namespaces)

    assert rendered(3, namespaces) == (result, endless)
    loops = [f"Widget {name}/w7 keeps changing status.count" for name in ("n1", "n3")]
    assert endless == (f"no fixed point in 20 rounds: {'; '.join(loops)}" if 1 in namespaces else "")
    assert (len(result.failed), len(result.warnings), len(result.unknown)) == (20, 20, len(result.parents) - 10)


def test_the_order_of_manifests_does_not_matter_to_several_either() -> None:
    shares = {processes: rendered(processes, range(9, 4, -1)) for processes in (1, 2)}

    assert [json.dumps(result.parents) for result, _ in shares.values()] == [
        json.dumps(rendered(1, range(5, 10))[0].parents)
    ] * 2


def test_a_share_has_whole_namespaces_and_the_largest_come_first() -> None:
    sizes = {"a": 1, "b": SHARE * 3, "c": SHARE - 1, "d": SHARE // 2, "e": SHARE // 2, "f": 2}
    seen: list[list[str]] = []

    def note(objects: list[Object]) -> list[Settled]:
        seen.append([obj["metadata"]["namespace"] for obj in objects])
        return []

    objects = (config_map(str(n), namespace=name) for n in range(SHARE * 3) for name in sizes if n < sizes[name])
    assert list(settled_in_processes(objects, note, 1)) == []
    assert [[(name, share.count(name)) for name in dict.fromkeys(share)] for share in seen] == [
        [("b", SHARE * 3)],
        [("c", SHARE - 1), ("d", SHARE // 2)],
        [("e", SHARE // 2), ("f", 2), ("a", 1)],
    ]


def test_nothing_is_nothing_in_any_number_of_processes() -> None:
    assert [list(settled_in_processes([], settle, processes)) for processes in (1, 4)] == [[], []]


def test_where_no_process_can_be_started_this_one_does_all() -> None:
    """A process needs descriptors for the pipes to it; others may lack the right, or memory."""
    expected = rendered(1, range(5, 8))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_first_free_descriptor(), hard))
    try:
        assert rendered(3, range(5, 8)) == expected
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _first_free_descriptor() -> int:
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    return free


def killed(objects: list[Object]) -> list[Settled]:
    if any(obj["metadata"]["namespace"] == "n6" for obj in objects):
        os.kill(os.getpid(), signal.SIGKILL)
    return settle(objects)


def test_a_process_that_is_killed_ends_the_run() -> None:
    objects = [each for number in range(5, 15) for each in _manifests(f"n{number}", 100)]

    with pytest.raises(ProcessLost, match="killed: give the run more memory, or fewer files"):
        render_by(lambda admitted: settled_in_processes(admitted, killed, 2), objects, CONTROLLERS, SCHEMAS)


def busy(objects: list[Object]) -> list[Settled]:
    """Say that this process is at work, and be done once it may."""
    folder = Path(objects[0]["data"]["folder"])
    (folder / str(os.getpid())).touch()
    eventually((folder / "done").exists)
    return []


RUN = """\
import signal
import sys
from hooks.simulator.parallel import settled_in_processes
from tests.unit.test_simulator_parallel import busy
from tests.unit.widgets import config_map
objects = [config_map(str(n), {"folder": sys.argv[1]}, namespace=name) for n in range(100) for name in "ab"]
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
try:
    list(settled_in_processes(objects, busy, 2))
except KeyboardInterrupt:
    sys.exit("interrupted")
"""


def test_ctrl_c_ends_all_processes_of_a_run(tmp_path: Path) -> None:
    """It reaches all processes of a terminal."""
    run = begun(tmp_path)
    os.killpg(run.pid, signal.SIGINT)

    # Each process has this end of the pipe: it is read to its end once all have ended.
    (tmp_path / "done").touch()
    assert (run.communicate(timeout=60)[1], run.returncode) == ("interrupted\n", 1)


def test_no_process_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    run = begun(tmp_path)
    run.kill()

    run.communicate(timeout=60)  # as above
    assert run.returncode == -signal.SIGKILL


def begun(folder: Path) -> subprocess.Popen[str]:
    """A run whose two processes are at work."""
    command = [sys.executable, "-c", RUN, folder]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, process_group=0)
    eventually(lambda: len(list(folder.iterdir())) == 2)
    return run


def test_there_are_no_more_processes_than_processors() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert usable_processes() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_processes() == min(len(allowed), MAX_PROCESSES)
