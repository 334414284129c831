"""How long a notice waits for its next try."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.notices import NOON

from orderwatch.core.alerting.backoff import LONGEST_PAUSE, is_hopeless, pause_after


@pytest.mark.parametrize(
    ("attempts", "longest_s"), [(1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1_000_000, 300)]
)
def test_pauses_double_up_to_five_minutes_and_chance_spreads_them_from_nothing(
    attempts: int, longest_s: float
) -> None:
    assert pause_after(attempts, 0.0, None) == timedelta()
    assert pause_after(attempts, 0.5, None) == timedelta(seconds=longest_s / 2)
    assert pause_after(attempts, 0.999_999, None) <= LONGEST_PAUSE


def test_a_channel_gets_the_time_it_asks_for_and_no_more_than_an_hour() -> None:
    asked = timedelta(seconds=90)
    assert asked <= pause_after(1, 0.0, asked) <= pause_after(1, 0.9, asked) <= asked * 1.1
    assert pause_after(1, 0.0, timedelta(days=9)) == timedelta(hours=1)
    assert pause_after(1, 0.0, timedelta(seconds=-5)) == timedelta()


def test_after_a_day_no_further_try_is_made() -> None:
    assert not is_hopeless(NOON, NOON + timedelta(hours=23, minutes=59))
    assert is_hopeless(NOON, NOON + timedelta(hours=24))
