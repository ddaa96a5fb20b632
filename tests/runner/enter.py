"""Become a program in a root folder of its own: `enter.py ROOT UID GID PROGRAM ARGUMENT…`.

What a container runtime does for a container, as far as the proxy runner can tell: its files are those of its pod, its
user is the pod's. Nothing outside changes. Root gives up its rights; anybody else gets the user by a user namespace,
where the kernel lets them make one. The network stays the machine's: everything listens on loopback.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def become(libc: ctypes.CDLL, user: int, group: int) -> None:
    """Take another user's id without being root."""
    me, mine = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER):
        error = ctypes.get_errno()
        raise OSError(error, f"no user namespace: {os.strerror(error)}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {me} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {mine} 1")


if __name__ == "__main__":
    root, user, group, program, *arguments = sys.argv[1:]
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    file = os.open(program, os.O_RDONLY | os.O_CLOEXEC)  # it need not be in the new root
    if os.getuid() == 0:
        os.chroot(root)
        os.setgroups([])
        os.setgid(int(group))
        os.setuid(int(user))
    else:
        become(libc, int(user), int(group))
        os.chroot(root)
    os.chdir("/")
    # A change of user drops what controlplane/tether.py asked for: to be killed with the process that started this.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    os.execve(file, [program, *arguments], os.environ)  # noqa: S606 - the command comes from kubelet.py
