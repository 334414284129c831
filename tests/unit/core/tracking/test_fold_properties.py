"""Whatever arrives, in any order, any number of times, in any batches: the same state (D4)."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_stories import RECEIVED, arrivals, flows, histories
from tests.story import arriving, folded, lotus, moment, placed, said

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class
from orderwatch.core.tracking.fold import fits, fold, in_order
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.state import OrderState

decode_state = msgspec.json.Decoder(OrderState).decode
MANY = settings(max_examples=80, deadline=None)


@MANY
@given(st.data(), flows())
def test_any_arrival_ends_in_the_same_state(data: st.DataObject, flow: Template) -> None:
    history = data.draw(histories(flow))
    batches = data.draw(arrivals(history))
    assert arriving(batches, flow) == folded(*history, flow=flow)


@MANY
@given(st.data(), flows())
def test_a_state_survives_being_stored(data: st.DataObject, flow: Template) -> None:
    history = data.draw(histories(flow))
    cut = data.draw(st.integers(1, len(history)))
    ordered = in_order(history, flow)
    first = fold(None, ordered[:cut], flow)
    stored = decode_state(msgspec.json.encode(first))
    assert stored == first
    assert cut == len(ordered) or fits(stored, ordered[cut:])
    if cut < len(ordered):
        assert fold(stored, ordered[cut:], flow) == fold(None, ordered, flow)


@MANY
@given(st.data(), flows())
def test_folding_on_leaves_the_state_before_untouched(data: st.DataObject, flow: Template) -> None:
    """The ledger decides again from the same loaded state when another writer was quicker."""
    ordered = in_order(data.draw(histories(flow)), flow)
    first = fold(None, ordered[:1], flow)
    kept = msgspec.json.encode(first)
    if len(ordered) > 1:
        fold(first, ordered[1:], flow)
    assert msgspec.json.encode(first) == kept


@MANY
@given(st.data(), flows(), st.integers(0, 10 * 86400))
def test_every_history_has_a_verdict_that_explains_itself(
    data: st.DataObject, flow: Template, later: int
) -> None:
    history = data.draw(histories(flow))
    state = folded(*history, flow=flow)
    order = judge(state, flow, moment(RECEIVED + later))
    assert state.event_count == len(history)
    assert order.deviation_count >= len(order.deviations)
    refs = {one.event.ref for one in history}
    assert set(order.why.events) <= refs
    assert order.why.events, "every verdict names the events that decided it (D6)"
    for leg in order.legs:
        assert leg.why.events
        assert set(leg.why.events) <= refs
        assert (leg.ended_at is None) == (leg.class_ is Class.DELAYED)
        assert leg.status is not None or leg.class_ is Class.DELAYED
        assert not (leg.overdue and leg.class_ is not Class.DELAYED)
    assert not (order.overdue and order.class_ is not Class.DELAYED)


def test_what_came_late_does_not_fit_and_what_came_next_does() -> None:
    state = folded(placed(10))
    assert not fits(state, in_order([said("stock", "RESERVED", 5)], lotus()))
    assert fits(state, in_order([said("stock", "RESERVED", 15)], lotus()))
    assert not fits(state, in_order([placed(10)], lotus())), "what was seen does not fit twice"


def test_the_events_of_the_future_and_the_past_fit_only_from_the_beginning() -> None:
    state = folded(placed())
    far = said("stock", "RESERVED", 400 * 86400, received=0)
    assert not fits(state, in_order([far], lotus()))
