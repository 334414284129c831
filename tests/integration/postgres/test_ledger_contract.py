"""The real ledger, wired as the product wires it, keeps every promise the door relies on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.contract.door.test_ledger import LedgerContract, batch_of
from tests.fakes.events import order_event
from tests.fakes.keys import ALICE, BOB

from orderwatch.app.administer import create_tenant
from orderwatch.bootstrap import House, default_template, open_house
from orderwatch.settings import Settings


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    """The whole product on a database of its own; the first two tenants are ALICE and BOB."""
    async with open_house(Settings(), database_url) as house:
        for name, tenant in (("alice", ALICE), ("bob", BOB)):
            assert await create_tenant(house.directory, name, default_template()) == tenant
        yield house


class TestRealLedger(LedgerContract):
    @pytest.fixture
    def ledger(self, house: House) -> object:
        return house.ledger

    async def test_senders_at_once_are_each_told_about_their_own_events(self, house: House) -> None:
        batches = [batch_of(order_event(id=f"e-{n}"), order_event(id="same")) for n in range(20)]
        receipts = await asyncio.gather(*(house.ledger.record(ALICE, one) for one in batches))
        assert sum(one.accepted for one in receipts) == 21
        assert sum(one.duplicates for one in receipts) == 19
