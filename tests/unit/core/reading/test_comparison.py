"""A figure beside what it was: what is worse, and what is worth colour."""

from __future__ import annotations

import pytest

from orderwatch.core.reading.comparison import Good, compare, compare_rates


@pytest.mark.parametrize(
    ("now", "then", "good", "worse"),
    [
        (130, 100, "fewer", True),
        (105, 100, "fewer", False),  # days differ by as much
        (2, 0, "fewer", False),  # two are no news
        (3, 0, "fewer", True),
        (70, 100, "fewer", False),
        (70, 100, "more", True),
        (130, 100, "more", False),
        (130, 100, "neither", False),
        (0, 0, "fewer", False),
    ],
)
def test_bad_news_is_a_tenth_and_at_least_three(
    now: int, then: int, good: Good, worse: bool
) -> None:
    difference = compare(now, then, good)
    assert difference.by == now - then
    assert difference.is_worse is worse


@pytest.mark.parametrize(
    ("now", "then", "points", "worse"),
    [(0.95, 0.99, "-4.0", True), (0.985, 0.99, "-0.5", False), (0.99, 0.95, "4.0", False)],
)
def test_rates_differ_in_points(now: float, then: float, points: str, worse: bool) -> None:
    difference = compare_rates(now, then)
    assert difference is not None
    assert f"{difference.by:f}" == points
    assert difference.is_worse is worse


def test_what_was_unknown_cannot_be_compared() -> None:
    assert compare_rates(None, 0.9) is None
    assert compare_rates(0.9, None) is None
