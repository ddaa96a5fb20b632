"""Waiting for something to become true, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], timeout: float = 120, message: str = "") -> T:
    """Call `check` until it returns something truthy, and return that.

    The deadline is far away, since it costs nothing where a check passes: a machine may be busy with ten programs.

    An AssertionError counts as "not yet", and so does everything falsy: a check made of asserts alone ends with
    `return True`. Any other exception is a bug and goes through. At the deadline the last failure is the message.
    """
    deadline = time.monotonic() + timeout
    pause = 0.05
    while True:
        failure = None
        try:
            value = check()
        except AssertionError as error:
            failure = error
        else:
            if value:
                return value
        if time.monotonic() > deadline:
            last = failure if failure is not None else f"the check returned {value!r}"
            raise AssertionError(f"{message or 'not true'} within {timeout:g} s: {last}") from failure
        time.sleep(pause)
        pause = min(0.2, pause * 1.5)
