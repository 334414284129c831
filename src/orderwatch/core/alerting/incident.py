"""Incidents: episodes of a rule's condition for one group, from firing to resolved."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from msgspec import Struct, field

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.model import OrderId, System

IncidentId = NewType("IncidentId", int)
GROUP_SEPARATOR = "\x1f"
DIMENSIONS = ("system", "reason", "channel", "location", "payment")
"""What the orders of an incident may have in common."""
MOST_VALUES = 100
"""Of a dimension that are counted apart; the rest counts as `other`."""
OTHER = "other"


class IncidentState(StrEnum):
    """Pending is kept apart (`Pending`), inactive is nowhere: an incident begins when it fires."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Pending(Struct, frozen=True):
    """A condition that is true, but not yet for as long as its rule's `hold`."""

    rule: str
    group: str
    since: datetime


class Incident(Struct, kw_only=True):
    """One episode. `cause_at` is when the first cause happened, `fired_at` when we concluded it.

    `group` joins the values of the rule's `group_by` (or of the watch's `per`). `about` has what
    the group is: system, reason, status ... `orders` were touched, `still_open` of them are in
    trouble yet. `well_since`: the condition has not been true since. `told_at`, `told_orders`: when
    people were last told, and of how many orders; None: nobody was told yet. `parent` is the
    incident whose cause this one shares, `previous` the last episode of the same group. Id 0: not
    stored yet.
    """

    id: IncidentId
    rule: str
    group: str
    priority: Priority
    team: str
    title: str
    cause_at: datetime
    fired_at: datetime
    about: Facts = field(default_factory=dict)
    state: IncidentState = IncidentState.FIRING
    labels: dict[str, str] = field(default_factory=dict)
    runbook: str | None = None
    last_joined_at: datetime | None = None
    well_since: datetime | None = None
    resolved_at: datetime | None = None
    orders: int = 0
    still_open: int = 0
    money: Decimal = Decimal(0)
    currency: str = ""
    tally: dict[str, dict[str, int]] = field(default_factory=dict)
    common: str = ""
    told_at: datetime | None = None
    told_orders: int = 0
    quiet: str = ""
    """Why nobody is told: a silence, a maintenance window, opening hours, or its parent."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    escalated_at: datetime | None = None
    parent: IncidentId | None = None
    previous: IncidentId | None = None
    external: dict[str, str] = field(default_factory=dict)

    @property
    def is_firing(self) -> bool:
        """Whether it goes on."""
        return self.state is IncidentState.FIRING


class Member(Struct, frozen=True):
    """An order in an incident. `marks` is what of it is in trouble yet; none: it is well again."""

    incident: IncidentId
    order_id: OrderId
    joined_at: datetime
    cause_at: datetime
    system: System
    reason: str
    status: str
    channel: str
    location: str
    payment: str
    customer: str
    amount: Decimal
    marks: tuple[str, ...]
    recovered_at: datetime | None = None


class EntryKind(StrEnum):
    """What a line of an incident's time line is about."""

    FIRED = "fired"
    GREW = "grew"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    GROUPED = "grouped"
    QUIET = "quiet"
    TOLD = "told"
    NOT_TOLD = "not_told"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    SILENCED = "silenced"


class Entry(Struct, frozen=True):
    """One line of the time line: what happened, when, by whom ("" is Orderwatch itself)."""

    at: datetime
    kind: EntryKind
    text: str
    actor: str = ""


class SilenceKind(StrEnum):
    """Why it is quiet."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"


class Silence(Struct, frozen=True, kw_only=True):
    """Nobody is told of what matches, from `starts_at` until `ends_at`. Incidents go on being kept.

    `matches` holds values of rule, team, priority, system, channel, location or incident; all of
    them must agree.
    """

    id: int
    kind: SilenceKind
    matches: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    why: str
    author: str
    made_at: datetime
    ended_at: datetime | None = None

    def is_on(self, at: datetime) -> bool:
        """Whether it holds at an instant."""
        return self.starts_at <= at < (self.ended_at or self.ends_at)
