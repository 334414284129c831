"""What the door relies on in a ledger. The one in memory and the real one both pass it."""

from __future__ import annotations

import json

import pytest
from tests.fakes.events import as_json, order_event
from tests.fakes.keys import ALICE, BOB
from tests.fakes.ledger import FakeLedger

from orderwatch.app.receive_events import Ledger
from orderwatch.core.ingest.batch import Batch
from orderwatch.core.ingest.cloudevents import Unreadable
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.ingest.read_request import read_request


def batch_of(*events: object) -> Batch:
    read = read_request("application/cloudevents-batch+json", [], as_json(events), Limits())
    assert not isinstance(read, Unreadable)
    return read


class LedgerContract:
    """Inherit, and give a `ledger` fixture whose tenants ALICE and BOB know the LOTUS'S flow."""

    async def test_an_event_counts_once(self, ledger: Ledger) -> None:
        first = await ledger.record(ALICE, batch_of(order_event()))
        again = await ledger.record(ALICE, batch_of(order_event(), order_event()))
        assert (first.accepted, first.duplicates) == (1, 0)
        assert (again.accepted, again.duplicates, again.rejected) == (0, 2, [])

    async def test_an_event_twice_in_one_batch_counts_once(self, ledger: Ledger) -> None:
        receipt = await ledger.record(ALICE, batch_of(order_event(), order_event()))
        assert (receipt.accepted, receipt.duplicates) == (1, 1)

    async def test_an_event_never_changes(self, ledger: Ledger) -> None:
        await ledger.record(ALICE, batch_of(order_event()))
        changed = batch_of(order_event(id="new"), order_event(data__status="COMPLETE"))
        receipt = await ledger.record(ALICE, changed)
        assert receipt.accepted == 1
        assert [(r.index, r.id) for r in receipt.rejected] == [(1, "e-17")]
        assert all(error.field and error.message for error in receipt.rejected[0].errors)

    async def test_an_event_at_another_time_is_not_a_second_event(self, ledger: Ledger) -> None:
        await ledger.record(ALICE, batch_of(order_event()))
        later = order_event(time="2026-02-01T10:42:00Z")
        receipt = await ledger.record(ALICE, batch_of(later))
        assert (receipt.accepted, len(receipt.rejected)) == (0, 1)

    async def test_an_order_that_nobody_announced_waits(self, ledger: Ledger) -> None:
        early = order_event(id="early", source="/checkout", data__system="checkout")
        assert (await ledger.record(ALICE, batch_of(early))).parked == 1
        announced = await ledger.record(ALICE, batch_of(order_event()))
        assert (announced.accepted, announced.parked) == (1, 0)

    async def test_an_order_announced_beside_it_is_known(self, ledger: Ledger) -> None:
        early = order_event(id="early", source="/checkout", data__system="checkout")
        receipt = await ledger.record(ALICE, batch_of(early, order_event()))
        assert (receipt.accepted, receipt.parked) == (2, 0)

    async def test_the_same_event_of_two_tenants_is_two_events(self, ledger: Ledger) -> None:
        for tenant in (ALICE, BOB):
            assert (await ledger.record(tenant, batch_of(order_event()))).accepted == 1

    async def test_refused_events_come_with_the_good_ones(self, ledger: Ledger) -> None:
        batch = batch_of(order_event(id=""), order_event())
        assert (await ledger.record(ALICE, batch)).accepted == 1


class TestLedgerInMemory(LedgerContract):
    @pytest.fixture
    def ledger(self) -> FakeLedger:
        return FakeLedger()

    async def test_it_keeps_what_was_refused(self, ledger: FakeLedger) -> None:
        await ledger.record(ALICE, batch_of(order_event(id="")))
        (letter,) = ledger.dead_letters[ALICE]
        assert json.loads(letter.payload)["id"] == ""
