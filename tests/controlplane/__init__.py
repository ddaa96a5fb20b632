"""A Kubernetes control plane for the tests: real binaries on loopback, no containers, nothing left behind."""

from tests.controlplane.controlplane import ControlPlane, control_plane
from tests.controlplane.poll import eventually
from tests.controlplane.watch import Event, WatchLog

__all__ = ["ControlPlane", "Event", "WatchLog", "control_plane", "eventually"]
