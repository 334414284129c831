"""Notices: what people are told of an incident, and what became of each. The outbox holds them."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from msgspec import Struct

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.model import OrderId

NoticeId = NewType("NoticeId", int)


class NoticeKind(StrEnum):
    """Why people are told."""

    FIRING = "firing"
    UPDATE = "update"
    RESOLVED = "resolved"
    ESCALATION = "escalation"
    SUMMARY = "summary"
    REPORT = "report"
    TEST = "test"


class NoticeState(StrEnum):
    """What became of a notice. `merged`: it went out as a part of a digest."""

    WAITING = "waiting"
    SENT = "sent"
    MERGED = "merged"
    FAILED = "failed"


class OrderLine(Struct, frozen=True):
    """One order named in a notice."""

    order_id: OrderId
    sentence: str
    amount: str
    currency: str


class Message(Struct, frozen=True, kw_only=True):
    """What a notice says: all that its reader needs to act, as known when it was written.

    `figures` are name and value, in reading order. `link` is a path of the console. `starts_at` and
    `ends_at` are the incident's; `cause_at` is what the delay is counted from.
    """

    kind: NoticeKind
    title: str
    text: str
    priority: Priority
    team: str
    rule: str
    starts_at: datetime
    cause_at: datetime
    ends_at: datetime | None = None
    group: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    orders: tuple[OrderLine, ...] = ()
    more_orders: int = 0
    common: str = ""
    link: str = "/incidents"
    runbook: str | None = None
    labels: dict[str, str] = {}


class NewNotice(Struct, frozen=True, kw_only=True):
    """A notice as the rules decide it: through this channel, not before `due_at`."""

    channel: str
    message: Message
    due_at: datetime
    incident: IncidentId | None = None


class Notice(Struct, frozen=True, kw_only=True):
    """A notice in the outbox. `key` is the same at every try: Message-ID, deduplication key.

    `thread` is what the channel called the first notice of the same incident there (a Slack
    message's timestamp, an e-mail's Message-ID), so that later ones can join or replace it.
    """

    id: NoticeId
    key: str
    channel: str
    message: Message
    incident: IncidentId | None
    created_at: datetime
    due_at: datetime
    attempts: int
    thread: str | None = None


class Sent(Struct, frozen=True):
    """The channel took it; `thread` as in `Notice`, when it has such a thing."""

    thread: str | None = None


class NotSent(Struct, frozen=True):
    """It did not: why, whether another try may help, and how soon the channel says to try.

    `maybe_taken`: nobody knows; the answer got lost. The next try must say the very same.
    """

    why: str
    retryable: bool
    retry_after: timedelta | None = None
    maybe_taken: bool = False


Outcome = Sent | NotSent
