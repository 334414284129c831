"""Mend dead letters as a job: try them, retry them, discard them; counted, and in the audit log."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct, field

from orderwatch.app.audit import AuditLog
from orderwatch.app.retry_dead_letters import (
    Chosen,
    Desk,
    Outcome,
    Result,
    count_chosen,
    discard_dead_letters,
    retry_dead_letters,
)
from orderwatch.app.run_jobs import Job, Jobs, Work
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.deeds import letters_discarded, letters_reopened, letters_retried

UNDO: Final = timedelta(seconds=10)
"""How long a discard can be taken back; whoever clicks in the last moment is still in time."""
_GRACE: Final = timedelta(seconds=5)
_MOST_CAUSES: Final = 500
_MOST_IDS: Final = 20

Treatment = Literal["try", "retry", "discard"]


class Mending(Struct, frozen=True):
    """What is to be done with which dead letters; `why` is the reason of a discard."""

    treatment: Treatment
    chosen: Chosen
    why: str = ""


class Causes(Struct):
    """Why some are refused again, each cause with how many and one of the letters."""

    counts: Counter[FieldError] = field(default_factory=Counter)
    example: dict[FieldError, int] = {}


class Mended(Struct):
    """What became of them so far. `at` is the instant of a discard, by which it is taken back."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    causes: Causes = field(default_factory=Causes)
    discarded: int = 0
    at: datetime | None = None
    reopened: int | None = None


class MendingDesk(Struct, frozen=True):
    """A person at work on one tenant's dead letters."""

    desk: Desk
    tenant: TenantId
    actor: Actor
    audit: AuditLog


def begin_mending(jobs: Jobs, at: MendingDesk, mending: Mending) -> Job | None:
    """Start; None while other dead letters of this tenant are being mended."""
    work = _discarding(at, mending) if mending.treatment == "discard" else _retrying(at, mending)
    return jobs.begin(at.tenant, "letters", mending, at.desk.by, work)


def _retrying(at: MendingDesk, mending: Mending) -> Work:
    dry_run = mending.treatment == "try"

    async def work(job: Job) -> None:
        job.found = mended = Mended()
        job.total = await count_chosen(at.desk.letters, at.tenant, mending.chosen)
        if not dry_run:
            deed = letters_retried(said(mending.chosen), job.total)
            await at.audit.write(at.tenant, at.actor, deed)
        async for result in retry_dead_letters(at.desk, at.tenant, mending.chosen, dry_run):
            _count(mended, result)
            job.done += 1

    return work


def _discarding(at: MendingDesk, mending: Mending) -> Work:
    async def work(job: Job) -> None:
        job.found = mended = Mended(at=at.desk.now())
        job.total = await count_chosen(at.desk.letters, at.tenant, mending.chosen)
        deed = letters_discarded(said(mending.chosen), job.total, mending.why)
        await at.audit.write(at.tenant, at.actor, deed)
        async for _ in discard_dead_letters(
            at.desk, at.tenant, mending.chosen, mending.why, mended.at
        ):
            mended.discarded += 1
            job.done += 1

    return work


def can_undo(job: Job, now: datetime) -> bool:
    """Whether what this job discarded may still be taken back."""
    mended = job.found
    if not isinstance(mended, Mended) or job.ended_at is None or mended.reopened is not None:
        return False
    return mended.discarded > 0 and now - job.ended_at < UNDO + _GRACE


async def undo_discard(at: MendingDesk, job: Job) -> bool:
    """Open again what the job discarded; False when it is too late."""
    if not can_undo(job, at.desk.now()):
        return False
    mended: Mended = job.found
    assert mended.at is not None
    mended.reopened = await at.desk.letters.reopen(at.tenant, job.by, mended.at)
    await at.audit.write(at.tenant, at.actor, letters_reopened(mended.reopened))
    return True


def said(chosen: Chosen) -> str:
    """Which dead letters, for the audit log: `invalid of stock`, `17 18 19 and 4 more`."""
    if chosen.ids:
        named = " ".join(map(str, chosen.ids[:_MOST_IDS]))
        more = len(chosen.ids) - _MOST_IDS
        return f"{named} and {more} more" if more > 0 else named
    system = f" of {chosen.system or 'no system'}" if chosen.system is not None else ""
    return f"{chosen.code or 'all'}{system}"


def _count(mended: Mended, result: Result) -> None:
    mended.outcomes[result.outcome] += 1
    causes = mended.causes
    for error in result.errors[:3]:
        if error in causes.counts or len(causes.counts) < _MOST_CAUSES:
            causes.counts[error] += 1
            causes.example.setdefault(error, result.id)
