"""Whether the day can still reach its goal."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.alerting.shop import NOON, book

from orderwatch.core.alerting.figures import Counts, EarlierDay, Figures
from orderwatch.core.alerting.goal import best_rate, open_hours, rest_of_day

HOUR = timedelta(hours=1)
SOME = st.integers(0, 5000)
COUNTS = st.builds(Counts, SOME, SOME, SOME, SOME)
PAST = st.lists(st.builds(EarlierDay, SOME, SOME), max_size=4)


@given(COUNTS, PAST, st.integers(-12 * 60, 12 * 60 - 1), st.booleans())
def test_another_failure_never_makes_the_best_better(
    counts: Counts, past: list[EarlierDay], minutes: int, of_an_open_order: bool
) -> None:
    now = NOON + timedelta(minutes=minutes)
    figures = Figures(earlier={"app": tuple(past)} if past else {})
    fewer = 1 if of_an_open_order and counts.waiting else 0
    worse = Counts(counts.success, counts.failed + 1, counts.waiting - fewer, counts.overdue)
    best, then = (
        best_rate(one, rest_of_day(book(), figures, one, ["app"], now)) for one in (counts, worse)
    )
    assert then <= best + 1e-12
    assert 0.0 <= then <= 1.0


def test_the_first_failure_after_midnight_does_not_spoil_the_day() -> None:
    past = {"app": (EarlierDay(1, 1000),)}
    midnight = NOON - 12 * HOUR + timedelta(minutes=1)
    one_failed = Counts(failed=1)
    rest = rest_of_day(book(), Figures(earlier=past), one_failed, ["app"], midnight)
    assert best_rate(one_failed, rest) > 0.99


def test_while_no_week_is_known_todays_pace_goes_on_until_the_shops_close() -> None:
    now = NOON + 6 * HOUR  # eight of twelve hours are over
    assert open_hours(book(), now) == (8 * HOUR, 4 * HOUR)
    assert rest_of_day(book(), Figures(), Counts(success=80), [], now) == 40.0
    assert rest_of_day(book(), Figures(), Counts(success=80), [], NOON + 11 * HOUR) == 0.0


def test_one_odd_week_does_not_decide_what_is_expected() -> None:
    past = tuple(EarlierDay(100, rest) for rest in (400, 0, 410, 390))
    figures = Figures(earlier={"app": past, "website": past})
    assert rest_of_day(book(), figures, Counts(), ["app"], NOON) == 395.0
    assert rest_of_day(book(), figures, Counts(), ["app", "website"], NOON) == 790.0


def test_a_day_without_orders_has_failed_nothing() -> None:
    assert best_rate(Counts(), 0) == 1.0
