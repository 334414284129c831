"""The outbox, kept in memory or in PostgreSQL: limits and digests, and what is given up."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.alerting.outbox_stage import Stage
from tests.notices import (
    TestRoad,
    down,
    message,
    notice,
    refused,
    resolved,
)

from orderwatch.core.alerting.book import Channel, ChannelKind, Priority
from orderwatch.core.alerting.notice import NoticeKind, NotSent, Sent


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
