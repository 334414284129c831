"""What a round of evaluation starts from, and what it decides. The shell loads and saves.

A round is one transaction of one tenant; nobody else evaluates that tenant meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from msgspec import Struct, field

from orderwatch.core.alerting.book import Book, Look, Rule
from orderwatch.core.alerting.figures import Finding
from orderwatch.core.alerting.incident import (
    Entry,
    EntryKind,
    Incident,
    IncidentId,
    IncidentState,
    Member,
    Silence,
)
from orderwatch.core.alerting.notice import NoticeKind
from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, System
from orderwatch.core.tracking.causes import Cause

GroupKey = tuple[str, str]
"""Rule and group: of these at most one incident is firing."""


class FailedNotice(Struct, frozen=True):
    """A notice that no try will deliver any more."""

    channel: str
    kind: str
    attempts: int
    title: str = ""
    incident: int | None = None


class Broken(Struct, frozen=True):
    """A rule whose condition could not be decided in a round: why it was at first, how often."""

    rule: str
    why: str
    times: int = 1


class Situation(Struct, kw_only=True):
    """What is known as the round begins.

    `members` are those of the causes' orders in incidents that are firing. `findings` None: no
    figures were looked at; else `looked` says which looks they answer. `last_words` is when each
    system was last heard, `delivered` when each channel last took a notice.
    """

    now: datetime
    book: Book
    template: Template
    causes: list[Cause] = field(default_factory=list)
    failed_notices: list[FailedNotice] = field(default_factory=list)
    firing: list[Incident] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    pending: dict[GroupKey, datetime] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    looked: frozenset[Look] = frozenset()
    silences: list[Silence] = field(default_factory=list)
    last_words: Mapping[System, datetime] = field(default_factory=dict)
    delivered: Mapping[str, datetime] = field(default_factory=dict)


class Telling(Struct):
    """Somebody is to be told of an incident, through these channels."""

    incident: Incident
    kind: NoticeKind
    channels: tuple[str, ...]
    rule: Rule | None = None
    """The rule that tells, when it is not the incident's own (a summary)."""


class Round(Struct):
    """A situation at work: incidents move, and everything that has to be written is noted."""

    at: Situation
    by_group: dict[GroupKey, Incident]
    incidents: dict[int, Incident]
    """By their identity in memory: a new one has no id of its own before it is stored."""
    members: dict[OrderId, dict[int, Member]]
    pending: dict[GroupKey, datetime]
    opened: list[Incident] = field(default_factory=list)
    touched: dict[int, Incident] = field(default_factory=dict)
    joined: dict[tuple[int, OrderId], tuple[Incident, Member]] = field(default_factory=dict)
    entries: list[tuple[Incident, Entry]] = field(default_factory=list)
    resolved: list[Incident] = field(default_factory=list)
    parents: dict[int, Incident] = field(default_factory=dict)
    """New parents, which may have no id yet, by the identity of the child."""
    told: list[Telling] = field(default_factory=list)
    broken: dict[str, Broken] = field(default_factory=dict)
    """By rule."""

    @property
    def now(self) -> datetime:
        """The instant of the round."""
        return self.at.now

    @property
    def firing(self) -> list[Incident]:
        """Every incident that goes on, old and new."""
        return [one for one in self.by_group.values() if one.is_firing]

    def members_of(self, order_id: OrderId) -> dict[int, Member]:
        """The order's places in incidents that are firing, by the incident's identity in memory."""
        return self.members.setdefault(order_id, {})

    def touch(self, incident: Incident) -> None:
        """The incident has moved and must be written."""
        self.touched[id(incident)] = incident

    def note(self, incident: Incident, kind: EntryKind, text: str) -> None:
        """A line for the incident's time line."""
        self.entries.append((incident, Entry(self.now, kind, text)))
        self.touch(incident)


def begin(situation: Situation) -> Round:
    """A round in which nothing was decided yet."""
    by_id = {one.id: one for one in situation.firing}
    round_ = Round(
        at=situation,
        by_group={(one.rule, one.group): one for one in situation.firing},
        incidents={id(one): one for one in situation.firing},
        members={},
        pending=dict(situation.pending),
    )
    for member in situation.members:
        if member.incident in by_id:
            round_.members_of(member.order_id)[id(by_id[member.incident])] = member
    return round_


def open_incident(round_: Round, incident: Incident) -> Incident:
    """A new episode."""
    round_.by_group[incident.rule, incident.group] = incident
    round_.incidents[id(incident)] = incident
    round_.opened.append(incident)
    round_.note(incident, EntryKind.FIRED, incident.title)
    return incident


def resolve(round_: Round, incident: Incident, why: str) -> None:
    """The end of an episode."""
    incident.state = IncidentState.RESOLVED
    incident.resolved_at = round_.now
    round_.resolved.append(incident)
    round_.note(incident, EntryKind.RESOLVED, why)


def ids(incidents: Collection[Incident]) -> list[IncidentId]:
    """Their ids, once they are stored."""
    return [one.id for one in incidents]
