"""Durations: each text and number below went through Go's time.ParseDuration and Duration.String (go 1.26)."""

from __future__ import annotations

import pytest

from hooks import go_duration


@pytest.mark.parametrize(
    ("text", "nanoseconds", "printed"),
    [
        ("1m", 60_000_000_000, "1m0s"),
        ("90s", 90_000_000_000, "1m30s"),
        ("1h0m0.5s", 3_600_500_000_000, "1h0m0.5s"),
        (".5m", 30_000_000_000, "30s"),
        ("1.s", 1_000_000_000, "1s"),
        ("100ms", 100_000_000, "100ms"),
        ("1.5µs", 1_500, "1.5µs"),
        ("1.5us", 1_500, "1.5µs"),
        ("300ns", 300, "300ns"),
        ("+5s", 5_000_000_000, "5s"),
        ("0", 0, "0s"),
        ("9223372036854775807ns", (1 << 63) - 1, "2562047h47m16.854775807s"),
    ],
)
def test_durations_are_read_and_printed_as_go_does(text: str, nanoseconds: int, printed: str) -> None:
    assert go_duration.read(text) == nanoseconds
    assert go_duration.write(nanoseconds) == printed


@pytest.mark.parametrize("text", ["", "s", ".s", "1", "1e3s", "1 s", "1d", "9223372036854775808ns", "٣s", "1s" * 40])
def test_a_text_that_go_does_not_read_is_no_duration(text: str) -> None:
    assert go_duration.read(text) is None


def test_a_negative_duration_is_read_as_one() -> None:
    assert go_duration.read("-1s") == -1_000_000_000
