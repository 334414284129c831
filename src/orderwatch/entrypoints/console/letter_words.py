"""Dead letters in words: what each reason means, what to do, and what became of a job's letters."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct

from orderwatch.app.mend_dead_letters import UNDO, Mended, Mending, can_undo
from orderwatch.app.retry_dead_letters import Chosen, Outcome
from orderwatch.app.run_jobs import Job
from orderwatch.core.ingest.batch import RefusalCode
from orderwatch.core.model import FieldError


class Reason(Struct, frozen=True):
    """Why something is a dead letter: the reason, and what to do about it."""

    title: str
    remedy: str


REASONS: Final[dict[RefusalCode, Reason]] = {
    "not_json": Reason(
        "Not JSON",
        "The body could not be read at all. Its sender has to send JSON in UTF-8; "
        "the message as it is here will never go in, so discard it once the sender is mended.",
    ),
    "invalid": Reason(
        "A field is wrong",
        "A field is missing or not what it must be. Mend the sender and let it send again; "
        "a retry helps when the rules have changed since.",
    ),
    "too_large": Reason(
        "Too large",
        "The event is larger than one may be. Its sender has to leave something out.",
    ),
    "too_deep": Reason(
        "Nested too deeply",
        "The event is nested deeper than can be read. Its sender has to make it flatter.",
    ),
    "unsupported_type": Reason(
        "Of a type nobody knows",
        "The type it says is not one Orderwatch understands. It may be meant for somebody else.",
    ),
    "foreign_source": Reason(
        "From a source its key may not speak for",
        "The key it came with belongs to another source. Retry only what you know to be genuine: "
        "whoever holds that key claims to be somebody else.",
    ),
    "identity_conflict": Reason(
        "Same id, other content",
        "An event of this source and id is there already and says something else. "
        "Its sender must give every event an id of its own.",
    ),
    "not_storable": Reason(
        "The database refused it",
        "Something in it cannot be stored. Retry after an update; tell us when it stays.",
    ),
    "never_announced": Reason(
        "Its order was never announced",
        "It waited a day for the OMS to speak of its order. Retry once the order is there.",
    ),
}
_OTHER: Final = Reason("Refused", "It could not be applied.")

_BECAME: Final[dict[Outcome, str]] = {
    "applied": "applied",
    "duplicate": "known already",
    "parked": "waiting for their order",
    "refused": "refused again",
    "gone": "closed by somebody else meanwhile",
}
_WOULD: Final[dict[Outcome, str]] = {
    "applied": "would be applied",
    "duplicate": "are known already",
    "parked": "would wait for their order",
    "refused": "would be refused again",
    "gone": "are closed already",
}
_WOULD_ONE: Final[dict[Outcome, str]] = {
    "applied": "would be applied",
    "duplicate": "is known already",
    "parked": "would wait for its order",
    "refused": "would be refused again",
    "gone": "is closed already",
}
_WORK: Final = {"try": "Trying out", "retry": "Retrying", "discard": "Discarding"}
_MOST_CAUSES: Final = 6


class Cause(Struct, frozen=True):
    """Why some were refused again: how many, what is wrong, and one of them to look at."""

    count: int
    error: FieldError
    example: int


class Panel(Struct, frozen=True):
    """What the page says about the last work on dead letters.

    `worth_it`: some would go in. `undo_until`: may be taken back.
    """

    job: Job
    title: str
    about: str
    tone: str
    causes: tuple[Cause, ...] = ()
    more_causes: int = 0
    can_retry: bool = False
    worth_it: bool = False
    undo_until: datetime | None = None


def reason_of(code: str) -> Reason:
    """What a reason means; one of a later version still has words."""
    return next((reason for known, reason in REASONS.items() if known == code), _OTHER)


def panel_of(job: Job | None, titles: dict[str, str], now: datetime) -> Panel | None:
    """What there is to say about a job, running or ended."""
    if job is None or not isinstance(job.about, Mending):
        return None
    mending: Mending = job.about
    mended = job.found if isinstance(job.found, Mended) else Mended()
    causes = mended.causes.counts.most_common(_MOST_CAUSES)
    finished = not job.running and not job.failed and not job.stopped
    return Panel(
        job=job,
        title=_title(job, mending, mended),
        about=about(mending.chosen, titles),
        tone=_tone(job, mended),
        causes=tuple(Cause(n, error, mended.causes.example[error]) for error, n in causes),
        more_causes=len(mended.causes.counts) - len(causes),
        can_retry=mending.treatment == "try" and finished and job.done > 0,
        worth_it=mended.outcomes.total() > mended.outcomes["refused"],
        undo_until=(job.ended_at or now) + UNDO if can_undo(job, now) else None,
    )


def _tone(job: Job, mended: Mended) -> str:
    if job.running:
        return "waiting"
    if job.failed:
        return "failed"
    return "overdue" if job.stopped or mended.outcomes["refused"] else "success"


def _title(job: Job, mending: Mending, mended: Mended) -> str:
    if job.failed:
        return job.failed
    if job.running:
        return f"{_WORK[mending.treatment]} {job.total or ''}".strip()
    said = _said(mending, mended)
    return f"Stopped: {said[:1].lower()}{said[1:]}" if job.stopped else said


def _said(mending: Mending, mended: Mended) -> str:
    if mended.reopened is not None:
        return f"Taken back: {_letters(mended.reopened)} open again"
    if mending.treatment == "discard":
        return f"{_letters(mended.discarded).capitalize()} discarded"
    if not mended.outcomes:
        return "None of them is open any more"
    if mending.treatment == "try":
        parts = [
            f"{n:,} {(_WOULD_ONE if n == 1 else _WOULD)[outcome]}"
            for outcome, n in mended.outcomes.most_common()
        ]
    else:
        parts = [f"{n:,} {_BECAME[outcome]}" for outcome, n in mended.outcomes.most_common()]
    return ", ".join(parts)


def _letters(count: int) -> str:
    return "one dead letter" if count == 1 else f"{count:,} dead letters"


def about(chosen: Chosen, titles: dict[str, str]) -> str:
    """Which dead letters these are."""
    if len(chosen.ids) == 1:
        return f"Dead letter {chosen.ids[0]}"
    if chosen.ids:
        return f"{len(chosen.ids):,} you chose"
    if chosen.code is None:
        return "All that are open"
    title = reason_of(chosen.code).title
    if chosen.system is None:
        return title
    return f"{title} · {titles.get(chosen.system, chosen.system) or 'no system'}"
