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
from orderwatch.entrypoints.console.languages import N_, Said, ngettext, number, told
from orderwatch.entrypoints.console.languages import gettext as _


class Reason(Struct, frozen=True):
    """Why something is a dead letter: the reason, and what to do about it."""

    title: str
    remedy: str

    @property
    def small(self) -> str:
        """The title within a sentence."""
        return self.title[:1].lower() + self.title[1:]


REASONS: Final[dict[RefusalCode, Reason]] = {
    "not_json": Reason(
        N_("Not JSON"),
        N_(
            "The body could not be read at all. Its sender has to send JSON in UTF-8; "
            "the message as it is here will never go in, so discard it once the sender is mended."
        ),
    ),
    "invalid": Reason(
        N_("A field is wrong"),
        N_(
            "A field is missing or not what it must be. Mend the sender and let it send again; "
            "a retry helps when the rules have changed since."
        ),
    ),
    "too_large": Reason(
        N_("Too large"),
        N_("The event is larger than one may be. Its sender has to leave something out."),
    ),
    "too_deep": Reason(
        N_("Nested too deeply"),
        N_("The event is nested deeper than can be read. Its sender has to make it flatter."),
    ),
    "unsupported_type": Reason(
        N_("Of a type nobody knows"),
        N_(
            "The type it says is not one Orderwatch understands. It may be meant for somebody else."
        ),
    ),
    "foreign_source": Reason(
        N_("From a source its key may not speak for"),
        N_(
            "The key it came with belongs to another source. Retry only what you know to be "
            "genuine: whoever holds that key claims to be somebody else."
        ),
    ),
    "identity_conflict": Reason(
        N_("Same id, other content"),
        N_(
            "An event of this source and id is there already and says something else. "
            "Its sender must give every event an id of its own."
        ),
    ),
    "not_storable": Reason(
        N_("The database refused it"),
        N_("Something in it cannot be stored. Retry after an update; tell us when it stays."),
    ),
    "never_announced": Reason(
        N_("Its order was never announced"),
        N_("It waited a day for the OMS to speak of its order. Retry once the order is there."),
    ),
}
_OTHER: Final = Reason(N_("Refused"), N_("It could not be applied."))

_BECAME: Final[Said[Outcome]] = Said(
    {
        "applied": N_("%(n)s applied"),
        "duplicate": N_("%(n)s known already"),
        "parked": N_("%(n)s waiting for their order"),
        "refused": N_("%(n)s refused again"),
        "gone": N_("%(n)s closed by somebody else meanwhile"),
    }
)
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
    """What a reason means to the reader; one of a later version still has words."""
    reason = next((reason for known, reason in REASONS.items() if known == code), _OTHER)
    return Reason(_(reason.title), _(reason.remedy))


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
        return told(job.failed)
    if job.running:
        return _working(mending, number(job.total) if job.total else "").strip()
    said = _said(mending, mended)
    if job.stopped:
        return _("Stopped: %(said)s", said=f"{said[:1].lower()}{said[1:]}")
    return said


def _working(mending: Mending, n: str) -> str:
    match mending.treatment:
        case "try":
            return _("Trying out %(n)s", n=n)
        case "retry":
            return _("Retrying %(n)s", n=n)
        case "discard":
            return _("Discarding %(n)s", n=n)


def _said(mending: Mending, mended: Mended) -> str:
    if (n := mended.reopened) is not None:
        return ngettext(
            "Taken back: one dead letter open again",
            "Taken back: %(num)s dead letters open again",
            n,
        )
    if mending.treatment == "discard":
        return ngettext(
            "One dead letter discarded", "%(num)s dead letters discarded", mended.discarded
        )
    if not mended.outcomes:
        return _("None of them is open any more")
    each = _would if mending.treatment == "try" else _became
    return ", ".join(each(outcome, n) for outcome, n in mended.outcomes.most_common())


def _became(outcome: Outcome, n: int) -> str:
    return _BECAME.say(outcome, n=number(n))


def _would(outcome: Outcome, n: int) -> str:
    match outcome:
        case "applied":
            return _("%(n)s would be applied", n=number(n))
        case "duplicate":
            return ngettext("%(num)s is known already", "%(num)s are known already", n)
        case "parked":
            return ngettext(
                "%(num)s would wait for its order", "%(num)s would wait for their order", n
            )
        case "refused":
            return _("%(n)s would be refused again", n=number(n))
        case "gone":
            return ngettext("%(num)s is closed already", "%(num)s are closed already", n)


def about(chosen: Chosen, titles: dict[str, str]) -> str:
    """Which dead letters these are."""
    if len(chosen.ids) == 1:
        return _("Dead letter %(id)s", id=chosen.ids[0])
    if chosen.ids:
        return _("%(n)s you chose", n=number(len(chosen.ids)))
    if chosen.code is None:
        return _("All that are open")
    title = reason_of(chosen.code).title
    if chosen.system is None:
        return title
    system = titles.get(chosen.system, chosen.system) or _("no system")
    return f"{title} · {system}"
