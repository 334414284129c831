"""Figures as people say them."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.story import T0

from orderwatch.core.model import TenantId
from orderwatch.entrypoints.console.pace import Paces
from orderwatch.entrypoints.console.words import (
    ago,
    brief,
    moment,
    money,
    share,
    unbroken,
    with_moments,
    with_titles,
    written,
)

BANGKOK = ZoneInfo("Asia/Bangkok")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1250", "1,250.00"),
        ("0.5", "0.50"),
        ("1250.5000", "1,250.50"),
        ("9.1234", "9.1234"),
        ("-3", "-3.00"),
    ],
)
def test_money_has_two_places_or_as_many_as_it_really_has(value: str, text: str) -> None:
    assert money(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 1, "100"), (9999, 10_000, "99.9"), (0, 5, "0.0"), (0, 0, None)]
)
def test_a_share_is_never_rounded_up_to_all(part: int, whole: int, text: str | None) -> None:
    assert share(part, whole) == text


def test_how_long_ago_is_said_in_words() -> None:
    assert ago(T0, T0 + timedelta(seconds=1)) == "just now"
    assert ago(T0, T0 + timedelta(seconds=59)) == "59 s ago"
    assert ago(T0, T0 + timedelta(minutes=90)) == "1 h 30 min ago"


def test_a_time_carries_its_instant_and_says_it_in_utc_on_hover() -> None:
    marked = moment(T0, T0, BANGKOK)
    assert 'datetime="2026-03-02T09:00:00.000Z"' in marked
    assert 'title="2026-03-02 09:00:00.000 UTC"' in marked
    assert marked.endswith(">16:00</time>")
    assert written(T0, T0, BANGKOK, "second") == "16:00:00"


def test_a_sentence_has_its_times_marked_up_and_the_rest_escaped() -> None:
    marked = with_moments("<x> in A since 16:00, due by 16:30", [T0, None], T0, BANGKOK)
    assert marked.startswith("&lt;x&gt; in A since <time ")
    assert marked.endswith("16:00</time>, due by 16:30")


def test_a_sentence_calls_systems_by_their_titles_and_keeps_units_with_numbers() -> None:
    said = with_titles("instore_app has not answered, allowed 1 h 30 min", {"instore_app": "Store"})
    assert unbroken(said) == "Store has not answered, allowed 1\u00a0h 30\u00a0min"


def test_a_pace_needs_some_seconds_and_then_counts_per_minute() -> None:
    paces, tenant = Paces(), TenantId(1)
    assert paces.per_minute(tenant, T0, {"stock": 100}) == {}
    assert paces.per_minute(tenant, T0 + timedelta(seconds=5), {"stock": 110}) == {}
    assert paces.per_minute(tenant, T0 + timedelta(seconds=30), {"stock": 150}) == {"stock": 100}
    later = paces.per_minute(tenant, T0 + timedelta(seconds=180), {"stock": 150})
    assert later == {"stock": 0}
    assert paces.per_minute(tenant, T0 + timedelta(hours=3), {"stock": 900}) == {}
    assert paces.per_minute(TenantId(2), T0 + timedelta(seconds=30), {"stock": 7}) == {}


def test_a_line_of_a_table_says_by_how_much_and_leaves_out_what_was_allowed() -> None:
    late = "Invoice has not answered since 10:02, allowed 5 min, overdue by 1 min"
    assert brief(late) == "Invoice has not answered since 10:02, overdue by 1 min"
    assert brief("In PENDING since 10:02, allowed 5 min") == (
        "In PENDING since 10:02, allowed 5 min"
    )
