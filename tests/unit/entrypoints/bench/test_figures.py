"""Figures that people will quote: the arithmetic behind them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.entrypoints.cli.bench.figures import (
    Goal,
    Result,
    growth_allowed,
    middle,
    percentile,
    rounded,
    shown,
)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_was_measured_and_covers_its_part(
    values: list[float], part: float
) -> None:
    found = percentile(values, part)
    assert found in values
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9


def test_p95_of_a_hundred_is_the_ninety_fifth_and_p100_the_slowest() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert percentile(values, 0.95) == 95
    assert percentile(values, 1) == 100
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_the_median_run_counts_and_not_the_lucky_one() -> None:
    assert middle([{"ours": 1.0}, {"ours": 90.0}, {"ours": 3.0}], "ours") == 3.0


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("of COPY", 0.31, 0.30), "met"),
        (Goal("of COPY", 0.15, 0.30), "missed by a factor of 2.0"),
        (Goal("of COPY", 0.299, 0.30), "missed by a little"),
        (Goal("ms", 49.9, 50, at_most=True), "met"),
        (Goal("ms", 100, 50, at_most=True), "missed by a factor of 2.0"),
        (Goal("of COPY", 0, 0.30), "missed"),
    ],
)
def test_a_goal_is_judged_in_words(goal: Goal, verdict: str) -> None:
    assert goal.verdict == verdict


@pytest.mark.parametrize(
    ("value", "short", "text"),
    [
        (13367.4, 13367, "13,367"),
        (0.038888, 0.0389, "0.0389"),
        (1.236, 1.24, "1.24"),
        (106.96, 107, "107"),
        (0.0, 0.0, "0"),
    ],
)
def test_three_digits_are_enough_for_anybody(value: float, short: float, text: str) -> None:
    assert rounded(value) == short
    assert shown(value) == text


def test_what_is_no_number_is_left_alone() -> None:
    assert rounded("checkout") == "checkout"
    assert rounded(7) == 7
    assert math.isinf(rounded(math.inf))


def test_an_answer_may_take_as_much_longer_as_the_logarithm_grows() -> None:
    assert growth_allowed(100, 10_000) == pytest.approx(2)
    assert growth_allowed(100_000, 2_500_000) == pytest.approx(1.28, abs=0.01)


def test_the_document_says_figure_limit_ratio_runs_and_whether_the_goals_are_met() -> None:
    result = Result(
        bench="ingest",
        figure=30_000.0,
        limit=90_000.0,
        unit="events/s",
        figure_is="ours",
        limit_is="COPY",
        runs=[{"ours": 30_000.0, "copy": 90_000.0}],
        goals=[Goal("of COPY", 1 / 3, 0.30), Goal("MB", 400, 300, at_most=True)],
        more={"events": 10},
    )
    told = result.document({"cores": 2})
    assert told["figure"] == 30_000
    assert told["limit"] == 90_000
    assert told["ratio"] == 0.333
    assert told["unit"] == "events/s"
    assert told["runs"] == [{"ours": 30_000, "copy": 90_000}]
    assert [goal["met"] for goal in told["goal"]] == [True, False]
    assert told["met"] is False
    assert told["events"] == 10
    assert told["machine"] == {"cores": 2}
