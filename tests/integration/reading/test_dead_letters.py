"""What could not be applied is kept whole, and goes in once what was wrong is mended."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from tests.integration.reading.conftest import LotusForAll, Story
from tests.story import T0, placed, said

from orderwatch.adapters.announcements import AllOf
from orderwatch.adapters.postgres.dead_letters import PostgresDeadLetters
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.app.group_commit import Limits
from orderwatch.app.keep_ledger import Ledger
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.read_dead_letters import DeadLetter, DeadLetterFilter, list_dead_letters
from orderwatch.app.retry_dead_letters import (
    Chosen,
    Desk,
    Result,
    discard_dead_letters,
    retry_dead_letters,
)
from orderwatch.core.ingest.batch import Batch, RefusalCode, Refused
from orderwatch.core.model import FieldError, TenantId

WRONG = (FieldError("time", "is missing"),)


@pytest.fixture
async def desk(story: Story) -> AsyncIterator[Desk]:
    ledger = Ledger(
        PostgresLedger(story.database),
        KnownTemplates(LotusForAll(), time.monotonic),
        AllOf(),
        story.clock,
        Limits(),
    )
    ledger.start()
    yield Desk(PostgresDeadLetters(story.database), ledger, "cli:ann", story.clock)
    await ledger.stop()


async def bury(
    desk: Desk, tenant: TenantId, payload: bytes, code: RefusalCode = "invalid"
) -> DeadLetter:
    """Something came that was refused, whether or not it would be today."""
    refused = Refused(index=0, code=code, errors=WRONG, payload=payload, system="stock")
    await desk.ledger.record(tenant, Batch([], [refused]))
    (letter, *_) = await desk.letters.dead_letters(tenant, DeadLetterFilter(), 1)
    return letter


async def retried(desk: Desk, tenant: TenantId, chosen: Chosen) -> list[Result]:
    return [result async for result in retry_dead_letters(desk, tenant, chosen)]


async def test_a_message_that_is_right_by_now_is_applied_and_its_dead_letter_closed(
    story: Story, desk: Desk
) -> None:
    story.clock.set(60)
    letter = await bury(desk, story.alice, bytes(placed(0, order="ada").text))
    (result,) = await retried(desk, story.alice, Chosen((letter.id,)))
    assert result.outcome == "applied"
    assert (await story.get("/api/v1/orders/ada")).status_code == 200
    closed = await desk.letters.dead_letter(story.alice, letter.id)
    assert closed is not None
    assert (closed.state, closed.closed_by, closed.closed_why) == ("retried", "cli:ann", "applied")
    assert closed.closed_at == story.clock()
    assert await retried(desk, story.alice, Chosen((letter.id,))) == []


async def test_a_retry_that_was_interrupted_is_repeated_without_harm(
    story: Story, desk: Desk
) -> None:
    ada = placed(0, order="ada")
    letter = await bury(desk, story.alice, bytes(ada.text))
    await story.tell(ada)
    (result,) = await retried(desk, story.alice, Chosen(code="invalid"))
    assert (result.id, result.outcome) == (letter.id, "duplicate")
    assert len((await story.get("/api/v1/orders/ada/events")).json()["items"]) == 1


async def test_what_is_still_wrong_stays_open_and_says_what_is_wrong_now(
    story: Story, desk: Desk
) -> None:
    letter = await bury(desk, story.alice, b'{"specversion": "1.0"}')
    (result,) = await retried(desk, story.alice, Chosen())
    assert result.outcome == "refused"
    after = await desk.letters.dead_letter(story.alice, letter.id)
    assert after is not None
    assert after.state == "open"
    assert "subject" in {error.field for error in after.errors}


async def test_a_conflict_stays_a_conflict_and_stays_one_dead_letter(
    story: Story, desk: Desk
) -> None:
    await story.tell(placed(0, order="ada", id="e-1"))
    await story.tell(said("phoenix_oms", "CANCELED", 5, order="ada", id="e-1"))
    (letter,), count = await list_dead_letters(desk.letters, story.alice, DeadLetterFilter(), 9)
    assert (letter.code, count) == ("identity_conflict", 1)
    (result,) = await retried(desk, story.alice, Chosen())
    assert result.outcome == "refused"
    after = await desk.letters.dead_letter(story.alice, letter.id)
    assert after is not None
    assert (after.state, after.times) == ("open", 2)


async def test_an_event_whose_order_is_unknown_waits_for_it_again(story: Story, desk: Desk) -> None:
    payload = bytes(said("stock", "RESERVED", 0, order="ada").text)
    await bury(desk, story.alice, payload, "never_announced")
    (result,) = await retried(desk, story.alice, Chosen())
    assert result.outcome == "parked"


async def test_a_foreign_source_is_let_in_only_when_it_is_named(story: Story, desk: Desk) -> None:
    letter = await bury(desk, story.alice, bytes(placed(0).text), "foreign_source")
    assert await retried(desk, story.alice, Chosen()) == []
    (result,) = await retried(desk, story.alice, Chosen(code="foreign_source"))
    assert (result.id, result.outcome) == (letter.id, "applied")


async def test_a_dry_run_changes_nothing(story: Story, desk: Desk) -> None:
    good = await bury(desk, story.alice, bytes(placed(0, order="ada").text))
    bad = await bury(desk, story.alice, b"nonsense", "not_json")
    results = [one async for one in retry_dead_letters(desk, story.alice, Chosen(), dry_run=True)]
    assert {one.id: one.outcome for one in results} == {good.id: "applied", bad.id: "refused"}
    assert (await story.get("/api/v1/orders/ada")).status_code == 404
    for letter in (good, bad):
        assert await desk.letters.dead_letter(story.alice, letter.id) == letter


async def test_many_are_retried_each_once(story: Story, desk: Desk) -> None:
    for n in range(120):
        await bury(desk, story.alice, bytes(placed(0, order=f"o-{n}").text))
    results = await retried(desk, story.alice, Chosen())
    assert len({one.id for one in results}) == 120
    assert {one.outcome for one in results} == {"applied"}
    assert (await story.get("/api/v1/summary")).json()["total"] == 120
    assert await desk.letters.count_dead_letters(story.alice, DeadLetterFilter()) == 0


async def test_what_nobody_needs_is_discarded_with_the_reason_and_can_still_be_seen(
    story: Story, desk: Desk
) -> None:
    letter = await bury(desk, story.alice, b"nonsense")
    gone = [id_ async for id_ in discard_dead_letters(desk, story.alice, Chosen(), "a test")]
    assert gone == [letter.id]
    wanted = DeadLetterFilter(state="discarded")
    (kept,) = await desk.letters.dead_letters(story.alice, wanted, 5)
    assert (kept.payload, kept.closed_why, kept.closed_at) == (b"nonsense", "a test", T0)


async def test_the_list_is_bounded_and_filtered(story: Story, desk: Desk) -> None:
    first = await bury(desk, story.alice, b"1", "not_json")
    second = await bury(desk, story.alice, b"2", "invalid")
    third = await bury(desk, story.alice, b"3", "invalid")
    assert isinstance(third.received_at, datetime)

    async def ids(wanted: DeadLetterFilter, most: int = 9) -> list[int]:
        return [one.id for one in await desk.letters.dead_letters(story.alice, wanted, most)]

    assert await ids(DeadLetterFilter()) == [third.id, second.id, first.id]
    assert await ids(DeadLetterFilter(), 2) == [third.id, second.id]
    assert await ids(DeadLetterFilter(code="invalid", before=third.id)) == [second.id]
    assert await ids(DeadLetterFilter(system="checkout")) == []


async def test_bob_can_neither_see_nor_close_what_is_alices(story: Story, desk: Desk) -> None:
    letter = await bury(desk, story.alice, bytes(placed(0).text))
    assert await desk.letters.dead_letter(story.bob, letter.id) is None
    assert await retried(desk, story.bob, Chosen((letter.id,))) == []
    assert [one async for one in discard_dead_letters(desk, story.bob, Chosen(), "x")] == []
    assert await desk.letters.dead_letter(story.alice, letter.id) == letter
