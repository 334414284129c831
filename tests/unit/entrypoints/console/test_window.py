"""The window of a page: from its address, and what it is held against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.story import lotus

from orderwatch.core.model import TenantId
from orderwatch.entrypoints.console.pages import Visit
from orderwatch.entrypoints.console.sparks import path, step_of
from orderwatch.entrypoints.console.window import Window, window_of
from orderwatch.entrypoints.web.sign_in import Reader

NOW = datetime(2026, 3, 4, 10, 30, 20, tzinfo=UTC)
DAY = timedelta(days=1)


def window(**values: str) -> Window:
    given = {name.rstrip("_"): value for name, value in values.items()}
    return window_of(given, Visit(Reader(TenantId(1)), lotus(), NOW))


def test_it_is_the_last_day_unless_asked_otherwise() -> None:
    for asked in (window(), window(range="fortnight"), window(range="24h")):
        assert asked.starts == datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
        assert asked.ends is None
        assert asked.fault is None


def test_today_begins_at_midnight_where_the_shops_are() -> None:
    assert window(range="today").starts == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)


def test_a_time_without_a_zone_is_that_of_the_shops() -> None:
    asked = window(from_="2026-03-01T10:00", to="2026-03-01T12:00")
    assert asked.range == "custom"
    assert (asked.starts.hour, asked.ends and asked.ends.hour) == (3, 5)


@pytest.mark.parametrize(
    "values",
    [
        {"from_": "soon"},
        {"from_": "2026-03-02T10:00", "to": "2026-03-01T10:00"},
        {"to": "2026-03-01T10:00"},
        {"from_": "0001-01-01T00:00"},
    ],
)
def test_a_time_that_cannot_be_read_is_said_and_the_last_day_shown(values: dict[str, str]) -> None:
    asked = window(**values)
    assert asked.fault is not None
    assert asked.range == "24h"


@pytest.mark.parametrize(
    ("values", "shift", "called"),
    [
        ({}, DAY, "yesterday"),
        ({"against": "week"}, 7 * DAY, "last week"),
        ({"range": "7d"}, 7 * DAY, "last week"),
        ({"range": "7d", "against": "yesterday"}, 7 * DAY, "last week"),
        ({"from_": "2026-01-01T00:00", "to": "2026-01-11T00:00"}, 14 * DAY, "2 weeks before"),
    ],
)
def test_it_is_held_against_a_time_that_does_not_overlap_it(
    values: dict[str, str], shift: timedelta, called: str
) -> None:
    asked = window(**values)
    assert asked.before.placed_from == asked.starts - shift
    assert asked.before_words == called
    assert asked.before.placed_to is not None
    if asked.against != "yesterday" or asked.length <= DAY:
        assert asked.before.placed_to <= asked.starts


def test_an_address_keeps_what_else_was_asked() -> None:
    asked = window(range="7d", channel="app", system="stock", surprise="!")
    assert asked.address(system=None) == "/?range=7d&channel=app"
    assert asked.in_range("24h") == "/?channel=app&system=stock"
    assert asked.system == "stock"
    assert window(system="nobody").system is None


@pytest.mark.parametrize("range_", ["today", "24h", "7d"])
def test_a_line_has_few_points_on_whole_steps(range_: str) -> None:
    step, first = step_of(window(range=range_))
    assert first <= window(range=range_).starts
    assert (NOW - first) / step <= 66


def test_a_line_is_broken_where_nothing_is_known() -> None:
    assert path([None, 0.9, 1.0, None, 0.95], is_rate=True).count("M") == 2
    assert path([0.0, 0.0, 0.0]) == ""
    assert path([]) == ""
