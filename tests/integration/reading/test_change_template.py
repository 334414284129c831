"""A flow template is drafted, held against open orders, put in force, and all are rebuilt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count

import pytest
from msgspec import Struct
from tests.integration.reading.conftest import Story
from tests.story import MINUTE, TEMPLATES, placed, said

from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.directory import PostgresDirectory
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.reading import PostgresReading
from orderwatch.app.administer import NotPossible
from orderwatch.app.audit import Wanted
from orderwatch.app.change_template import (
    TemplateDesk,
    apply_draft,
    begin_draft,
    begin_rebuild,
    read_in_force,
)
from orderwatch.app.preview_template import GONE, Preview, Previewer
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, ActorKind

ANN = Actor(ActorKind.PERSON, "ann")
SOURCE = (TEMPLATES / "lotus-o2o.yaml").read_text()
AT_MOST = timedelta(seconds=20)


class Office(Struct, frozen=True):
    """Ann at work on Alice's template."""

    story: Story
    jobs: Jobs
    directory: PostgresDirectory

    def desk(self, tenant: TenantId | None = None, at_most: timedelta = AT_MOST) -> TemplateDesk:
        database = self.story.database
        store = PostgresLedger(database)
        previewer = Previewer(PostgresReading(database), store, self.story.clock, at_most)
        return TemplateDesk(
            self.directory,
            previewer,
            store,
            PostgresAudit(database),
            self.jobs,
            tenant or self.story.alice,
            ANN,
            self.story.clock,
        )

    async def draft(self, old: str, new: str) -> Job:
        """A draft that differs in this, counted to its end."""
        assert old in SOURCE
        job = await begin_draft(self.desk(), SOURCE.replace(old, new, 1))
        assert isinstance(job, Job), job
        await self.jobs.wait(job, AT_MOST)
        assert (job.running, job.failed) == (False, None)
        return job


@pytest.fixture
async def office(story: Story) -> AsyncIterator[Office]:
    numbers, faults = count(), list[Exception]()
    jobs = Jobs(story.clock, lambda: str(next(numbers)), faults.append)
    directory = PostgresDirectory(story.database)
    for tenant in (story.alice, story.bob):
        await directory.apply_template(tenant, "lotus-o2o", SOURCE)
    yield Office(story, jobs, directory)
    await jobs.stop()
    assert faults == []


async def three_orders(story: Story) -> None:
    """One just placed, one overdue at the engine, and one that failed there."""
    await story.tell(placed(0, order="late"), placed(0, order="refused"))
    await story.tell(said("commerce_engine", "REJECTED", 5, order="refused"))
    await story.tell(placed(0, order="done"), said("phoenix_oms", "COMPLETE", 9, order="done"))
    story.clock.set(2 * MINUTE)
    await story.tell(placed(2 * MINUTE - 10, order="fresh"))
    await story.tell(placed(0, order="bobs"), to=story.bob)


async def test_a_longer_threshold_turns_overdue_into_waiting(office: Office) -> None:
    await three_orders(office.story)
    found: Preview = (await office.draft("threshold: 30 s", "threshold: 10 min")).found
    assert found.looked == 3
    assert found.changes == {("overdue", "waiting"): 1}
    (sample,) = found.samples
    assert sample.before.order_id == "late"
    assert "overdue by" in sample.before.why.sentence
    assert sample.after is not None
    assert "overdue" not in sample.after.why.sentence


async def test_a_shorter_one_turns_waiting_into_overdue_and_other_deadlines_move(
    office: Office,
) -> None:
    await three_orders(office.story)
    found: Preview = (await office.draft("threshold: 15 min", "threshold: 5 s")).found
    assert found.changes == {("waiting", "overdue"): 1}
    assert found.moved == 2


async def test_another_meaning_of_a_word_is_found_in_the_history(office: Office) -> None:
    await three_orders(office.story)
    job = await office.draft("failed: [REJECTED, ERROR", "failed: [ERROR")
    assert ("failed", "waiting") in job.found.changes or ("failed", "overdue") in job.found.changes
    job = await office.draft("system: phoenix_oms", "system: other_oms")
    assert {after for _, after in job.found.changes} == {GONE}
    assert job.found.changed == 3


async def test_counting_ends_when_there_is_no_more_time(office: Office) -> None:
    await three_orders(office.story)
    desk = office.desk(at_most=timedelta(seconds=-1))
    job = await begin_draft(desk, SOURCE.replace("threshold: 30 s", "threshold: 31 s", 1))
    assert isinstance(job, Job)
    await office.jobs.wait(job, AT_MOST)
    assert (job.found.cut_short, job.found.looked) == (True, 0)


async def test_what_is_wrong_or_no_change_is_no_draft(office: Office) -> None:
    errors = await begin_draft(office.desk(), SOURCE.replace("threshold: 30 s", "threshold: 30 x"))
    assert isinstance(errors, tuple)
    assert errors[0].field == "legs.commerce_engine.threshold"
    with pytest.raises(NotPossible, match="in force already"):
        await begin_draft(office.desk(), SOURCE)
    assert office.jobs.of(office.story.alice, "draft") is None


async def test_a_draft_is_put_in_force_once_and_says_by_whom(office: Office) -> None:
    story = office.story
    job = await office.draft("threshold: 30 s", "threshold: 10 min")
    assert await apply_draft(office.desk(), job) == 2
    in_force = await read_in_force(office.directory, story.alice)
    assert in_force.source == job.about.source
    newest, oldest = await office.directory.template_versions(story.alice)
    assert (newest.version, newest.by, oldest.version) == (2, "ann", 1)
    assert office.jobs.of(story.alice, "draft") is None
    assert (await read_in_force(office.directory, story.bob)).source == SOURCE
    assert await office.directory.template_source(story.bob, 2) is None
    rows = await PostgresAudit(story.database).newest(story.alice, Wanted(most=1))
    assert [(row.actor.name, row.deed.action) for row in rows] == [("ann", "template.applied")]


async def test_a_draft_that_was_overtaken_is_not_put_in_force(office: Office) -> None:
    job = await office.draft("threshold: 30 s", "threshold: 10 min")
    await office.directory.apply_template(office.story.alice, "lotus-o2o", SOURCE + "# later\n")
    with pytest.raises(NotPossible, match="Version 2 was put in force"):
        await apply_draft(office.desk(), job)
    assert (await read_in_force(office.directory, office.story.alice)).version.version == 2


async def test_a_rebuild_gives_orders_that_do_not_move_their_new_verdict(office: Office) -> None:
    await three_orders(office.story)
    job = await office.draft("threshold: 15 min", "threshold: 5 s")
    await apply_draft(office.desk(), job)
    rebuild = await begin_rebuild(office.desk())
    assert rebuild is not None
    await office.jobs.wait(rebuild, AT_MOST)
    assert (rebuild.failed, rebuild.total, rebuild.done) == (None, 4, 4)
    assert (rebuild.found.orders, rebuild.found.changed > 0) == (4, True)
