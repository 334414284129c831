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
from msgspec.structs import replace

from orderwatch.app.read_dead_letters import DeadLetter, DeadLetterFilter, DeadLetterStore
from orderwatch.app.receive_events import Ledger
from orderwatch.core.ingest.batch import Batch, Candidate, Receipt
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import FieldError, System, TenantId

AT_ONCE: Final = 50
PAGE: Final = 500
ONLY_WHEN_NAMED: Final = "foreign_source"
"""Its key was not allowed to speak for its source: an administrator has to mean it."""

Outcome = Literal["applied", "duplicate", "parked", "refused", "gone"]


class RetryLedger(Ledger, Protocol):
    """A ledger that can also say what it would do."""

    async def rehearse(self, tenant: TenantId, batches: Sequence[Batch]) -> list[Receipt]:
        """What recording these batches would answer. Nothing is stored; raises Unavailable."""
        ...


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

    async def reopen(self, tenant: TenantId, by: str, at: datetime) -> int:
        """Take back what this person discarded at this instant; how many are open again.

        One whose message came again meanwhile stays closed: the new one is open in its place.
        """
        ...

    async def amend(self, tenant: TenantId, id_: int, errors: Sequence[FieldError]) -> None:
        """Put what is wrong now in the place of what was wrong."""
        ...


class Chosen(Struct, frozen=True):
    """Which open dead letters: by id, by code and system, or all (but those to be named)."""

    ids: tuple[int, ...] = ()
    code: str | None = None
    system: System | None = None

    @property
    def filter(self) -> DeadLetterFilter:
        """Those that are not chosen by id."""
        return DeadLetterFilter(code=self.code, system=self.system)


class Result(Struct, frozen=True):
    """What became of one: applied, known already, parked for its order, or refused again."""

    id: int
    outcome: Outcome
    errors: tuple[FieldError, ...] = ()


class Desk(Struct, frozen=True):
    """All that retrying needs. `by` is who does it; `now` an aware clock."""

    letters: DeadLetterDesk
    ledger: RetryLedger
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
    wanted = chosen.filter
    while page := await letters.dead_letters(tenant, wanted, PAGE):
        for letter in page:
            if chosen.code is not None or letter.code != ONLY_WHEN_NAMED:
                yield letter
        wanted = replace(wanted, before=page[-1].id)


async def count_chosen(letters: DeadLetterStore, tenant: TenantId, chosen: Chosen) -> int:
    """How many open ones are chosen, at most."""
    return len(chosen.ids) or await letters.count_dead_letters(tenant, chosen.filter)


async def retry_dead_letters(
    desk: Desk, tenant: TenantId, chosen: Chosen, dry_run: bool = False
) -> AsyncIterator[Result]:
    """Retry what was chosen, many at a time; with `dry_run` only say what would become of it."""
    treat = _rehearse_group if dry_run else _retry_group
    group: list[DeadLetter] = []
    async for letter in chosen_letters(desk.letters, tenant, chosen):
        group.append(letter)
        if len(group) == AT_ONCE:
            for result in await treat(desk, tenant, group):
                yield result
            group = []
    for result in await treat(desk, tenant, group):
        yield result


async def discard_dead_letters(
    desk: Desk, tenant: TenantId, chosen: Chosen, why: str, at: datetime | None = None
) -> AsyncIterator[int]:
    """Close what was chosen, with the reason; it is kept, and can be listed.

    All carry one instant, `at` or else now, by which they can be opened again.
    """
    closing = Closing("discarded", desk.by, why, at or desk.now())
    async for letter in chosen_letters(desk.letters, tenant, chosen):
        if await desk.letters.close(tenant, letter.id, closing):
            yield letter.id


async def _rehearse_group(
    desk: Desk, tenant: TenantId, group: Sequence[DeadLetter]
) -> list[Result]:
    """What parser and ledger would say, all in one go: an order among them is there for others."""
    judged = [judge_event(0, letter.payload, desk.limits) for letter in group]
    batches = [Batch([one], []) for one in judged if isinstance(one, Candidate)]
    receipts = iter(await desk.ledger.rehearse(tenant, batches) if batches else [])
    return [
        _result(letter, next(receipts))
        if isinstance(one, Candidate)
        else Result(letter.id, "refused", one.errors)
        for letter, one in zip(group, judged, strict=True)
    ]


async def _retry_group(desk: Desk, tenant: TenantId, group: Sequence[DeadLetter]) -> list[Result]:
    return await asyncio.gather(*(_retry(desk, tenant, letter) for letter in group))


async def _retry(desk: Desk, tenant: TenantId, letter: DeadLetter) -> Result:
    judged = judge_event(0, letter.payload, desk.limits)
    if not isinstance(judged, Candidate):
        await desk.letters.amend(tenant, letter.id, judged.errors)
        return Result(letter.id, "refused", judged.errors)
    receipt = await desk.ledger.record(tenant, Batch([judged], []))
    result = _result(letter, receipt)
    if result.outcome == "refused":
        await desk.letters.amend(tenant, letter.id, result.errors)
        return result
    closing = Closing("retried", desk.by, result.outcome, desk.now())
    closed = await desk.letters.close(tenant, letter.id, closing)
    return result if closed else Result(letter.id, "gone")


def _result(letter: DeadLetter, receipt: Receipt) -> Result:
    if receipt.rejected:
        return Result(letter.id, "refused", receipt.rejected[0].errors)
    return Result(letter.id, _outcome(receipt))


def _outcome(receipt: Receipt) -> Outcome:
    if receipt.accepted:
        return "applied"
    return "parked" if receipt.parked else "duplicate"
