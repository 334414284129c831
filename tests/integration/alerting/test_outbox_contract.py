"""The outbox, kept in memory or in PostgreSQL: told once, taken over, caught up with."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace
from tests.integration.alerting.outbox_stage import Stage
from tests.notices import (
    TestRoad,
    down,
    lost,
    message,
    notice,
)

from orderwatch.app.send_notices import send_next
from orderwatch.core.alerting.book import Channel, ChannelKind, Priority
from orderwatch.core.alerting.notice import NotSent, Outcome


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
