"""Times of day that come: once each, also when clocks change or the worker was away."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.alerting.shop import NOON, book, only_channel, rule, watch

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.days import day_bounds
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import Counts, Figures
from orderwatch.core.alerting.schedules import Due, due_schedules, find_due, wanted_of_due

HOUR = timedelta(hours=1)
HALF_MINUTE = timedelta(seconds=30)
MORNING = rule(watch(Look.SCHEDULE, at=time(8)))
EIGHT = NOON - 4 * HOUR
ZONES = ("Asia/Bangkok", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")


def test_eight_o_clock_is_due_when_it_comes_and_not_again() -> None:
    due = due_schedules(book(MORNING), EIGHT - HALF_MINUTE, EIGHT)
    assert due == [Due("rule", 0, EIGHT)]
    assert due_schedules(book(MORNING), EIGHT, EIGHT + HALF_MINUTE) == []


def test_a_worker_that_was_down_at_eight_makes_up_for_it_once() -> None:
    back = EIGHT + 3 * HOUR
    assert due_schedules(book(MORNING), EIGHT - HOUR, back) == [Due("rule", 0, EIGHT)]
    assert due_schedules(book(MORNING), back, back + HALF_MINUTE) == []


def test_after_a_week_away_only_the_last_one_is_made_up_for() -> None:
    assert due_schedules(book(MORNING), EIGHT - 7 * 24 * HOUR, NOON) == [Due("rule", 0, EIGHT)]


def test_what_is_a_day_old_is_left() -> None:
    weekly = book(MORNING)
    assert due_schedules(weekly, EIGHT - HOUR, EIGHT + 23 * HOUR)[0].at == EIGHT
    assert due_schedules(weekly, EIGHT - HOUR, EIGHT + 24 * HOUR)[0].at == EIGHT + 24 * HOUR


@given(
    st.sampled_from(ZONES),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(0, 2 * 365 * 24 * 60).map(lambda n: NOON + n * timedelta(minutes=1)),
    st.lists(st.integers(1, 20 * 3600), min_size=1, max_size=40),
)
def test_every_day_has_it_once_whatever_the_clocks_do(
    zone: str, at: time, begin: datetime, pauses: list[int]
) -> None:
    shop = book(rule(watch(Look.SCHEDULE, at=at)), zone=zone)
    last = begin
    seen: list[datetime] = []
    for pause in pauses:
        now = last + timedelta(seconds=pause)
        seen += [one.at for one in due_schedules(shop, last, now)]
        last = now
    days = [one.astimezone(shop.zone).date() for one in seen]
    assert len(days) == len({*days})
    assert seen == sorted(seen)
    inside = (last - begin) // timedelta(days=1)
    assert inside - 1 <= len(days) <= inside + 2


def test_a_time_the_clock_skips_comes_when_it_is_put_forward_and_one_it_repeats_comes_once() -> (
    None
):
    half_past_two = book(rule(watch(Look.SCHEDULE, at=time(2, 30))), zone="Europe/Berlin")
    spring = datetime(2026, 3, 29, tzinfo=UTC)
    [due] = due_schedules(half_past_two, spring, spring + 12 * HOUR)
    assert due.at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # half past three in Berlin
    autumn = datetime(2026, 10, 25, tzinfo=UTC)
    [due] = due_schedules(half_past_two, autumn, autumn + 12 * HOUR)
    assert due.at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_days_on_which_clocks_change_have_23_or_25_hours() -> None:
    zone = book(zone="Europe/Berlin").zone
    for day, length in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        starts, ends = day_bounds(zone, day)
        assert ends - starts == length * HOUR


def test_at_eight_the_day_before_is_seen() -> None:
    yesterday = NOON.date() - timedelta(days=1)
    due = [Due("rule", 0, EIGHT)]
    wanted = wanted_of_due(book(MORNING), due, NOON)
    assert wanted.days == {yesterday: (EIGHT - 32 * HOUR, EIGHT - 8 * HOUR)}
    figures = Figures(days={yesterday: {"app": Counts(90, 10), "website": Counts(overdue=5)}})
    [seen] = find_due(book(MORNING), due, figures)
    assert seen.facts.keys() == FACTS["schedule"].keys()
    assert (seen.facts["total"], seen.facts["success_rate"], seen.facts["weekday"]) == (105, 0.9, 3)
    assert seen.cause_at == EIGHT
    of_app = rule(watch(Look.SCHEDULE, at=time(8), at_least=101), scope=only_channel("app"))
    assert find_due(book(of_app), due, figures) == []
