"""A verdict changes by the clock alone only at its next deadline, and only for the worse."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_stories import RECEIVED, flows, histories
from tests.story import HOUR, folded, moment

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, Order
from orderwatch.core.tracking.judge import judge

MANY = settings(max_examples=80, deadline=None)
TICK = timedelta(microseconds=1)
Verdict = tuple[str, bool, tuple[tuple[str, str, bool], ...]]


def verdict(order: Order) -> Verdict:
    legs = tuple((leg.system, leg.class_.value, leg.overdue) for leg in order.legs)
    return order.class_.value, order.overdue, legs


@MANY
@given(st.data(), flows(), st.integers(-HOUR, RECEIVED))
def test_nothing_changes_before_the_next_deadline_and_something_does_at_it(
    data: st.DataObject, flow: Template, now: int
) -> None:
    state = folded(*data.draw(histories(flow)), flow=flow)
    order = judge(state, flow, moment(now))
    if order.next_deadline is None:
        after = judge(state, flow, moment(now) + timedelta(days=5000))
        assert verdict(after) == verdict(order)
        return
    assert order.next_deadline > moment(now)
    just_before = judge(state, flow, order.next_deadline - TICK)
    assert verdict(just_before) == verdict(order)
    assert just_before.next_deadline == order.next_deadline
    at = judge(state, flow, order.next_deadline)
    assert at.next_deadline is None or at.next_deadline > order.next_deadline


@MANY
@given(st.data(), flows())
def test_time_alone_only_makes_things_late(data: st.DataObject, flow: Template) -> None:
    state = folded(*data.draw(histories(flow)), flow=flow)
    order = judge(state, flow, moment(-HOUR))
    for _ in range(20):
        if order.next_deadline is None:
            break
        later = judge(state, flow, order.next_deadline)
        for before, after in zip(order.legs, later.legs, strict=True):
            assert (after.system, after.class_) == (before.system, before.class_)
            assert after.overdue >= before.overdue
            assert after.deadline == before.deadline
        if later.class_ is order.class_:
            assert later.overdue >= order.overdue
        else:
            assert (order.class_, later.class_) == (Class.DELAYED, Class.FAILED)
            assert later.why.rule.endswith("when_overdue")
        order = later
    assert order.next_deadline is None, "a clock that runs for ever comes to an end"


@MANY
@given(st.data(), flows(), st.integers(-HOUR, 4 * RECEIVED))
def test_an_order_is_late_when_it_says_it_is(data: st.DataObject, flow: Template, now: int) -> None:
    """`overdue` and the deadlines that are shown beside it never contradict each other."""
    state = folded(*data.draw(histories(flow)), flow=flow)
    at = moment(now)
    order = judge(state, flow, at)
    status = flow.statuses.get(state.understood or "")
    settled = status is not None and status.class_ is not Class.DELAYED
    for leg in order.legs:
        open_ = leg.class_ is Class.DELAYED and not settled
        assert leg.overdue == (open_ and past(leg.deadline, at))
    late = past(order.deadline, at) or any(leg.overdue and leg.required for leg in order.legs)
    failed = any(leg.class_ is Class.FAILED and leg.required for leg in order.legs)
    if settled:
        assert status is not None
        assert (order.class_, order.overdue) == (status.class_, False)
    elif failed:
        assert (order.class_, order.overdue) == (Class.FAILED, False)
    elif order.class_ is Class.FAILED:
        assert past(order.deadline, at)
    else:
        assert order.overdue == late


def past(deadline: datetime | None, at: datetime) -> bool:
    return deadline is not None and at >= deadline
