"""The alert book of a tenant: its rules, channels and routes. Data, never code.

`parse.py` reads one from YAML with errors that name line and field; this module is what the rest
of the house holds on to. `templates/alerts/default.yaml` is the book every tenant begins with.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from orderwatch.core.alerting.condition import Condition


class Look(StrEnum):
    """What a rule looks at; `facts.py` lists what its condition may ask of each."""

    ORDER = "order"
    """An order or one of its legs became Failed, or is well again: at the commit that causes it."""
    DEADLINE = "deadline"
    """An order or a leg passed its deadline: the watcher saw it."""
    WINDOW = "window"
    """Counts of the last minutes, or of the day, every 30 s."""
    SILENCE = "silence"
    """How long a system said nothing, or no order came, every 30 s."""
    SCHEDULE = "schedule"
    """A time of day has come."""
    REQUESTS = "requests"
    """How polled APIs answered in the last minutes, every 30 s."""
    MISMATCHES = "mismatches"
    """How many mismatches of a type are open, every 30 s and after each reconciliation."""
    SEASON = "season"
    """The last minutes beside the same time of earlier weeks, every minute."""
    INCIDENT = "incident"
    """An incident was resolved."""
    NOTICE = "notice"
    """A notice could not be delivered for good."""


class Priority(StrEnum):
    """How soon somebody has to look."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Watch(Struct, frozen=True, kw_only=True):
    """One thing a rule looks at, and the condition under which that is worth an incident.

    `over` is the window's length (None: the day so far). `per` makes one incident for each value.
    `at` is a schedule's time of day in the tenant's zone. `text` is said instead of the rule's.
    """

    look: Look
    when: Condition
    over: timedelta | None = None
    per: Literal["system", "channel", "type", "connector"] | None = None
    at: time | None = None
    of: Literal["orders", "systems"] | None = None
    at_least: int = 0
    """The volume below which nothing is concluded: orders, legs or requests."""
    text: str = ""


class Scope(Struct, frozen=True):
    """Of which orders a rule speaks; empty means any."""

    channels: frozenset[str] = frozenset()
    systems: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()


class Rule(Struct, frozen=True, kw_only=True):
    """One alert rule. An incident of it is an episode of its condition for one group.

    `hold`: how long the condition must last before it fires. `calm`: how long it must be over
    before it counts as resolved. `group_by` are facts; orders that agree in them share an incident.
    `update_every`: how often a growing incident is told anew. What is older than
    `ignore_older_than` when it is heard of is history, and alarms nobody. `text` is a sentence with
    {facts}.
    """

    id: str
    title: str
    watches: tuple[Watch, ...]
    team: str
    priority: Priority
    enabled: bool = True
    scope: Scope = Scope()
    group_by: tuple[str, ...] = ()
    hours: str | None = None
    hold: timedelta = timedelta()
    calm: timedelta = timedelta()
    update_every: timedelta = timedelta(minutes=5)
    ignore_older_than: timedelta = timedelta(days=1)
    limits: dict[str, float] = {}
    labels: dict[str, str] = {}
    text: str = ""
    runbook: str | None = None
    once: bool = False
    """Tells when its condition is met, and keeps no incident: a report, a summary."""

    def text_of(self, look: str) -> str:
        """The sentence for what one of its watches saw."""
        own = (watch.text for watch in self.watches if watch.look == look and watch.text)
        return next(own, self.text)


class Stretch(Struct, frozen=True):
    """A stretch of a weekday, 0 is Monday; `until` 00:00 is midnight."""

    weekday: int
    since: time
    until: time


class Hours(Struct, frozen=True):
    """When a shop is open, in the book's zone. On holidays only `on_holidays` counts."""

    name: str
    stretches: tuple[Stretch, ...]
    on_holidays: tuple[tuple[time, time], ...] = ()


class ChannelKind(StrEnum):
    """What kind of road a notice takes."""

    MAILBOX = "mailbox"
    EMAIL = "email"
    SLACK = "slack"
    TEAMS = "teams"
    LINE = "line"
    APPRISE = "apprise"
    WEBHOOK = "webhook"
    ALERTMANAGER = "alertmanager"


class Channel(Struct, frozen=True, kw_only=True):
    """One way to reach people. `options` are of its kind; a secret is named, never written here.

    At most `most` notices are sent within `most_within`; the rest waits and comes as one digest.
    `fallback` is the channel that is told when this one fails for good.
    """

    name: str
    kind: ChannelKind
    options: dict[str, str | tuple[str, ...]] = {}
    most: int = 10
    most_within: timedelta = timedelta(minutes=10)
    fallback: str | None = None


class Route(Struct, frozen=True, kw_only=True):
    """Which notices go where; the first route that fits decides, unless it says `go_on`.

    Empty sets mean any. `hours` bounds the time of day; `labels` must all be there. When nobody
    acknowledges within `escalate_after`, `escalate_to` are told as well.
    """

    to: tuple[str, ...]
    teams: frozenset[str] = frozenset()
    priorities: frozenset[Priority] = frozenset()
    rules: frozenset[str] = frozenset()
    mismatch_types: frozenset[str] = frozenset()
    labels: dict[str, str] = {}
    hours: str | None = None
    outside_hours: str | None = None
    escalate_after: timedelta | None = None
    escalate_to: tuple[str, ...] = ()
    go_on: bool = False


class Book(Struct, frozen=True, kw_only=True):
    """Everything a tenant's alerts are made of."""

    name: str
    version: int
    time_zone: str
    rules: dict[str, Rule]
    channels: dict[str, Channel]
    routes: tuple[Route, ...]
    hours: dict[str, Hours] = {}
    holidays: frozenset[date] = frozenset()
    teams: dict[str, str] = {}
    success_goal: float = 0.95

    @property
    def zone(self) -> tzinfo:
        """Where the tenant's days begin and end."""
        return ZoneInfo(self.time_zone)

    def is_open(self, name: str | None, at: datetime) -> bool:
        """Whether the hours of this name include the instant; no name is always open."""
        if name is None:
            return True
        local = at.astimezone(self.zone)
        hours = self.hours[name]
        if local.date() in self.holidays:
            return any(_within(local.time(), *span) for span in hours.on_holidays)
        return any(
            stretch.weekday == local.weekday()
            and _within(local.time(), stretch.since, stretch.until)
            for stretch in hours.stretches
        )


def _within(at: time, since: time, until: time) -> bool:
    return since <= at and (at < until or until == time())
