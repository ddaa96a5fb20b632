"""How cost grows with the number of servers, drawn as SVG: a small chart for each phase, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

WIDTH, HEIGHT, MARGIN = 260, 200, 46
COLORS = {"ours": "#0b6e4f", "placeholder": "#9a9a9a"}


def draw(results: Iterable[Mapping[str, Any]], phases: Mapping[str, str]) -> str:
    """The picture.

    Args:
        results: what `cluster.run` returned for each run.
        phases: each phase, and what it ends with.
    """
    results = list(results)
    charts = [_chart(phase, ends, results) for phase, ends in phases.items()]
    parts = [f'<g transform="translate({number * WIDTH},24)">{chart}</g>' for number, chart in enumerate(charts)]
    legend = "".join(
        f'<text x="{MARGIN + 110 * number}" y="18" fill="{color}" font-weight="bold">{app}</text>'
        for number, (app, color) in enumerate(COLORS.items())
    )
    size = f'width="{WIDTH * len(charts)}" height="{HEIGHT + 24}"'
    style = 'font-family="sans-serif" font-size="11"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{background}{legend}{"".join(parts)}</svg>\n'


def _chart(phase: str, ends: str, results: list[Mapping[str, Any]]) -> str:
    points = {app: [(r["servers"], _seconds(r, phase)) for r in results if r["app"] == app] for app in COLORS}
    numbers = sorted({number for line in points.values() for number, _ in line})
    times = [seconds for line in points.values() for _, seconds in line]
    across = _scale(numbers, MARGIN, WIDTH - 20)
    up = _scale(
        [10.0 ** math.floor(math.log10(min(times))), 10.0 ** math.ceil(math.log10(max(times)))], HEIGHT - 40, 24
    )
    parts = [f'<text x="{MARGIN}" y="14"><title>{ends}</title>{phase}, seconds by servers</text>']
    for exponent in range(math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))) + 1):
        y = up(10.0**exponent)
        parts.append(f'<path d="M{MARGIN} {y:.1f}H{WIDTH - 20}" stroke="#ddd"/>')
        parts.append(f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**exponent:g}</text>')
    parts += [f'<text x="{across(n):.1f}" y="{HEIGHT - 22}" text-anchor="middle">{n}</text>' for n in numbers]
    for app, line in points.items():
        places = [f"{across(number):.1f},{up(seconds):.1f}" for number, seconds in sorted(line)]
        parts.append(f'<polyline points="{" ".join(places)}" fill="none" stroke="{COLORS[app]}" stroke-width="2"/>')
        for number, seconds in line:
            place = f'cx="{across(number):.1f}" cy="{up(seconds):.1f}"'
            parts.append(f'<circle {place} r="3" fill="{COLORS[app]}"><title>{seconds:g} s</title></circle>')
    return "".join(parts)


def _seconds(result: Mapping[str, Any], phase: str) -> float:
    return max(float(result["phases"][phase]["seconds"]), 0.01)  # less is below what is measured


def _scale(values: list[Any], low: float, high: float) -> Any:
    """Where a value lies between two places, logarithmically; in the middle where there is but one."""
    first, last = math.log10(values[0]), math.log10(values[-1])
    if first == last:
        return lambda _value: (low + high) / 2
    return lambda value: low + (math.log10(value) - first) / (last - first) * (high - low)
