"""A job goes on by itself; there is one of a kind for a tenant, and all see how far it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from orderwatch.app.run_jobs import REMEMBERED, Job, Jobs
from orderwatch.core.errors import Unavailable
from orderwatch.core.model import TenantId

ALICE, BOB = TenantId(1), TenantId(2)
AT_MOST = timedelta(seconds=5)


class Place:
    """A place to work, with a clock that stands and a list of the faults that were recorded."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 2, tzinfo=UTC)
        self.faults: list[Exception] = []
        numbers = count(1)
        self.jobs = Jobs(lambda: self.at, lambda: str(next(numbers)), self.faults.append)

    def begin(self, work: object, tenant: TenantId = ALICE) -> Job | None:
        return self.jobs.begin(tenant, "letters", "about", "ann", work)  # type: ignore[arg-type]


@pytest.fixture
def place() -> Place:
    return Place()


async def test_a_short_job_has_ended_when_one_waits_for_it(place: Place) -> None:
    async def work(job: Job) -> None:
        job.total, job.done, job.found = 4, 4, "all"

    job = place.begin(work)
    assert job is not None
    await place.jobs.wait(job, AT_MOST)
    assert (job.running, job.percent, job.found) == (False, 100.0, "all")
    assert place.jobs.of(ALICE, "letters") is job
    assert place.jobs.of(BOB, "letters") is None


async def test_there_is_one_of_a_kind_for_a_tenant(place: Place) -> None:
    go_on = asyncio.Event()

    async def work(job: Job) -> None:
        await go_on.wait()

    first = place.begin(work)
    assert first is not None
    assert place.begin(work) is None
    other = place.begin(work, BOB)
    assert other is not None
    go_on.set()
    for job in (first, other):
        await place.jobs.wait(job, AT_MOST)
    assert place.begin(work) is not None
    await place.jobs.stop()


async def test_a_job_is_stopped_then_put_away(place: Place) -> None:
    async def work(job: Job) -> None:
        job.done = 3
        await asyncio.Event().wait()

    job = place.begin(work)
    assert job is not None
    await asyncio.sleep(0)
    place.jobs.dismiss(ALICE, "letters", "another")
    assert job.running
    place.jobs.dismiss(ALICE, "letters", job.id)
    await place.jobs.wait(job, AT_MOST)
    assert (job.stopped, job.done) == (True, 3)
    assert place.jobs.named(BOB, "letters", job.id) is None
    place.jobs.dismiss(ALICE, "letters", job.id)
    assert place.jobs.of(ALICE, "letters") is None


async def test_what_goes_wrong_is_said_and_a_fault_of_ours_is_recorded(place: Place) -> None:
    async def away(job: Job) -> None:
        raise Unavailable("The database does not answer.")

    async def broken(job: Job) -> None:
        raise KeyError("secret")

    job = place.begin(away)
    assert job is not None
    await place.jobs.wait(job, AT_MOST)
    assert (job.failed, place.faults) == ("The database does not answer.", [])
    job = place.begin(broken)
    assert job is not None
    await place.jobs.wait(job, AT_MOST)
    assert "secret" not in (job.failed or "secret")
    assert isinstance(place.faults[0], KeyError)


async def test_a_job_is_forgotten_after_a_while(place: Place) -> None:
    async def work(job: Job) -> None:
        job.done = 1

    job = place.begin(work)
    assert job is not None
    await place.jobs.wait(job, AT_MOST)
    place.at += REMEMBERED + timedelta(seconds=1)
    assert place.jobs.of(ALICE, "letters") is None
