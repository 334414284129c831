"""Several notices as one: of each incident the newest word, worst first, the rest counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.alerting.notice import Message, Notice, NoticeId, NoticeKind

MOST_NAMED: Final = 20
"""Notices a digest names; the rest is counted."""
_PRIORITIES: Final = {Priority.HIGH: 0, Priority.MEDIUM: 1, Priority.LOW: 2}
_KINDS: Final = {
    NoticeKind.ESCALATION: 0,
    NoticeKind.FIRING: 1,
    NoticeKind.UPDATE: 2,
    NoticeKind.RESOLVED: 3,
    NoticeKind.SUMMARY: 4,
    NoticeKind.REPORT: 5,
    NoticeKind.TEST: 6,
}
_STATES: Final = frozenset({NoticeKind.FIRING, NoticeKind.UPDATE, NoticeKind.RESOLVED})


class Parcel(Struct, frozen=True, kw_only=True):
    """What goes over a channel at once. `message` is for people, `parts` what it is made of.

    `key` is the same at every try. `thread` is where the channel keeps what was told of the same
    incident before. `tenant` is the name of whose it is.
    """

    tenant: str
    key: str
    at: datetime
    message: Message
    parts: tuple[Message, ...]
    incident: IncidentId | None = None
    thread: str | None = None


def parcel_of(tenant: str, notices: Sequence[Notice], at: datetime) -> Parcel:
    """One notice as it is, or many as a digest; the same notices make the same parcel."""
    told = worst_first(notices)
    lead = told[0]
    alone = len(told) == 1
    return Parcel(
        tenant=tenant,
        key=lead.key,
        at=at,
        message=lead.message if alone else digest_of([one.message for one in told]),
        parts=tuple(one.message for one in told),
        incident=lead.incident if alone else None,
        thread=lead.thread if alone else None,
    )


def worst_first(notices: Iterable[Notice]) -> list[Notice]:
    """What is to be said: no notice whose incident has a newer word among them."""
    by_id = {one.id: one for one in notices}
    said = (
        Said(one.id, one.message.kind, one.message.priority, one.incident) for one in by_id.values()
    )
    return [by_id[id_] for id_ in order_of(said)]


class Said(NamedTuple):
    """What decides about a notice's place among others."""

    id: NoticeId
    kind: NoticeKind
    priority: Priority
    incident: IncidentId | None

    @property
    def is_about_its_state(self) -> bool:
        """Whether a newer one of the same incident leaves nothing to say for this one."""
        return self.incident is not None and self.kind in _STATES


def order_of(said: Iterable[Said]) -> list[NoticeId]:
    """The notices worth saying, the worst first, and among equals the first first."""
    all_said = sorted(said)
    newest = {one.incident: one.id for one in all_said if one.is_about_its_state}
    told = [one for one in all_said if not one.is_about_its_state or newest[one.incident] == one.id]
    told.sort(key=lambda one: (_PRIORITIES[one.priority], _KINDS[one.kind], one.id))
    return [one.id for one in told]


def digest_of(messages: Sequence[Message]) -> Message:
    """One message that stands for several, the worst of which comes first."""
    worst = messages[0]
    named = [_line(one) for one in messages[:MOST_NAMED]]
    left = len(messages) - len(named)
    if left:
        named.append(f"and {left:,} more")
    return replace(
        worst,
        title=f"{len(messages):,} notices: {worst.title} and {len(messages) - 1:,} more",
        text="\n".join(named),
        starts_at=min(one.starts_at for one in messages),
        cause_at=min(one.cause_at for one in messages),
        ends_at=None,
        group="",
        figures=_counted(messages),
        orders=(),
        more_orders=0,
        common="",
        link="/incidents",
        runbook=None,
        labels={},
    )


def _line(message: Message) -> str:
    return f"{message.priority.value}: {message.title}"


def _counted(messages: Sequence[Message]) -> tuple[tuple[str, str], ...]:
    going_on = [m for m in messages if m.kind is not NoticeKind.RESOLVED]
    counts = [(one, sum(m.priority is one for m in going_on)) for one in Priority]
    over = len(messages) - len(going_on)
    named = [(f"Of {one.value} priority", f"{n:,}") for one, n in counts if n]
    return (*named, *((("Resolved", f"{over:,}"),) if over else ()))
