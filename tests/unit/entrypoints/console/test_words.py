"""Figures as people say them."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup
from tests.story import MINUTE, T0, leg, placed, said, told
from tests.story import moment as moment_at

from orderwatch.core.tracking.explain import leg_reason, order_reason
from orderwatch.entrypoints.console.languages import LANGUAGES, spoken_in
from orderwatch.entrypoints.console.words import (
    ago,
    capital,
    marked_tongue,
    moment,
    money,
    plain_tongue,
    share,
    short,
    tight,
    took,
    unit,
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


LATE = (placed(), said("commerce_engine", "<sent>", reason={"code": "A&B"}))


def test_a_sentence_has_its_times_marked_up_and_the_rest_escaped() -> None:
    order = told(*LATE, now=20 * MINUTE)
    tongue = marked_tongue(moment_at(20 * MINUTE), BANGKOK, {"commerce_engine": "R&D"})
    reason = leg_reason(leg(order, "commerce_engine"), moment_at(20 * MINUTE), tongue)
    assert reason.startswith("R&amp;D in &lt;sent&gt; since <time ")
    assert reason.endswith(">16:00</time>, allowed 30\u00a0s, overdue by 20\u00a0min")
    assert isinstance(capital(reason), Markup)


def test_a_sentence_is_said_in_thai_and_keeps_the_words_of_the_systems() -> None:
    order = told(placed(), said("commerce_engine", "ACCEPTED", 1), now=20 * MINUTE)
    with spoken_in(LANGUAGES["th"]):
        tongue = plain_tongue(moment_at(20 * MINUTE), BANGKOK, {})
        reason = order_reason(order, moment_at(20 * MINUTE), tongue).replace("\u00a0", " ")
        in_short = order_reason(order, moment_at(20 * MINUTE), tongue, brief=True)
    assert reason == "อยู่ในสถานะ PENDING ตั้งแต่ 16:00 กำหนดไว้ 15 นาที เกินกำหนด 5 นาที"
    assert "กำหนดไว้" not in in_short


def test_times_lengths_and_money_are_said_in_thai() -> None:
    earlier = T0 - timedelta(days=1)
    with spoken_in(LANGUAGES["th"]):
        assert ago(T0, T0 + timedelta(minutes=90)) == "1 ชม. 30 นาทีที่แล้ว"
        assert ago(T0, T0) == "เมื่อครู่"
        assert written(earlier, T0, BANGKOK, "clock") == "01 มี.ค. 16:00"
        assert written(earlier.replace(year=2017), T0, BANGKOK, "clock") == "01 มี.ค. 2017 16:00"
        assert tight(timedelta(hours=1.5)).replace("\u00a0", " ") == "1.5 ชม."
        assert (money("1250"), unit("THB"), unit("USD")) == ("1,250.00", "บาท", "USD")
    assert unit("THB") == "THB"


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
    def line(now: float) -> str:
        tongue = plain_tongue(moment_at(now), BANGKOK, {})
        order = told(placed(), said("commerce_engine", "ACCEPTED", 1), now=now)
        return order_reason(order, moment_at(now), tongue, brief=True).replace("\u00a0", " ")

    assert line(20 * MINUTE) == "in PENDING since 16:00, overdue by 5 min"
    assert line(2) == "in PENDING since 16:00, allowed 15 min"
