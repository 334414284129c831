"""Percentiles from classes, held against the exact ones."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwatch.core.reading.percentiles import latency, percentile
from orderwatch.core.tracking.passing import HEARD, TOOK_BOUNDS_S, TOOK_CLASSES, Passing

EDGES = (0.0, *TOOK_BOUNDS_S, inf)
SECONDS = st.floats(0, 300_000)
AT = datetime(2026, 3, 2, 9, 59, 30, tzinfo=UTC)


def counted(durations: list[float]) -> list[int]:
    passing = Passing()
    for seconds in durations:
        passing.take(seconds, AT, "stock", "app")
    return passing.took[AT.replace(second=0), "stock", "app"]


@given(st.lists(SECONDS, min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.95, 0.99, 1.0]))
def test_it_lies_in_the_class_of_the_exact_one(durations: list[float], share: float) -> None:
    exact = sorted(durations)[max(0, ceil(share * len(durations)) - 1)]
    number = bisect_left(TOOK_BOUNDS_S, exact)
    low, high = EDGES[number], EDGES[number + 1]
    found = percentile(counted(durations), share)
    assert found is not None
    microsecond = 1e-6
    if high == inf:
        assert found == timedelta(seconds=low)
    else:
        assert low - microsecond <= found.total_seconds() <= high + microsecond


@given(st.lists(st.integers(0, 1000), min_size=TOOK_CLASSES, max_size=TOOK_CLASSES))
def test_a_higher_share_never_takes_less(counts: list[int]) -> None:
    found = [percentile(counts, share) for share in (0.1, 0.5, 0.95, 0.99, 1.0)]
    if not sum(counts):
        assert found == [None] * 5
    else:
        known = [one for one in found if one is not None]
        assert known == sorted(known)
        assert len(known) == 5


@pytest.mark.parametrize(
    ("counts", "share", "seconds"),
    [
        ({5: 10}, 0.5, 3.75),  # all between 2.5 s and 5 s: half of the way
        ({0: 95, 9: 5}, 0.95, 0.1),
        ({0: 90, 9: 10}, 0.95, 45.0),
        ({TOOK_CLASSES - 1: 3}, 0.5, 172_800.0),
    ],
)
def test_within_a_class_they_are_spread_evenly(
    counts: dict[int, int], share: float, seconds: float
) -> None:
    found = percentile([counts.get(number, 0) for number in range(TOOK_CLASSES)], share)
    assert found is not None
    assert found.total_seconds() == pytest.approx(seconds)


def test_of_nothing_nothing_is_known() -> None:
    assert latency([]).p95 is None
    assert latency([0] * TOOK_CLASSES).n == 0


def test_what_happens_is_summed_up_by_minute_hour_and_day() -> None:
    passing = Passing()
    for minutes in (0, 0, 1, 90):
        passing.happen(HEARD, AT + timedelta(minutes=minutes), "stock")
        passing.take(3, AT + timedelta(minutes=minutes), "stock", "")
    sums = {(key.place.span, key.place.start.hour, n) for key, n in passing.happenings()}
    assert sums == {
        *(("minute", 9, 2), ("minute", 10, 1), ("minute", 11, 1)),
        *(("hour", 9, 2), ("hour", 10, 1), ("hour", 11, 1)),
        ("day", 0, 4),
    }
    durations = passing.durations()
    assert durations == sorted(durations)
    days = [sum(counts) for place, counts in durations if place.span == "day"]
    assert days == [4]
    # Summing up does not touch what it sums.
    assert passing.durations() == durations
