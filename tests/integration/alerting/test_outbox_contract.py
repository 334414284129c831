"""The outbox, kept in memory or in PostgreSQL: told once, in digests, taken over, given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Protocol

import msgspec
import pytest
from msgspec import Struct
from msgspec.structs import replace
from tests.fakes.outbox import FakeOutbox
from tests.notices import (
    OPS,
    Clock,
    TestRoad,
    down,
    lost,
    message,
    notice,
    refused,
    resolved,
    sending,
)

from orderwatch.adapters.postgres.database import Database
from orderwatch.adapters.postgres.outbox import PostgresOutbox
from orderwatch.app.send_notices import Outbox, Sending, send_next, send_notices
from orderwatch.core.alerting.book import Channel, ChannelKind, Priority
from orderwatch.core.alerting.notice import NewNotice, NoticeId, NoticeKind, NotSent, Outcome, Sent
from orderwatch.core.model import TenantId

_NUMBERS = count()
CALM = replace(OPS, most=10, most_within=timedelta(minutes=10))
Rows = list[tuple[Any, ...]]


class Kept(Outbox, Protocol):
    """An outbox, and ways to fill it and to look into it."""

    async def add(self, tenant: TenantId, notice: NewNotice, at: datetime) -> NoticeId: ...
    async def rows(self, tenant: TenantId) -> Rows: ...
    async def noted(self, tenant: TenantId) -> list[dict[str, Any]]: ...
    async def timeline(self, tenant: TenantId) -> list[tuple[int, str, str]]: ...
    async def counted(self, tenant: TenantId, metric: str) -> dict[tuple[str, ...], float]: ...


class KeptInPostgres(PostgresOutbox):
    """The real one, and ways to look into it."""

    async def _all(self, tenant: TenantId, query: str, *values: object) -> Rows:
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall()

    async def add(self, tenant: TenantId, notice: NewNotice, at: datetime) -> NoticeId:
        told = notice.message
        ((id_,),) = await self._all(
            tenant,
            "insert into notices (tenant_id, channel, incident_id, kind, rule, message, created_at,"
            " due_at) values (bound_tenant(), %s, %s, %s, %s, %s::json, %s, %s)"
            " returning notice_id",
            notice.channel,
            notice.incident,
            told.kind,
            told.rule,
            msgspec.json.encode(told).decode(),
            at,
            notice.due_at,
        )
        return NoticeId(id_)

    async def rows(self, tenant: TenantId) -> Rows:
        query = "select notice_id, channel, state, attempts, merged_into from notices order by 1"
        return await self._all(tenant, query)

    async def noted(self, tenant: TenantId) -> list[dict[str, Any]]:
        rows = await self._all(tenant, "select cause from alert_causes order by cause_id")
        return [row[0]["notice"] for row in rows]

    async def timeline(self, tenant: TenantId) -> list[tuple[int, str, str]]:
        query = "select incident_id, kind, entry from incident_log order by entry_id"
        return [(row[0], row[1], row[2]) for row in await self._all(tenant, query)]

    async def counted(self, tenant: TenantId, metric: str) -> dict[tuple[str, ...], float]:
        query = "select labels, le, sum(value) from totals where metric = %s group by 1, 2"
        rows = await self._all(tenant, query, metric)
        return {(*labels, *((le,) if le else ())): by for labels, le, by in rows}


class Stage(Struct, frozen=True):
    """An outbox with two tenants' notices, a road and a clock."""

    outbox: Kept
    road: TestRoad
    clock: Clock
    alice: TenantId
    bob: TenantId

    def sender(self, *channels: Channel) -> Sending:
        return sending(self.outbox, self.road, self.clock, *(channels or (CALM,)))

    async def add(self, told: NewNotice | None = None, tenant: TenantId | None = None) -> NoticeId:
        return await self.outbox.add(tenant or self.alice, told or notice(), self.clock())

    async def send(self, *channels: Channel, channel: str = "ops") -> int:
        return await send_notices(self.sender(*channels), self.alice, "alice", channel)

    async def states(self, tenant: TenantId | None = None) -> list[str]:
        return [row[2] for row in await self.outbox.rows(tenant or self.alice)]


@pytest.fixture(params=["in memory", "in PostgreSQL"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    if request.param == "in memory":
        yield Stage(FakeOutbox(), TestRoad(), Clock(), TenantId(1), TenantId(2))
        return
    database = Database(request.getfixturevalue("module_database_url"), size=4)
    await database.open()
    number = next(_NUMBERS)
    async with database.directory() as connection:
        insert = "insert into tenants (name) values (%s), (%s) returning tenant_id"
        made = await connection.execute(insert, [f"alice-{number}", f"bob-{number}"])
        alice, bob = [TenantId(row[0]) for row in await made.fetchall()]
    yield Stage(KeptInPostgres(database), TestRoad(), Clock(), alice, bob)
    await database.close()


async def test_a_notice_is_told_once_and_is_on_record(stage: Stage) -> None:
    await stage.add(notice(message("It burns"), incident=7))
    stage.clock.set(0.4)
    assert await stage.outbox.due(stage.alice, stage.clock()) == ["ops"]
    assert await stage.send() == 1
    assert stage.road.titles == ["It burns"]
    assert await stage.send() == 0
    assert await stage.outbox.due(stage.alice, stage.clock()) == []
    assert await stage.states() == ["sent"]
    assert await stage.outbox.timeline(stage.alice) == [(7, "told", "ops: firing")]
    assert await stage.outbox.counted(stage.alice, "notifications") == {("ops", "sent"): 1}
    lag = await stage.outbox.counted(stage.alice, "detection_lag")
    assert lag[("transmission_failed", "0.5")] == 1
    assert lag[("transmission_failed", "sum")] == pytest.approx(0.4)


async def test_a_notice_is_not_told_before_its_time(stage: Stage) -> None:
    await stage.add(notice(due=60))
    stage.clock.set(59)
    assert await stage.send() == 0
    stage.clock.set(60)
    assert await stage.send() == 1


async def test_another_tenants_notices_are_untouched(stage: Stage) -> None:
    await stage.add(notice(message("Alice's")))
    await stage.add(notice(message("Bob's")), tenant=stage.bob)
    await stage.send()
    assert stage.road.titles == ["Alice's"]
    assert await stage.states(stage.bob) == ["waiting"]
    assert await stage.outbox.due(stage.bob, stage.clock()) == ["ops"]


async def test_two_senders_at_once_tell_nobody_twice(stage: Stage) -> None:
    for number in range(8):
        await stage.add(notice(message(f"incident {number}")))
    await asyncio.gather(*(stage.send() for _ in range(6)))
    while await stage.send():
        pass
    assert sorted(stage.road.titles) == [f"incident {number}" for number in range(8)]


async def test_while_one_sends_another_takes_nothing_of_the_channel(stage: Stage) -> None:
    await stage.add()
    await stage.add(notice(message("another")))
    async with stage.outbox.queue(stage.alice, "ops") as queue:
        assert queue is not None
        async with stage.outbox.queue(stage.alice, "ops") as second:
            assert second is None
        async with stage.outbox.queue(stage.alice, "else") as third:
            assert third is not None


async def test_a_dead_senders_notice_is_taken_over_within_ten_seconds_with_the_same_key(
    stage: Stage,
) -> None:
    await stage.add(notice(message("first"), incident=7))
    keys = []

    def die() -> Outcome:
        keys.append(stage.road.tried[-1].key)
        raise KeyboardInterrupt

    stage.road.answer = die
    with pytest.raises(KeyboardInterrupt):
        await stage.send()
    stage.road.answer = TestRoad().answer
    await stage.add(notice(message("second", priority=Priority.HIGH)))
    stage.clock.set(9.9)
    assert await stage.send() == 0
    stage.clock.set(10)
    assert await stage.send() == 2
    assert stage.road.titles == ["first", "second"]
    assert stage.road.taken[0].key == keys[0]


async def test_who_lost_its_lease_records_nothing(stage: Stage) -> None:
    await stage.add(notice(incident=7))
    slow, quick = stage.sender(), stage.sender()

    async def slowly(channel: Channel, parcel: object) -> Outcome:
        stage.clock.set(11)
        await send_next(quick, stage.alice, "alice", "ops")
        return NotSent("too late", retryable=False)

    class Slow:
        send = staticmethod(slowly)

    await send_next(replace(slow, roads={ChannelKind.WEBHOOK: Slow()}), stage.alice, "alice", "ops")
    assert await stage.states() == ["sent"]
    assert await stage.outbox.noted(stage.alice) == []
    assert await stage.outbox.timeline(stage.alice) == [(7, "told", "ops: firing")]


async def test_a_channel_that_is_down_for_an_hour_then_hears_everything_once_in_a_digest(
    stage: Stage,
) -> None:
    stage.road.answer = down
    for minute in range(60):
        stage.clock.set(minute * 60)
        one = message(f"incident {minute}", priority=Priority.LOW)
        await stage.add(notice(one, incident=100 + minute, due=minute * 60))
        await stage.send()
    tries = len(stage.road.tried)
    assert tries <= 30, "while it is down the channel rests ever longer"
    stage.road.answer = TestRoad().answer
    for second in range(3600, 3960):
        stage.clock.set(second)
        await stage.send()
    (digest,) = stage.road.taken
    assert digest.message.title == "60 notices: incident 0 and 59 more"
    assert [one.title for one in digest.parts] == [f"incident {n}" for n in range(60)]
    states = await stage.states()
    assert (states.count("sent"), states.count("merged")) == (1, 59)
    told = await stage.outbox.timeline(stage.alice)
    assert {line[0] for line in told} == {100 + n for n in range(60)}
    assert told[0][2] == "ops: a digest of 60 notices"


async def test_a_channel_that_hangs_for_an_hour_gets_each_notice_under_one_key_only(
    stage: Stage,
) -> None:
    """Its answers are lost: whatever may have arrived is repeated as it was, and never else."""
    stage.road.answer = lost
    for minute in range(60):
        stage.clock.set(minute * 60)
        await stage.add(notice(message(f"incident {minute}"), due=minute * 60))
        await stage.send()
    stage.road.answer = TestRoad().answer
    for second in range(3600, 4000, 5):
        stage.clock.set(second)
        await stage.send()
    assert set(await stage.states()) == {"sent", "merged"}
    keys: dict[str, str] = {}
    for one in stage.road.tried:
        for part in one.parts:
            assert keys.setdefault(part.title, one.key) == one.key
    told = [part.title for one in stage.road.taken for part in one.parts]
    assert len(told) == len(set(told)) == 60
    assert len(stage.road.taken) < 35


async def test_what_exceeds_the_limit_waits_and_comes_as_one_digest(stage: Stage) -> None:
    for number in range(47):
        level = Priority.MEDIUM if number == 30 else Priority.LOW
        await stage.add(notice(message(f"incident {number}", priority=level)))
    await stage.send()
    assert len(stage.road.taken) == 10
    assert stage.road.titles[0] == "incident 30", "the worst comes first"
    assert stage.road.titles[-1] == "38 notices: incident 8 and 37 more"
    await stage.add(notice(message("later", priority=Priority.LOW), due=5))
    stage.clock.set(599)
    assert await stage.send() == 0
    stage.clock.set(601)
    assert await stage.send() == 1
    assert stage.road.titles[-1] == "later"


async def test_high_priority_does_not_wait_behind_what_is_not(stage: Stage) -> None:
    for number in range(12):
        await stage.add(notice(message(f"low {number}", priority=Priority.LOW)))
    await stage.send()
    await stage.add(notice(message("high")))
    assert await stage.send() == 1
    assert stage.road.titles[-1] == "high"


async def test_a_resolved_notice_takes_the_firing_one_that_still_waits_with_it(
    stage: Stage,
) -> None:
    await stage.add(notice(message("It burns"), incident=7))
    await stage.add(notice(message("Something else", priority=Priority.LOW), incident=8))
    await stage.add(notice(resolved("It is out"), incident=7))
    await stage.send()
    assert stage.road.titles == ["It is out", "Something else"]
    first, _, third = await stage.outbox.rows(stage.alice)
    assert (first[2], first[4]) == ("merged", third[0])


async def test_later_notices_of_an_incident_know_where_the_first_one_is(stage: Stage) -> None:
    stage.road.answer = lambda: Sent("T-1")
    await stage.add(notice(incident=7))
    await stage.send()
    await stage.add(notice(message("other"), incident=8))
    await stage.add(notice(resolved(), incident=7))
    await stage.send()
    assert [one.thread for one in stage.road.taken] == [None, None, "T-1"]


async def test_what_is_refused_for_good_fails_at_once_and_becomes_a_cause(stage: Stage) -> None:
    stage.road.answer = refused
    await stage.add(notice(message("It burns"), incident=7))
    assert await stage.send() == 1
    assert await stage.states() == ["failed"]
    assert await stage.outbox.noted(stage.alice) == [
        {"channel": "ops", "kind": "webhook", "attempts": 1, "incident": 7, "title": "It burns"}
    ]
    ((incident, kind, text),) = await stage.outbox.timeline(stage.alice)
    assert (incident, kind) == (7, "not_told")
    assert "404: no such hook" in text
    assert await stage.outbox.noted(stage.bob) == []
    assert await stage.outbox.counted(stage.alice, "notifications") == {("ops", "failed"): 1}


async def test_that_a_channel_fails_to_tell_of_its_own_failure_is_nothing_new(stage: Stage) -> None:
    stage.road.answer = refused
    about_itself = message("ops fails", rule="delivery_failed", group="channel\x1fops")
    await stage.add(notice(about_itself))
    await stage.send()
    assert await stage.states() == ["failed"]
    assert await stage.outbox.noted(stage.alice) == []
    about_another = message("mail fails", rule="delivery_failed", group="channel\x1fmail")
    await stage.add(notice(about_another))
    await stage.send()
    (cause,) = await stage.outbox.noted(stage.alice)
    assert cause["title"] == "mail fails"


async def test_after_a_day_of_trying_a_notice_is_given_up(stage: Stage) -> None:
    stage.road.answer = down
    await stage.add()
    for second in range(0, 25 * 3600, 60):
        stage.clock.set(second)
        await stage.send()
    assert await stage.states() == ["failed"]
    (cause,) = await stage.outbox.noted(stage.alice)
    assert cause["attempts"] > 200


async def test_the_time_a_channel_asks_for_is_given_to_it(stage: Stage) -> None:
    stage.road.answer = lambda: NotSent("429", True, timedelta(seconds=90))
    await stage.add()
    await stage.send()
    await stage.add(notice(message("another"), due=1))
    stage.road.answer = TestRoad().answer
    stage.clock.set(89)
    assert await stage.send() == 0
    stage.clock.set(100)
    assert await stage.send() == 1
    assert stage.road.titles == ["2 notices: 47 orders failed at Commerce Engine and 1 more"]


async def test_a_channel_that_is_no_longer_in_the_book_fails_and_says_so(stage: Stage) -> None:
    await stage.add(notice(channel="gone", incident=7))
    await stage.send(channel="gone")
    assert await stage.states() == ["failed"]
    ((_, _, text),) = await stage.outbox.timeline(stage.alice)
    assert "The alert book has no channel gone." in text


async def test_a_mailbox_takes_everything_one_by_one(stage: Stage) -> None:
    box = Channel(name="ops", kind=ChannelKind.MAILBOX, most=1)
    for number in range(4):
        await stage.add(notice(message(f"{number}"), incident=7))
    await stage.send(box)
    assert stage.road.titles == ["0", "1", "2", "3"]


async def test_an_alertmanager_takes_everything_at_once(stage: Stage) -> None:
    manager = Channel(name="ops", kind=ChannelKind.ALERTMANAGER, most=1)
    for number in range(4):
        await stage.add(notice(message(f"{number}"), incident=number))
    await stage.send(manager)
    (parcel,) = stage.road.taken
    assert len(parcel.parts) == 4


async def test_a_reminder_beside_its_incident_is_a_message_of_its_own(stage: Stage) -> None:
    await stage.add(notice(message("It burns"), incident=7))
    await stage.add(notice(message("Nobody looks", kind=NoticeKind.ESCALATION), incident=7))
    await stage.send()
    assert stage.road.titles == ["Nobody looks", "It burns"]
