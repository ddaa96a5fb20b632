"""`make mutation`: change one thing in the code at a time, and see whether a test fails.

mutmut makes the changes and picks the tests that reach each ([tool.mutmut] in pyproject.toml). There are some 8,000; a
sample of them is tried, the same one as long as the functions in it don't change. docs/testing.md lists what survived, and
why it may.
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


def results() -> dict[str, str]:
    """What is known of each mutant: `killed`, `survived`, `no tests`, `not checked` and the like, by its name."""
    text = subprocess.run([MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True).stdout
    lines = (line.strip().rpartition(": ") for line in text.splitlines())
    return {name: status for name, _, status in lines}


def sample(names: list[str], size: int) -> list[str]:
    """So many of the names, spread evenly over them, and the same whatever else there is."""
    return sorted(sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())[:size])


def main() -> int:
    """Try the sample, and print what no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=400, help="of the sample")
    parser.add_argument("--children", type=int, default=2, help="tests that run at a time")
    options = parser.parse_args()
    run = [MUTMUT, "run", "--max-children", str(options.children)]
    # No mutant has this name: so mutmut stops once it has made all of them and knows which test reaches which.
    subprocess.run([*run, "none"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    chosen = sample(list(results()), options.size)
    if not chosen:
        print("mutmut made no mutants: `.venv/bin/mutmut run` says why", file=sys.stderr)
        return 2
    subprocess.run([*run, *chosen], check=True, stdout=subprocess.DEVNULL)
    found = {name: status for name, status in results().items() if name in chosen}
    for name, status in found.items():
        if status not in NOTICED:
            subprocess.run([MUTMUT, "show", name], check=True)
    share = sum(status in NOTICED for status in found.values()) / len(found)
    print(f"{len(found)} mutants: {share:.1%} noticed; {dict(Counter(found.values()))}")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
