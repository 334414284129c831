"""A test notice goes out at once, says what became of it, and stands in the delivery log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.alerting.outbox_stage import KeptInPostgres
from tests.notices import NOON, OPS, Clock, TestRoad, notice, refused, sending

from orderwatch.adapters.postgres.database import Database
from orderwatch.app.send_notices import send_notices
from orderwatch.app.try_channel import Asking, UnknownChannel, try_channel
from orderwatch.core.alerting.notice import NotSent, Sent
from orderwatch.core.model import TenantId

KEY = "6f1e1d3c-0000-4000-8000-000000000009"


@pytest.fixture
async def outbox(module_database_url: str) -> AsyncIterator[KeptInPostgres]:
    database = Database(module_database_url, size=2)
    await database.open()
    yield KeptInPostgres(database)
    await database.close()


async def tenant_of(outbox: KeptInPostgres, name: str) -> TenantId:
    async with outbox._database.directory() as connection:
        insert = "insert into tenants (name) values (%s) returning tenant_id"
        row = await (await connection.execute(insert, [name])).fetchone()
    assert row is not None
    return TenantId(row[0])


async def test_a_test_is_sent_at_once_and_written_down(outbox: KeptInPostgres) -> None:
    road, alice = TestRoad(), await tenant_of(outbox, "alice")
    sender = sending(outbox, road, Clock())
    outcome = await try_channel(sender, outbox, Asking(alice, "alice", "somchai"), "ops", KEY)
    assert outcome == Sent()
    (parcel,) = road.taken
    assert parcel.message.title == "A test of the channel ops"
    assert "somchai asked for it." in parcel.message.text
    assert parcel.key == KEY
    rows = await outbox._all(alice, "select key::text, kind, state, problem from notices")
    assert rows == [(KEY, "test", "sent", None)]


async def test_what_goes_wrong_is_told_and_written_down(outbox: KeptInPostgres) -> None:
    road, bob = TestRoad(), await tenant_of(outbox, "bob")
    road.answer = refused
    sender = sending(outbox, road, Clock())
    outcome = await try_channel(sender, outbox, Asking(bob, "bob"), "ops", KEY)
    assert outcome == NotSent("404: no such hook", retryable=False)
    rows = await outbox._all(bob, "select state, problem from notices")
    assert rows == [("failed", "404: no such hook")]
    assert await outbox.noted(bob) == []


async def test_an_unknown_channel_names_those_there_are(outbox: KeptInPostgres) -> None:
    carol = await tenant_of(outbox, "carol")
    sender = sending(outbox, TestRoad(), Clock())
    outcome = await try_channel(sender, outbox, Asking(carol, "carol"), "opps", KEY)
    assert outcome == UnknownChannel(("ops",))


async def test_tests_take_nothing_of_the_limit(outbox: KeptInPostgres) -> None:
    road, dora = TestRoad(), await tenant_of(outbox, "dora")
    sender = sending(outbox, road, Clock())
    for number in range(OPS.most * 3):
        key = f"6f1e1d3c-0000-4000-8000-{number:012}"
        await try_channel(sender, outbox, Asking(dora, "dora"), "ops", key)
    await outbox.add(dora, notice(), NOON)
    assert await send_notices(sender, dora, "dora", "ops") == 1
