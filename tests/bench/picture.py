"""How cost grows with the number of servers, as SVG: seconds of each phase, calls over a life, bytes of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.lives import PHASES
from tests.bench.peers import LOOKING, OCTOBER, OPERATOR, OURS, PLACEHOLDER, TITLES
from tests.bench.table import calls, sent

WIDTH, HEIGHT, MARGIN, ACROSS = 250, 190, 46, 3
COLORS = {OURS: "#0b6e4f", PLACEHOLDER: "#9a9a9a", LOOKING: "#c9b037", OPERATOR: "#c2571a", OCTOBER: "#5a4fa2"}
LEAST = 0.01
"""Seconds: less is below what is measured."""

Lines = Mapping[str, Sequence[tuple[int, float]]]
"""For each peer, a value by the number of servers."""


def draw(results: Sequence[Mapping[str, Any]]) -> str:
    """The picture of the lives of servers on one config."""
    lives = [result for result in results if result["scenario"] == "shared"]
    charts = [_chart(f"{phase}, seconds", ends, _seconds(lives, phase)) for phase, ends in PHASES.items()]
    charts.append(_chart("hook calls of a server's life", "all phases, the config's share included", _calls(lives)))
    charts.append(_chart("KB of a hook call", "the mean of all", _bytes(lives)))
    parts = [
        f'<g transform="translate({number % ACROSS * WIDTH},{24 + number // ACROSS * HEIGHT})">{chart}</g>'
        for number, chart in enumerate(charts)
    ]
    shown = [peer for peer in COLORS if any(result["peer"] == peer for result in lives)]
    spans = "&#160; ".join(f'<tspan fill="{COLORS[peer]}">{TITLES[peer]}</tspan>' for peer in shown)
    legend = f'<text x="{MARGIN}" y="18" font-weight="bold">{spans}</text>'
    size = f'width="{WIDTH * ACROSS}" height="{24 + HEIGHT * math.ceil(len(charts) / ACROSS)}"'
    style = 'font-family="sans-serif" font-size="11"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{background}{legend}{"".join(parts)}</svg>\n'


def _seconds(lives: Sequence[Mapping[str, Any]], phase: str) -> Lines:
    return _lines((r, max(r["phases"][phase]["seconds"], LEAST)) for r in lives if phase in r["phases"])


def _calls(lives: Sequence[Mapping[str, Any]]) -> Lines:
    totals = ((r, sum(calls(phase) or 0 for phase in r["phases"].values()) / r["servers"]) for r in lives)
    return _lines((r, total) for r, total in totals if total)


def _bytes(lives: Sequence[Mapping[str, Any]]) -> Lines:
    sums = ((r, [sum(of(p) or 0 for p in r["phases"].values()) for of in (sent, calls)]) for r in lives)
    return _lines((r, size / count / 1000) for r, (size, count) in sums if count)


def _lines(values: Any) -> Lines:
    lines: dict[str, list[tuple[int, float]]] = {}
    for result, value in values:
        lines.setdefault(result["peer"], []).append((result["servers"], value))
    return lines


def _chart(title: str, ends: str, lines: Lines) -> str:
    """One small chart, both axes logarithmic."""
    numbers = sorted({number for line in lines.values() for number, _ in line})
    values = [value for line in lines.values() for _, value in line]
    parts = [f'<text x="{MARGIN}" y="14" font-weight="bold">{title}<title>{ends}</title></text>']
    if not values:
        return parts[0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    across, up = _scale(numbers, MARGIN, WIDTH - 20), _scale([10.0**low, 10.0**high], HEIGHT - 40, 24)
    for exponent in range(low, high + 1):
        y = up(10.0**exponent)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>')
    parts += [f'<text x="{across(n):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{n:,}</text>' for n in numbers]
    for peer, line in lines.items():
        places = [f"{across(number):.1f},{up(value):.1f}" for number, value in sorted(line)]
        parts.append(f'<polyline points="{" ".join(places)}" fill="none" stroke="{COLORS[peer]}" stroke-width="2"/>')
        for number, value in line:
            place = f'cx="{across(number):.1f}" cy="{up(value):.1f}"'
            parts.append(f'<circle {place} r="3" fill="{COLORS[peer]}"><title>{value:.3g}</title></circle>')
    return "".join(parts)


def _scale(values: list[Any], low: float, high: float) -> Any:
    """Where a value lies between two places, logarithmically; in the middle where there is but one."""
    first, last = math.log10(values[0]), math.log10(values[-1])
    if first == last:
        return lambda _value: (low + high) / 2
    return lambda value: low + (math.log10(value) - first) / (last - first) * (high - low)
