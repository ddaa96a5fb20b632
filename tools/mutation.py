"""`make mutation`: change one thing in the code at a time, and see whether a test fails.

mutmut makes the changes and picks the tests that reach each ([tool.mutmut] in pyproject.toml). There are some 8,000; a
sample of them is tried, the same one as long as the functions in it don't change. What no test noticed is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

MUTMUT = Path(sys.executable).with_name("mutmut")
ENOUGH = 0.85
"""Share of the sample that tests have to notice."""
NOTICED = ("killed", "timeout", "segfault")


def mutmut(*arguments: str, may_fail: bool = False) -> str:
    """Run mutmut, and return what it prints."""
    done = subprocess.run([MUTMUT, *arguments], check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603
    if done.returncode and not may_fail:
        sys.exit(done.stdout[-5000:])
    return done.stdout


def results() -> dict[str, str]:
    """Return what is known of each mutant (`killed`, `survived`, `no tests`, `not checked` …), by its name."""
    lines = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return {name: status for name, _, status in lines}


def sample(names: list[str], size: int) -> list[str]:
    """Return so many of the names, spread evenly over them, and the same whatever else there is."""
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:size])


def main() -> int:
    """Try the sample, and print what no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=400, help="of the sample")
    parser.add_argument("--children", type=int, default=2, help="tests that run at a time")
    options = parser.parse_args()
    run = ("run", "--max-children", str(options.children))
    # No mutant has this name: so mutmut stops, with an error, once it has made all and knows which test reaches which.
    mutmut(*run, "none", may_fail=True)
    chosen = sample(list(results()), options.size)
    mutmut(*run, *chosen)
    found = {name: status for name, status in results().items() if name in chosen}
    for name, status in found.items():
        if status not in NOTICED:
            print(mutmut("show", name))
    share = sum(status in NOTICED for status in found.values()) / len(found)
    print(f"{len(found)} mutants: {share:.1%} noticed; {dict(Counter(found.values()))}")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
