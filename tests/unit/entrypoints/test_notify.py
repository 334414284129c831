"""The sender's loop: woken by word, one slow channel holds up no other, trouble ends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from tests.fakes.outbox import FakeOutbox
from tests.notices import NOON, OPS, Clock, TestRoad, message, notice, sending

from orderwatch.app.send_notices import Sending
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, Outcome
from orderwatch.core.alerting.sending import Claim, Result
from orderwatch.core.errors import Unavailable
from orderwatch.core.model import TenantId
from orderwatch.entrypoints.worker.notify import notify

ALICE, BOB = TenantId(1), TenantId(2)
SLOW = replace(OPS, name="slow")


class Tenant(Struct, frozen=True):
    tenant_id: TenantId
    name: str
    disabled_at: datetime | None = None


class Tenants:
    """Alice and Bob, and Carol who was disabled."""

    async def tenants(self) -> list[Tenant]:
        return [Tenant(ALICE, "alice"), Tenant(BOB, "bob"), Tenant(TenantId(3), "carol", NOON)]


class Wakes:
    """Says at once that the tenants it was told of have something."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[TenantId] = asyncio.Queue()

    async def wait(self, most_s: float) -> set[TenantId]:
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                return {await self.told.get()}
        return set()


class Remembering(FakeOutbox):
    """An outbox nobody has to be reminded of, and which may be away."""

    away = False

    def __init__(self) -> None:
        super().__init__()
        self.recorded = asyncio.Event()

    async def record(self, tenant: TenantId, claim: Claim, result: Result) -> bool:
        settled = await super().record(tenant, claim, result)
        self.recorded.set()
        return settled

    async def on_fire(self, tenant: TenantId, channel: str) -> list[Message]:
        return []

    async def due(self, tenant: TenantId, now: datetime) -> list[str]:
        if self.away:
            raise Unavailable("The database does not answer.")
        return await super().due(tenant, now)


class Road(TestRoad):
    """The slow channel never answers; whatever the others take rings a bell."""

    def __init__(self) -> None:
        super().__init__()
        self.rung = asyncio.Event()

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        if channel.name == "slow":
            self.tried.append(parcel)
            await asyncio.Event().wait()
        outcome = await super().send(channel, parcel)
        self.rung.set()
        return outcome


@asynccontextmanager
async def sender(made: Sending, outbox: Remembering, wakes: Wakes) -> AsyncIterator[None]:
    task = asyncio.create_task(notify(made, outbox, Tenants(), wakes))  # type: ignore[arg-type]
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_one_slow_channel_holds_up_no_other() -> None:
    outbox, road, wakes = Remembering(), Road(), Wakes()
    made = sending(outbox, road, Clock(), OPS, SLOW)
    await outbox.add(ALICE, notice(channel="slow"), NOON)
    await outbox.add(BOB, notice(channel="slow"), NOON)
    await outbox.add(ALICE, notice(message("quick")), NOON)
    async with sender(made, outbox, wakes), asyncio.timeout(5):
        await road.rung.wait()
        road.rung.clear()
        await outbox.add(BOB, notice(message("quick as well")), NOON)
        await wakes.told.put(BOB)
        await road.rung.wait()
    assert road.titles == ["quick", "quick as well"]


async def test_a_channel_that_never_answers_is_left_after_a_while_and_may_have_taken_it() -> None:
    outbox, road, wakes = Remembering(), Road(), Wakes()
    made = replace(sending(outbox, road, Clock(), SLOW), within=timedelta(milliseconds=10))
    await outbox.add(ALICE, notice(channel="slow"), NOON)
    async with sender(made, outbox, wakes), asyncio.timeout(5):
        await outbox.recorded.wait()
    assert "did not answer within" in str(outbox.kept[ALICE][0].problem)
    assert outbox.kept[ALICE][0].merged_into == outbox.kept[ALICE][0].id, "said again as it was"


async def test_a_database_that_was_away_is_asked_again() -> None:
    outbox, road, wakes = Remembering(), Road(), Wakes()
    outbox.away = True
    await outbox.add(ALICE, notice(), NOON)
    async with sender(sending(outbox, road, Clock()), outbox, wakes), asyncio.timeout(5):
        await wakes.told.put(ALICE)
        await asyncio.sleep(0)
        outbox.away = False
        await road.rung.wait()
    assert len(road.taken) == 1
