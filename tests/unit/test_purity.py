"""The rule that keeps the clock from controllers does fire: a rule that nobody has seen fail may be none."""

import subprocess
import sys

import pytest

NOW = {
    "datetime": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "module": "import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n",
    "today": "from datetime import date\n\nNOW = date.today()\n",
    "time": "import time\n\nNOW = time.time()\n",
}


def banned(path: str, code: str) -> bool:
    """Whether ruff refuses the clock in a file of this path."""
    ruff = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--stdin-filename", path, "-"]
    done = subprocess.run(ruff, input=code, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return "TID251" in done.stdout


@pytest.mark.parametrize("code", NOW.values(), ids=NOW)
@pytest.mark.parametrize("package", ["api", "controllers", "kubernetes", "metacontroller", "proxy", "simulator"])
def test_a_pure_module_may_not_read_the_clock(package: str, code: str) -> None:
    assert banned(f"hooks/{package}/x.py", code)


def test_the_command_line_may_read_the_clock() -> None:
    assert not banned("hooks/commands/cluster.py", NOW["datetime"])
