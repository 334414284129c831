"""Retry and discard dead letters: their messages go through the parser and the ledger again.

A message goes in by its own identity, so a retry that was interrupted can be repeated: what went in
already is a duplicate, and its dead letter is closed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct

from orderwatch.app.read_dead_letters import DeadLetter, DeadLetterFilter, DeadLetterStore
from orderwatch.app.receive_events import Ledger
from orderwatch.core.ingest.batch import Batch, Candidate, Receipt
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import FieldError, TenantId

AT_ONCE: Final = 50
PAGE: Final = 500
ONLY_WHEN_NAMED: Final = "foreign_source"
"""Its key was not allowed to speak for its source: an administrator has to mean it."""

Outcome = Literal["applied", "duplicate", "parked", "refused", "gone"]


class Closing(Struct, frozen=True):
    """How a dead letter ends: who did it, when and why."""

    state: Literal["retried", "discarded"]
    by: str
    why: str
    at: datetime


class DeadLetterDesk(DeadLetterStore, Protocol):
    """Where dead letters are kept and closed. Every call raises Unavailable."""

    async def close(self, tenant: TenantId, id_: int, closing: Closing) -> bool:
        """Close an open dead letter; False when it is not open any more."""
        ...

    async def amend(self, tenant: TenantId, id_: int, errors: Sequence[FieldError]) -> None:
        """Put what is wrong now in the place of what was wrong."""
        ...


class Chosen(Struct, frozen=True):
    """Which open dead letters: by id, by code, or all (but those that have to be named)."""

    ids: tuple[int, ...] = ()
    code: str | None = None


class Result(Struct, frozen=True):
    """What became of one: applied, known already, parked for its order, or refused again."""

    id: int
    outcome: Outcome
    errors: tuple[FieldError, ...] = ()


class Desk(Struct, frozen=True):
    """All that retrying needs. `by` is who does it; `now` an aware clock."""

    letters: DeadLetterDesk
    ledger: Ledger
    by: str
    now: Callable[[], datetime]
    limits: Limits = Limits()


async def chosen_letters(
    letters: DeadLetterStore, tenant: TenantId, chosen: Chosen
) -> AsyncIterator[DeadLetter]:
    """The open dead letters that were chosen; those that are not open any more are left out."""
    if chosen.ids:
        for id_ in chosen.ids:
            letter = await letters.dead_letter(tenant, id_)
            if letter is not None and letter.state == "open":
                yield letter
        return
    wanted = DeadLetterFilter(code=chosen.code)
    while page := await letters.dead_letters(tenant, wanted, PAGE):
        for letter in page:
            if chosen.code is not None or letter.code != ONLY_WHEN_NAMED:
                yield letter
        wanted = DeadLetterFilter(code=chosen.code, before=page[-1].id)


async def retry_dead_letters(
    desk: Desk, tenant: TenantId, chosen: Chosen, dry_run: bool = False
) -> AsyncIterator[Result]:
    """Retry what was chosen, many at a time; with `dry_run` only say what the parser would."""
    group: list[DeadLetter] = []
    async for letter in chosen_letters(desk.letters, tenant, chosen):
        group.append(letter)
        if len(group) == AT_ONCE:
            for result in await _retry_group(desk, tenant, group, dry_run):
                yield result
            group = []
    for result in await _retry_group(desk, tenant, group, dry_run):
        yield result


async def discard_dead_letters(
    desk: Desk, tenant: TenantId, chosen: Chosen, why: str
) -> AsyncIterator[int]:
    """Close what was chosen for good, with the reason; it is kept, and can be listed."""
    async for letter in chosen_letters(desk.letters, tenant, chosen):
        closing = Closing("discarded", desk.by, why, desk.now())
        if await desk.letters.close(tenant, letter.id, closing):
            yield letter.id


async def _retry_group(
    desk: Desk, tenant: TenantId, group: Sequence[DeadLetter], dry_run: bool
) -> list[Result]:
    return await asyncio.gather(*(_retry(desk, tenant, letter, dry_run) for letter in group))


async def _retry(desk: Desk, tenant: TenantId, letter: DeadLetter, dry_run: bool) -> Result:
    judged = judge_event(0, letter.payload, desk.limits)
    if not isinstance(judged, Candidate):
        if not dry_run:
            await desk.letters.amend(tenant, letter.id, judged.errors)
        return Result(letter.id, "refused", judged.errors)
    if dry_run:
        return Result(letter.id, "applied")
    receipt = await desk.ledger.record(tenant, Batch([judged], []))
    if receipt.rejected:
        errors = receipt.rejected[0].errors
        await desk.letters.amend(tenant, letter.id, errors)
        return Result(letter.id, "refused", errors)
    outcome = _outcome(receipt)
    closing = Closing("retried", desk.by, outcome, desk.now())
    closed = await desk.letters.close(tenant, letter.id, closing)
    return Result(letter.id, outcome if closed else "gone")


def _outcome(receipt: Receipt) -> Outcome:
    if receipt.accepted:
        return "applied"
    return "parked" if receipt.parked else "duplicate"
