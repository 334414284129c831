"""What decides is when it happened, then the sequence, then the id; never when it arrived (D4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.story import DAY, lotus, said

from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.fold import in_order
from orderwatch.core.tracking.position import believable, position

CLOCK = lotus().clock


def ids(*events: ReceivedEvent) -> list[str]:
    return [received.event.id for _, received in in_order(events, lotus())]


def test_the_earlier_event_comes_first_whenever_it_arrives() -> None:
    late = said("stock", "RESERVED", 1, id="early", received=100)
    assert ids(said("stock", "RESERVED", 2, id="late", received=3), late) == ["early", "late"]


def test_at_the_same_time_the_sequence_decides_and_ten_comes_after_nine() -> None:
    nine = said("stock", "RESERVED", id="z", sequence="9")
    ten = said("stock", "RESERVED", id="a", sequence="10")
    assert ids(ten, nine) == ["z", "a"]


def test_without_a_sequence_the_id_decides_then_the_source() -> None:
    events = [
        said("stock", "RESERVED", id="b", source="/a"),
        said("stock", "RESERVED", id="a", source="/b"),
        said("stock", "RESERVED", id="a", source="/a"),
    ]
    assert [(one.event.id, one.event.source) for _, one in in_order(events, lotus())] == [
        ("a", "/a"),
        ("a", "/b"),
        ("b", "/a"),
    ]


def test_an_instant_is_the_same_in_every_zone() -> None:
    there = said("stock", "RESERVED", datetime.fromisoformat("2026-03-02T16:00:00+07:00"), id="a")
    here = said("stock", "RESERVED", datetime(2026, 3, 2, 9, 0, tzinfo=UTC), id="a")
    assert position(there, CLOCK) == position(here, CLOCK)
    assert len(in_order([there, here], lotus())) == 1


@pytest.mark.parametrize(
    ("at", "believed"),
    [
        (datetime(1948, 1, 1, tzinfo=UTC), False),
        (datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), False),
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (DAY, True),
        (DAY + 0.000001, False),
        (datetime(2199, 1, 1, tzinfo=UTC), False),
    ],
)
def test_which_times_are_believed(at: float | datetime, believed: bool) -> None:
    assert believable(said("stock", "RESERVED", at, received=0), CLOCK) is believed


def test_a_time_nobody_believes_comes_before_all_others() -> None:
    future = said("stock", "RESERVED", datetime(2199, 1, 1, tzinfo=UTC), id="future", received=0)
    assert ids(said("stock", "RESERVED", 0, id="now"), future) == ["future", "now"]
