"""The seasonal band on simulated days: quiet on ordinary ones, awake when orders stop coming."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from random import Random

import pytest
from msgspec.structs import replace

from orderwatch.core.alerting.season import band_of_counts
from orderwatch.core.simulation.arrivals import arrivals
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O

MIDNIGHT = datetime(2026, 1, 4, 17, tzinfo=UTC)
MINUTES = 24 * 60
WEEKS = 6
QUARTER = 15
NOON = 12 * 60


def minutes_of_a_day(per_day: float, seed: int) -> list[int]:
    """Orders placed in each minute of a simulated day; how busy it is differs by a tenth or so."""
    busy = Random(seed).lognormvariate(0, 0.1)
    plan = replace(LOTUS_O2O, orders=None, per_day=per_day * busy, warm_up=None)
    begin = MIDNIGHT + timedelta(days=7 * seed)
    placed = takewhile(lambda at: at < MINUTES * 60, arrivals(plan, seed, begin))
    counted = Counter(int(at // 60) for at in placed)
    return [counted[minute] for minute in range(MINUTES)]


def alarms(today: list[int], weeks: list[list[int]]) -> list[int]:
    """The minutes in which the last quarter of an hour is outside of the band."""
    return [now for now in range(2 * QUARTER, MINUTES - QUARTER) if _is_outside(today, weeks, now)]


def _is_outside(today: list[int], weeks: list[list[int]], now: int) -> bool:
    earlier = [
        (week, _quarter(day, now + around))
        for week, day in enumerate(weeks, start=1)
        for around in (-QUARTER, 0, QUARTER)
    ]
    band = band_of_counts(earlier)
    assert band is not None
    return band.leaves_out(_quarter(today, now))


def _quarter(day: list[int], until: int) -> int:
    return sum(day[until - QUARTER : until])


def episodes(minutes: list[int]) -> int:
    """Alarms that go on count once."""
    return sum(minute - 1 not in {*minutes} for minute in minutes)


@pytest.fixture(scope="module")
def weeks() -> list[list[int]]:
    return [minutes_of_a_day(20_000, week) for week in range(1, WEEKS + 1)]


def test_ordinary_days_raise_next_to_nothing(weeks: list[list[int]]) -> None:
    days = [minutes_of_a_day(20_000, 100 + day) for day in range(4)]
    assert sum(episodes(alarms(day, weeks)) for day in days) <= 1


def test_so_is_a_day_after_a_week_with_an_outage(weeks: list[list[int]]) -> None:
    bad = [0 if NOON <= minute < NOON + 180 else n for minute, n in enumerate(weeks[0])]
    day = minutes_of_a_day(20_000, 200)
    assert episodes(alarms(day, [bad, *weeks[1:]])) <= 1


def test_an_outage_at_noon_is_seen_within_its_quarter_of_an_hour(weeks: list[list[int]]) -> None:
    for seed in range(300, 303):
        day = minutes_of_a_day(20_000, seed)
        day[NOON : NOON + 30] = [0] * 30
        seen = [minute for minute in alarms(day, weeks) if minute >= NOON]
        assert seen
        assert seen[0] <= NOON + QUARTER


def test_three_times_the_orders_are_seen_as_well(weeks: list[list[int]]) -> None:
    day = minutes_of_a_day(20_000, 400)
    day[NOON : NOON + 30] = [3 * n for n in day[NOON : NOON + 30]]
    assert NOON + QUARTER in alarms(day, weeks)
