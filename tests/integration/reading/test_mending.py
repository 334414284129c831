"""Dead letters by kind, tried out before they are retried, and a discard that is taken back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from msgspec import Struct
from tests.integration.reading.conftest import LotusForAll, Story
from tests.story import placed, said

from orderwatch.adapters.announcements import AllOf
from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.dead_letters import PostgresDeadLetters
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.app.audit import Wanted
from orderwatch.app.group_commit import Limits
from orderwatch.app.keep_ledger import Ledger
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.mend_dead_letters import (
    Mended,
    Mending,
    MendingDesk,
    begin_mending,
    can_undo,
    undo_discard,
)
from orderwatch.app.read_dead_letters import NO_SYSTEM, DeadLetterFilter
from orderwatch.app.retry_dead_letters import Chosen, Desk
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.core.ingest.batch import Batch, RefusalCode, Refused
from orderwatch.core.model import FieldError, ReceivedEvent, TenantId
from orderwatch.core.people.audit import Actor, ActorKind

ANN = Actor(ActorKind.PERSON, "ann")
AT_MOST = timedelta(seconds=20)


class House(Struct, frozen=True):
    """Ann at work for Alice, and somebody for Bob."""

    story: Story
    jobs: Jobs
    ledger: Ledger
    letters: PostgresDeadLetters

    def desk(self, tenant: TenantId) -> MendingDesk:
        desk = Desk(self.letters, self.ledger, "person:ann", self.story.clock)
        return MendingDesk(desk, tenant, ANN, PostgresAudit(self.story.database))

    async def bury(
        self,
        payload: bytes | ReceivedEvent,
        code: RefusalCode = "invalid",
        system: str | None = "stock",
        to: TenantId | None = None,
    ) -> None:
        """Something was refused once."""
        body = bytes(payload.text) if isinstance(payload, ReceivedEvent) else payload
        errors = (FieldError("time", "is missing"),)
        one = Refused(index=0, code=code, errors=errors, payload=body, system=system)
        await self.ledger.record(to or self.story.alice, Batch([], [one]))

    async def mend(self, mending: Mending, tenant: TenantId | None = None) -> Job:
        """Do it, and wait until it is done."""
        job = begin_mending(self.jobs, self.desk(tenant or self.story.alice), mending)
        assert job is not None
        await self.jobs.wait(job, AT_MOST)
        assert (job.running, job.failed) == (False, None)
        return job

    async def open(self, tenant: TenantId | None = None) -> int:
        return await self.letters.count_dead_letters(tenant or self.story.alice, DeadLetterFilter())

    async def audited(self) -> list[tuple[str, str]]:
        """What Ann did, oldest first."""
        rows = await PostgresAudit(self.story.database).newest(self.story.alice, Wanted())
        return [(row.deed.action, row.deed.subject) for row in reversed(rows)]


@pytest.fixture
async def house(story: Story) -> AsyncIterator[House]:
    templates = KnownTemplates(LotusForAll(), time.monotonic)
    ledger = Ledger(PostgresLedger(story.database), templates, AllOf(), story.clock, Limits())
    ledger.start()
    faults: list[Exception] = []
    jobs = Jobs(story.clock, lambda: "job", faults.append)
    yield House(story, jobs, ledger, PostgresDeadLetters(story.database))
    await jobs.stop()
    await ledger.stop()
    assert faults == []


async def test_letters_are_counted_by_reason_and_system(house: House) -> None:
    await house.bury(b"1", "not_json", None)
    house.story.clock.set(60)
    for payload in (b"2", b"3", b"3"):
        await house.bury(payload)
    await house.bury(b"4", to=house.story.bob)
    newest, oldest = await house.letters.kinds(house.story.alice, DeadLetterFilter())
    assert (newest.code, newest.system, newest.count, newest.times) == ("invalid", "stock", 2, 3)
    assert (oldest.code, oldest.system, oldest.count) == ("not_json", None, 1)
    assert newest.first_at == newest.last_at == house.story.clock()
    assert newest.example == (FieldError("time", "is missing"),)
    unnamed = DeadLetterFilter(system=NO_SYSTEM)
    (letter,) = await house.letters.dead_letters(house.story.alice, unnamed, 9, whole=False)
    assert (letter.code, letter.payload) == ("not_json", b"")


async def test_a_dry_run_says_exactly_what_the_retry_then_does(house: House) -> None:
    await house.story.tell(placed(0, order="known", id="e-1"))
    await house.bury(placed(0, order="new"))
    await house.bury(said("stock", "RESERVED", 5, order="new"))
    await house.bury(placed(0, order="known", id="e-1"))
    await house.bury(said("phoenix_oms", "CANCELED", 9, order="known", id="e-1"))
    await house.bury(said("stock", "RESERVED", 5, order="unknown"))
    await house.bury(b"nonsense")
    tried = await house.mend(Mending("try", Chosen(code="invalid", system="stock")))
    expected = Counter({"applied": 2, "duplicate": 1, "parked": 1, "refused": 2})
    assert tried.found.outcomes == expected
    assert {error.field for error in tried.found.causes.counts} == {"id", "event"}
    assert await house.open() == 6
    assert (await house.story.get("/api/v1/orders/new")).status_code == 404
    retried = await house.mend(Mending("retry", tried.about.chosen))
    applied = retried.found.outcomes
    # The two of one order went in at once: the later may have waited for the earlier a moment.
    assert applied["applied"] + applied["parked"] == 3
    assert (applied["duplicate"], applied["refused"]) == (1, 2)
    legs = (await house.story.get("/api/v1/orders/new")).json()["legs"]
    assert "RESERVED" in {leg["status"] for leg in legs}


async def test_only_the_chosen_kind_is_touched(house: House) -> None:
    await house.bury(placed(0, order="a"))
    await house.bury(placed(0, order="b"), system="checkout")
    await house.bury(placed(0, order="c"), "never_announced")
    await house.bury(placed(0, order="d"), system=None)
    job = await house.mend(Mending("retry", Chosen(code="invalid", system=NO_SYSTEM)))
    assert (job.total, job.done) == (1, 1)
    assert await house.open() == 3
    await house.mend(Mending("retry", Chosen(code="invalid", system="checkout")))
    assert await house.open() == 2


async def test_a_discard_is_taken_back_within_its_time(house: House) -> None:
    for payload in (b"1", b"2", b"3"):
        await house.bury(payload)
    job = await house.mend(Mending("discard", Chosen(code="invalid"), "a test"))
    assert (job.found.discarded, await house.open()) == (3, 0)
    await house.bury(b"2")
    house.story.clock.set(9)
    assert await undo_discard(house.desk(house.story.alice), job)
    assert job.found.reopened == 2
    letters = await house.letters.dead_letters(house.story.alice, DeadLetterFilter(), 9)
    assert sorted(letter.payload for letter in letters) == [b"1", b"2", b"3"]
    assert {letter.closed_why for letter in letters} == {None}
    assert not await undo_discard(house.desk(house.story.alice), job)


async def test_a_discard_stays_when_its_time_is_over(house: House) -> None:
    await house.bury(b"1")
    job = await house.mend(Mending("discard", Chosen(code="invalid"), "a test"))
    house.story.clock.set(60)
    assert not can_undo(job, house.story.clock())
    assert not await undo_discard(house.desk(house.story.alice), job)
    assert await house.open() == 0


async def test_everything_done_is_in_the_audit_log_and_a_dry_run_is_not(house: House) -> None:
    await house.bury(b"1")
    await house.mend(Mending("try", Chosen(code="invalid", system="stock")))
    await house.mend(Mending("retry", Chosen(code="invalid", system="stock")))
    (letter,) = await house.letters.dead_letters(house.story.alice, DeadLetterFilter(), 9)
    job = await house.mend(Mending("discard", Chosen(ids=(letter.id,)), "a test"))
    await undo_discard(house.desk(house.story.alice), job)
    assert await house.audited() == [
        ("dead_letters.retried", "invalid of stock"),
        ("dead_letters.discarded", str(letter.id)),
        ("dead_letters.reopened", ""),
    ]


async def test_bob_can_neither_mend_nor_take_back_what_is_alices(house: House) -> None:
    await house.bury(b"1")
    await house.bury(b"1", to=house.story.bob)
    job = await house.mend(Mending("discard", Chosen(code="invalid"), "x"), house.story.bob)
    assert (await house.open(), await house.open(house.story.bob)) == (1, 0)
    mine = await house.mend(Mending("discard", Chosen(code="invalid"), "x"))
    assert isinstance(mine.found, Mended)
    await undo_discard(house.desk(house.story.bob), job)
    assert (await house.open(), await house.open(house.story.bob)) == (0, 1)
    assert house.jobs.of(house.story.alice, "letters") is mine
