"""Since when orders have been coming."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.core.alerting.shop import NOON

from orderwatch.core.alerting.days import recorded_since

TODAY = NOON.replace(hour=0)
DAY = timedelta(days=1)


def test_orders_have_been_coming_since_the_first_day_of_an_unbroken_run() -> None:
    days = [TODAY - n * DAY for n in range(30)]
    assert recorded_since(days, NOON) == TODAY - 29 * DAY


def test_a_week_without_orders_does_not_break_it() -> None:
    days = [TODAY - n * DAY for n in range(30) if n not in range(9, 16)]
    assert recorded_since(days, NOON) == TODAY - 29 * DAY


def test_a_stray_order_of_long_ago_is_not_the_beginning() -> None:
    days = [TODAY - 40 * DAY, *(TODAY - n * DAY for n in range(6))]
    assert recorded_since(days, NOON) == TODAY - 5 * DAY


def test_one_of_tomorrow_neither_counts_nor_hides_the_rest() -> None:
    assert recorded_since([TODAY + DAY, TODAY], NOON) == TODAY
    assert recorded_since([TODAY + DAY], NOON) is None
    assert recorded_since([], NOON) is None
