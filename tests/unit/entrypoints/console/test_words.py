"""Figures as people say them."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.story import T0

from orderwatch.entrypoints.console.words import (
    ago,
    brief,
    moment,
    money,
    share,
    short,
    tight,
    took,
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


@pytest.mark.parametrize(
    ("seconds", "full", "short_of_it"),
    [
        (0.01, "<0.1 s", "<0.1 s"),
        (0.42, "0.4 s", "0.4 s"),
        (750, "12 min", "12 min"),
        (4_800, "1 h 20 min", "1.3 h"),
        (90_000, "1 d 1 h", "1.0 d"),
        (172_800, "over 2 d", ">2.0 d"),
    ],
)
def test_a_latency_stays_on_one_line_and_is_short_where_there_is_no_room(
    seconds: float, full: str, short_of_it: str
) -> None:
    duration = timedelta(seconds=seconds)
    assert took(duration).replace("\u00a0", " ") == full
    assert tight(duration).replace("\u00a0", " ") == short_of_it
    assert len(tight(duration)) <= 6


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (999, "999"), (1_496, "1.5k"), (9_960, "10k"), (12_345, "12k"), (2_500_000, "2.5M")],
)
def test_a_number_on_the_map_has_few_letters(number: int, text: str) -> None:
    assert short(number) == text


def test_a_line_of_a_table_says_by_how_much_and_leaves_out_what_was_allowed() -> None:
    late = "Invoice has not answered since 10:02, allowed 5 min, overdue by 1 min"
    assert brief(late) == "Invoice has not answered since 10:02, overdue by 1 min"
    assert brief("In PENDING since 10:02, allowed 5 min") == (
        "In PENDING since 10:02, allowed 5 min"
    )
