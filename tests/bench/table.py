"""The results as Markdown: a table for each scenario, a row for each phase, the peers beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from tests.bench.fleet import Object
from tests.bench.peers import OPERATORS, OURS, TITLES


def markdown(results: Sequence[Object]) -> str:
    """All tables."""
    parts = []
    for scenario, of_scenario in groupby(results, key=lambda result: str(result["scenario"])):
        listed = list(of_scenario)
        parts += [f"## {scenario}", "", *_table(listed), "", *_steps(listed), ""]
    return "\n".join(parts)


def _table(results: list[Object]) -> list[str]:
    names = [name for name in TITLES if any(result["peer"] == name for result in results)]
    called, all_of_them = _titles(n for n in names if n not in OPERATORS), _titles(names)
    head = ["servers", "phase", f"seconds, {all_of_them}", *(f"of the {TITLES[name]}" for name in names[1:])]
    head += [f"calls a server, {called}", f"KB a call, {called}", f"writes a server, {all_of_them}"]
    rows = [f"| {' | '.join(head)} |", f"|{' ---: |' * len(head)}"]
    for servers, of_number in groupby(results, key=lambda result: int(result["servers"])):
        found = {str(result["peer"]): result for result in of_number}
        lines = [_row(phase, servers, names, found) for phase in found[OURS]["phases"]]
        lines.append([f"{servers:,}", "MiB at most", _memory(names, found), *[""] * (len(head) - 3)])
        rows += [f"| {' | '.join(line)} |" for line in lines]
    return rows


def _steps(results: list[Object]) -> list[str]:
    """Where the time of the first and last phase goes, with the most servers."""
    most = max(result["servers"] for result in results)
    found = {str(result["peer"]): result["phases"] for result in results if result["servers"] == most}
    names = [name for name in TITLES if name in found]
    rows = [f"| {most:,} servers | seconds (median), events a server: {_titles(names)} |", "| ---: | ---: |"]
    for phase in ("create", "delete"):
        taken = [found[name].get(phase, {}).get("steps", {"seconds": {}, "events": {}}) for name in names]
        for what in ("seconds", "events"):
            keys = dict.fromkeys(key for each in taken for key in each[what])
            rows += [f"| {phase}: {key} | {_cell(each[what].get(key) for each in taken)} |" for key in keys]
    return rows


def _row(phase: str, servers: int, names: list[str], found: dict[str, Object]) -> list[str]:
    phases = {name: found.get(name, {}).get("phases", {}).get(phase) for name in names}
    called = [phases[name] for name in names if name not in OPERATORS]
    return [
        f"{servers:,}",
        phase,
        _cell(each["seconds"] if each else None for each in phases.values()),
        *(_ratio(phases[OURS], phases[name]) for name in names[1:]),
        _cell(_share(calls(each), servers) for each in called),
        _cell(_share(sent(each), 1000 * (calls(each) or 1)) for each in called),
        _cell(_share(writes(each), servers) for each in phases.values()),
    ]


def _memory(names: list[str], found: dict[str, Object]) -> str:
    """The peers' own programs: the cluster's are left out."""
    peaks = [found.get(name, {}).get("peak_mib", {}) for name in names]
    own = ("hooks", "metacontroller", "operator")
    return " / ".join(" + ".join(str(peak[of]) for of in own if of in peak) for peak in peaks)


def _titles(names: Iterable[str]) -> str:
    return " / ".join(TITLES[name] for name in names)


def _ratio(ours: Object, other: Object | None) -> str:
    """How often the other's time ours is; nothing where that is too short to say."""
    return f"{ours['seconds'] / other['seconds']:.2f}" if other and other["seconds"] >= 0.1 else ""


def _share(count: int | None, of: int) -> float | None:
    return None if count is None else count / of


def _cell(values: Iterable[float | None]) -> str:
    texts = ["-" if value is None else f"{value:.1f}" for value in values]
    return "" if set(texts) == {"-"} else " / ".join(texts)


def calls(phase: Object | None) -> int | None:
    """Hook calls in a phase; None in one that ends within another."""
    return sum(each["calls"] for each in phase["calls"].values()) if phase and "calls" in phase else None


def sent(phase: Object | None) -> int | None:
    """Bytes of them."""
    return sum(each["sent"] for each in phase["calls"].values()) if phase and "calls" in phase else None


def writes(phase: Object | None) -> int | None:
    """Writes that the API server answered."""
    return sum(phase["writes"].values()) if phase and "writes" in phase else None
