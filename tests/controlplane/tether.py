"""Become a command that is killed as soon as the process that started it ends: `tether.py PARENT COMMAND…`.

A pytest that is killed runs no clean-up; the kernel does this one. It is a program of its own, rather than a
preexec_fn, because that would run Python between fork and exec of a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(sys.argv[1]):  # it died before the line above
            sys.exit(1)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - the command comes from processes.py
