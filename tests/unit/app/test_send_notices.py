"""Sending what waits, where the book that a sender knows is older than the notice."""

from __future__ import annotations

from msgspec.structs import replace
from tests.fakes.outbox import FakeOutbox
from tests.notices import OPS, Clock, FixedBooks, TestRoad, notice, sending

from orderwatch.app.send_notices import Sending, send_notices
from orderwatch.core.model import TenantId

ALICE = TenantId(1)


async def test_a_channel_of_a_book_applied_a_moment_ago_is_asked_for_before_it_is_unknown() -> None:
    outbox, road = FakeOutbox(), TestRoad()
    new = replace(OPS, name="new")
    known = sending(outbox, road, Clock())
    renewed = Sending(
        outbox=outbox,
        books=FixedBooks(OPS, newer=[new]),
        roads=known.roads,
        now=known.now,
        chance=known.chance,
    )
    await outbox.add(ALICE, notice(channel="new"), known.now())
    assert await send_notices(renewed, ALICE, "alice", "new") == 1
    assert len(road.taken) == 1
    assert [row[2] for row in await outbox.rows(ALICE)] == ["sent"]
