"""Counters move by differences, so they always equal a count made from scratch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.random_stories import RECEIVED, arrivals, flows, histories
from tests.story import HOUR, MINUTE, lotus, moment, placed, said, told

from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent
from orderwatch.core.tracking.changes import Changes, StoredOrder
from orderwatch.core.tracking.counting import (
    DURATION_BOUNDS_S,
    ORDER,
    Active,
    Counter,
    Deltas,
    Standing,
    Total,
    count_change,
    last_words,
    standing,
)
from orderwatch.core.tracking.settle import move_order, needs_history, write_order

decode_standing = msgspec.json.Decoder(Standing).decode
GAUGES = ("orders_open", "orders_overdue", "transmissions_overdue", "mismatches_open")


class Ledger:
    """The counters and what is stored, kept in memory as the real one keeps them."""

    def __init__(self, flow: Template) -> None:
        self.flow = flow
        self.stored: dict[str, StoredOrder] = {}
        self.history: dict[str, dict[str, ReceivedEvent]] = defaultdict(dict)
        self.counts: dict[Counter, tuple[Decimal | int, Decimal | int]] = {}
        self.totals: dict[Total, float] = defaultdict(float)
        self.activity: dict[Active, int] = defaultdict(int)

    def hear(self, batch: Iterable[ReceivedEvent], now: float) -> None:
        changes = Changes(now=moment(now))
        fresh: dict[str, list[ReceivedEvent]] = defaultdict(list)
        for one in batch:
            known = self.history[one.event.order_id]
            if one.event.ref not in known:
                known[one.event.ref] = one
                fresh[one.event.order_id].append(one)
        late = needs_history(fresh, self.stored, self.flow)
        for order_id, events in fresh.items():
            if order_id not in self.stored and not self._announced(events):
                for one in events:
                    del self.history[order_id][one.event.ref]
                continue
            past = None
            if order_id in late:
                news = {one.event.ref for one in events}
                known = self.history[order_id]
                past = [one for ref, one in known.items() if ref not in news]
            move_order(changes, events, self.stored.get(order_id), past, self.flow)
        self._keep(changes)

    def watch(self, now: float) -> None:
        changes = Changes(now=moment(now))
        for stored in self.stored.values():
            write_order(changes, stored.state, stored, self.flow, spoke=())
        self._keep(changes)

    def _announced(self, events: Iterable[ReceivedEvent]) -> bool:
        return any(one.event.data.system == self.flow.oms for one in events)

    def _keep(self, changes: Changes) -> None:
        for row in changes.orders:
            stored = decode_standing(msgspec.json.encode(row.standing))
            assert stored == row.standing
            self.stored[row.order_id] = StoredOrder(row.revision, row.state, stored)
        for counter, (n, value) in changes.deltas.counts.items():
            known, worth = self.counts.get(counter, (0, Decimal(0)))
            self.counts[counter] = known + n, worth + value
        for total, by in changes.deltas.totals.items():
            assert by >= 0 or total.metric in GAUGES, "totals only ever grow"
            self.totals[total] += by
        for active, n in changes.deltas.activity.items():
            self.activity[active] += n


def recounted(standings: Iterable[Standing]) -> tuple[dict[Counter, tuple[int, Decimal]], Deltas]:
    """Counters as somebody would count who had never seen the orders move."""
    counts: dict[Counter, tuple[int, Decimal]] = {}
    gauges = Deltas()
    for one in standings:
        keys = [Counter(one.minute, ORDER, one.channel, one.bucket)]
        keys += [Counter(one.minute, ORDER, one.channel, "refunded")] if one.refunded else []
        for system, (bucket, _) in one.legs.items():
            keys.append(Counter(one.minute, system, one.channel, bucket))
            if bucket == "overdue":
                gauges.add("transmissions_overdue", system)
        if one.bucket in ("waiting", "overdue"):
            gauges.add("orders_open", one.channel, one.status)
        if one.bucket == "overdue":
            gauges.add("orders_overdue", one.channel, one.status)
        for type_, system in one.mismatches:
            gauges.add("mismatches_open", type_, system)
        for key in keys:
            n, value = counts.get(key, (0, Decimal(0)))
            counts[key] = n + 1, value + Decimal(one.value)
    return counts, gauges


@settings(max_examples=60, deadline=None)
@given(st.data(), flows())
def test_after_any_arrival_the_counters_are_what_a_recount_finds(
    data: st.DataObject, flow: Template
) -> None:
    ledger = Ledger(flow)
    history = data.draw(histories(flow, "o-1", 8)) + data.draw(histories(flow, "o-2", 8))
    now: float = RECEIVED
    for batch in data.draw(arrivals(history)):
        ledger.hear(batch, now)
        now += data.draw(st.sampled_from([0, 20 * MINUTE, 5 * HOUR]))
        if data.draw(st.booleans()):
            ledger.watch(now)
        counts, gauges = recounted(one.standing for one in ledger.stored.values())
        assert {key: by for key, by in ledger.counts.items() if any(by)} == counts
        kept = {key: n for key, n in ledger.totals.items() if key.metric in GAUGES and n}
        assert kept == dict(gauges.totals)
    placed_ = sum(n for key, n in ledger.totals.items() if key.metric == "orders_placed")
    assert placed_ == len(ledger.stored)


def test_the_same_order_judged_again_moves_nothing() -> None:
    order = told(placed(amount="10.00"))
    deltas = Deltas()
    count_change(deltas, standing(order), order, standing(order))
    assert not deltas.counts
    assert not deltas.totals


def moved(*events: ReceivedEvent, then: ReceivedEvent) -> tuple[Deltas, Deltas]:
    before, after = told(*events), told(*events, then)
    first, second = Deltas(), Deltas()
    count_change(first, None, before, standing(before))
    count_change(second, standing(before), after, standing(after))
    return first, second


def test_an_order_is_counted_where_it_was_placed_and_moves_between_buckets() -> None:
    first, second = moved(
        placed(amount="10.50", channel="app"),
        then=said("phoenix_oms", "CANCELED", 3 * MINUTE),
    )
    minute = moment(0)
    assert first.counts[Counter(minute, "", "app", "waiting")] == [1, Decimal("10.50")]
    assert second.counts[Counter(minute, "", "app", "waiting")] == [-1, Decimal("-10.50")]
    assert second.counts[Counter(minute, "", "app", "failed")] == [1, Decimal("10.50")]
    assert second.totals[Total("orders", ("app", "failed"))] == 1
    assert second.totals[Total("order_duration", ("app", "failed"), "300")] == 1
    assert second.totals[Total("order_duration", ("app", "failed"), "sum")] == 180
    assert "orders_placed" not in {total.metric for total in second.totals}


def test_what_an_order_is_worth_follows_its_last_amount() -> None:
    _, second = moved(placed(amount="10.50"), then=said("phoenix_oms", "PENDING", 1, amount="8"))
    assert second.counts[Counter(moment(0), "", "", "waiting")] == [0, Decimal("-2.50")]


def test_a_refunded_success_is_counted_apart_as_well() -> None:
    refund = {"value": "5", "currency": "THB", "kind": "refunded"}
    _, second = moved(
        said("phoenix_oms", "CLOSED", amount="10"),
        then=said("checkout", "REFUNDED", 1, amount=refund),
    )
    assert second.counts[Counter(moment(0), "", "", "refunded")] == [1, Decimal(10)]
    assert second.counts[Counter(moment(0), "", "", "success")] == [0, Decimal(0)]


def test_a_leg_is_counted_when_it_reaches_a_class_with_how_long_it_took() -> None:
    first, second = moved(placed(channel="app"), then=said("commerce_engine", "ACCEPTED", 0.4))
    assert first.totals[Total("transmissions", ("commerce_engine", "app", "delayed"))] == 1
    assert second.totals[Total("transmissions", ("commerce_engine", "app", "success"))] == 1
    labels = ("commerce_engine", "app")
    assert second.totals[Total("transmission_duration", labels, "0.5")] == 1
    assert second.totals[Total("transmission_duration", labels, "sum")] == 0.4


def test_an_order_that_a_leg_failed_took_until_then() -> None:
    """Its status began with the order; what ended it came five minutes later."""
    _, second = moved(placed(), then=said("commerce_engine", "REJECTED", 5 * MINUTE))
    assert second.totals[Total("order_duration", ("", "failed"), "sum")] == 300


def test_a_histogram_knows_its_bounds_and_what_lies_beyond() -> None:
    deltas = Deltas()
    for seconds in (0.1, 0.100001, 14400, 14400.1):
        deltas.observe("d", seconds, DURATION_BOUNDS_S)
    assert {total.le: n for total, n in deltas.totals.items() if total.le != "sum"} == {
        "0.1": 1,
        "0.25": 1,
        "14400": 1,
        "+Inf": 1,
    }


def test_the_last_word_of_a_system_is_never_in_the_future() -> None:
    events = [
        said("stock", "RESERVED", 10).event,
        said("stock", "RESERVED", 5).event,
        said("stock", "RESERVED", 500).event,
        said("invoice", "ISSUED", 1).event,
    ]
    words = last_words(((event.data.system, event) for event in events), moment(100))
    assert words["stock"].last_event_at == moment(100)
    assert (words["stock"].events, words["invoice"].events) == (3, 1)
    assert words["invoice"].last_event_at == moment(1)
    assert words["invoice"].last_received_at - moment(0) == timedelta(seconds=100)


def test_the_flow_that_ships_counts_each_leg_under_its_system() -> None:
    order = told(placed(), said("commerce_engine", "ACCEPTED", 1))
    assert set(standing(order).legs) == {"commerce_engine", "checkout", "stock"}
    assert set(standing(order).legs) < set(lotus().legs)
