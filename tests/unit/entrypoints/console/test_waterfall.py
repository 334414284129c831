"""Where the bars of an order's time line lie."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.story import DAY, HOUR, MINUTE, Moment, lotus, moment, placed, said, told

from orderwatch.app.read_orders import Told, read_history
from orderwatch.core.model import OrderId, ReceivedEvent, TenantId
from orderwatch.entrypoints.console.waterfall import Lane, Waterfall, draw

OMS = "phoenix_oms"
TITLES = {"commerce_engine": "Commerce Engine", OMS: "Phoenix OMS"}


class OneOrder:
    """A store that holds the events of a single order."""

    def __init__(self, events: Sequence[ReceivedEvent]) -> None:
        self._events = list(events)

    async def told(self, tenant: TenantId, order_id: OrderId) -> Told:
        return Told(self._events, [])


def drawn(*events: ReceivedEvent, now: Moment) -> Waterfall:
    order = told(*events, now=now)
    history = asyncio.run(
        read_history(OneOrder(events), TenantId(1), lotus(), order.order_id)  # type: ignore[arg-type]
    )
    return draw(order, history, OMS, TITLES, moment(now))


def lane(picture: Waterfall, title: str) -> Lane:
    return next(one for one in picture.lanes if one.title == title)


def looks(one: Lane) -> list[str]:
    return [bar.look for bar in one.bars]


def test_a_leg_that_has_not_answered_is_a_ghost_until_now() -> None:
    engine = lane(drawn(placed(), now=10), "Commerce Engine")
    assert looks(engine) == ["ghost waiting"]
    assert (engine.said, engine.note) == (None, "due in 20 s")


def test_past_its_deadline_the_ghost_is_overdue_and_says_for_how_long() -> None:
    engine = lane(drawn(placed(), now=3 * MINUTE), "Commerce Engine")
    assert looks(engine) == ["ghost waiting", "ghost overdue"]
    assert engine.note == "missing for 2 min"
    assert engine.deadline_x == pytest.approx(engine.bars[1].x)


def test_a_leg_that_spoke_but_did_not_end_is_overdue_by_what_passed_its_deadline() -> None:
    picture = drawn(placed(), said("commerce_engine", "CHECKING", 1), now=50)
    engine = lane(picture, "Commerce Engine")
    assert looks(engine) == ["waiting", "overdue"]
    assert engine.note == "overdue by 20 s"


def test_an_ended_leg_has_one_bar_of_its_state_and_its_duration() -> None:
    picture = drawn(placed(), said("commerce_engine", "REJECTED", 0.4), now=5)
    engine = lane(picture, "Commerce Engine")
    assert (looks(engine), engine.note, engine.state) == (["failed"], "0.4 s", "failed")


def test_an_order_failed_by_a_leg_still_waits_at_the_oms() -> None:
    picture = drawn(placed(), said("commerce_engine", "REJECTED", 0.4), now=5)
    assert picture.lanes[0].state == "waiting"
    assert picture.now_x is not None


def test_the_first_lane_is_the_order_through_its_statuses() -> None:
    steps = [placed(), said(OMS, "PROCESSING", 60), said(OMS, "SHIPPING", 240)]
    order = drawn(*steps, now=600).lanes[0]
    assert looks(order) == ["step", "step", "waiting"]
    assert [bar.label for bar in order.bars] == ["", "PROCESSING", "SHIPPING"]
    assert order.note == "for 6 min"


def test_a_settled_order_has_no_now_and_ends_at_the_right() -> None:
    picture = drawn(placed(), said(OMS, "COMPLETE", HOUR), now=30 * DAY)
    assert picture.now_x is None
    assert picture.lanes[0].end_x == pytest.approx(97, abs=0.2)


def test_a_deadline_far_away_does_not_squeeze_what_happened() -> None:
    shipped = said(OMS, "SHIPPING", 30, due_at=2 * DAY)
    picture = drawn(placed(), shipped, said("commerce_engine", "ACCEPTED", 1), now=60)
    assert picture.lanes[0].deadline_x is None
    assert picture.now_x is not None
    assert picture.now_x > 50


@pytest.mark.parametrize("length", [1, 45, 7 * MINUTE, 5 * HOUR, 3 * DAY, 400 * DAY])
def test_the_axis_has_a_few_round_times_within_the_edges(length: int) -> None:
    picture = drawn(placed(), said(OMS, "COMPLETE", length), now=length)
    assert 1 <= len(picture.ticks) <= 7
    assert all(0 <= tick.x <= 100 for tick in picture.ticks)


def test_every_bar_stays_within_the_edges_however_wrong_the_clocks() -> None:
    events = [
        placed(),
        said("checkout", "CAPTURED", -10 * MINUTE),
        said("stock", "RESERVED", 90 * MINUTE),
        said(OMS, "PROCESSING", -HOUR),
    ]
    for one in drawn(*events, now=HOUR).lanes:
        for bar in one.bars:
            assert bar.x >= 0
            assert bar.width >= 0
            assert bar.x + bar.width <= 100.01
