"""Orders active lately are counted once each, by how they stand now, whatever came when."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_stories import arrivals, flows, histories
from tests.story import DAY, HOUR, MINUTE, lotus, moment, placed, said, told
from tests.unit.core.tracking.test_counting import Ledger

from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.activity import minute_number
from orderwatch.core.tracking.counting import bucket, minute_of
from orderwatch.core.tracking.position import believable

WINDOWS = tuple(timedelta(minutes=n) for n in (1, 5, 10, 30, 60))
Active = Counter[tuple[str, str]]


def counted(ledger: Ledger, over: timedelta, now: float) -> Active:
    """Orders active in the window, by channel and bucket, as the counters have them."""
    since = minute_number(moment(now) - over)
    found: Active = Counter()
    for (minute, channel, bucket_), n in ledger.activity.items():
        if minute > since:
            found[channel, bucket_] += n
    return Counter({key: n for key, n in found.items() if n})


def really(ledger: Ledger, over: timedelta, now: float) -> Active:
    """The same, found by asking each order when something last happened to it."""
    since = minute_of(moment(now)) - over
    found: Active = Counter()
    for order_id in ledger.stored:
        events = [*ledger.history[order_id].values()]
        order = told(*events, now=now, flow=ledger.flow)
        happened = [_spoken(one, ledger.flow, moment(now)) for one in events]
        if order.overdue or order.why.rule.endswith("when_overdue"):
            happened.append(order.why.deadline)
        latest = max((at for at in happened if at is not None), default=None)
        if latest is not None and minute_of(latest) > since:
            found[order.channel or "", bucket(order.class_, order.overdue)] += 1
    return found


def _spoken(one: ReceivedEvent, flow: Template, now: datetime) -> datetime | None:
    return min(one.event.time, now) if believable(one, flow.clock) else None


@settings(max_examples=150, deadline=None)
@given(st.data(), flows())
def test_a_window_has_each_active_order_once_as_it_stands_now(
    data: st.DataObject, flow: Template
) -> None:
    ledger = Ledger(flow)
    history = data.draw(histories(flow, "o-1", 8)) + data.draw(histories(flow, "o-2", 8))
    now: float = data.draw(st.sampled_from([0, 2 * MINUTE, 31 * MINUTE, 4 * HOUR, 3 * DAY]))
    for batch in data.draw(arrivals(history)):
        ledger.hear(batch, now)
        now += data.draw(st.sampled_from([0, 50, 7 * MINUTE, 40 * MINUTE, 66 * MINUTE, 5 * HOUR]))
        ledger.watch(now)
        for over in WINDOWS:
            assert counted(ledger, over, now) == really(ledger, over, now)


def test_an_order_that_fails_leaves_the_waiting_and_joins_the_failed() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed(channel="app")], 0)
    assert counted(ledger, WINDOWS[1], 0) == {("app", "waiting"): 1}
    ledger.hear([said("commerce_engine", "REJECTED", 2 * MINUTE)], 2 * MINUTE)
    assert counted(ledger, WINDOWS[1], 2 * MINUTE) == {("app", "failed"): 1}


def test_an_order_of_which_nothing_was_heard_for_a_while_is_not_active() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed()], 0)
    assert counted(ledger, WINDOWS[2], 9 * MINUTE) == {("", "waiting"): 1}
    assert counted(ledger, WINDOWS[2], 10 * MINUTE) == {}


def test_an_order_that_becomes_overdue_is_active_at_its_deadline_not_when_it_was_noticed() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed(), said("commerce_engine", "ACCEPTED", 5)], 5)
    ledger.watch(10 * MINUTE)
    active = {key: n for key, n in ledger.activity.items() if n}
    assert active == {(minute_number(moment(1 * MINUTE)), "", "overdue"): 1}


def test_an_import_of_last_years_orders_makes_nothing_active() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed(), said("commerce_engine", "REJECTED", 5)], 365 * DAY)
    ledger.watch(366 * DAY)
    assert not any(ledger.activity.values())


def test_a_repeat_and_a_second_look_move_nothing() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed()], 0)
    before = dict(ledger.activity)
    ledger.hear([placed()], 20)
    ledger.watch(29)
    assert dict(ledger.activity) == before


def test_a_late_word_from_before_the_latest_leaves_the_order_where_it_was_active() -> None:
    ledger = Ledger(lotus())
    ledger.hear([placed(), said("checkout", "CAPTURED", 12 * MINUTE)], 12 * MINUTE)
    ledger.hear([said("commerce_engine", "ACCEPTED", 5)], 14 * MINUTE)
    active = [key[0] for key, n in ledger.activity.items() if n]
    assert active == [minute_number(moment(12 * MINUTE))]
