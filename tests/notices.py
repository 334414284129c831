"""Words for stories about notices: books, messages, roads that do as they are told, a clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orderwatch.app.send_notices import Books, Outbox, Road, Sending
from orderwatch.core.alerting.book import Book, Channel, ChannelKind, Priority
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.alerting.notice import (
    Message,
    NewNotice,
    NoticeKind,
    NotSent,
    OrderLine,
    Outcome,
    Sent,
)
from orderwatch.core.model import TenantId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPS = Channel(name="ops", kind=ChannelKind.WEBHOOK)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def message(title: str = "47 orders failed at Commerce Engine", **more: Any) -> Message:
    """A message about an incident that began at noon."""
    about = {
        "kind": NoticeKind.FIRING,
        "title": title,
        "text": "Since 19:00. Commerce Engine was last heard at 18:58.",
        "priority": Priority.HIGH,
        "team": "fulfilment",
        "rule": "transmission_failed",
        "starts_at": NOON,
        "cause_at": NOON,
        "group": "commerce_engine\x1fPRICE_CHECK",
        "figures": (("Orders", "47"), ("Worth", "58,750.00 THB")),
        "orders": (
            OrderLine("2000001234", "FAILED (PRICE_CHECK) at Commerce Engine", "1,250.00", "THB"),
        ),
        "more_orders": 46,
        "common": "82 % of them: store TH-0412, usually 3 %",
        "link": "/incidents/7",
        "labels": {"region": "north"},
    }
    return Message(**about | more)  # type: ignore[arg-type]


def resolved(title: str = "Resolved: 47 orders failed", **more: Any) -> Message:
    """A message that the incident is over, a quarter of an hour after noon."""
    return message(title, **{"kind": NoticeKind.RESOLVED, "ends_at": at(900)} | more)


def notice(
    told: Message | None = None,
    *,
    channel: str = "ops",
    incident: int | None = None,
    due: float = 0,
) -> NewNotice:
    """A notice as the rules decide it."""
    return NewNotice(
        channel=channel,
        message=told or message(),
        due_at=at(due),
        incident=None if incident is None else IncidentId(incident),
    )


def parcel(told: Message | None = None, **more: Any) -> Parcel:
    """What goes over a road at once."""
    one = told or message()
    about = {
        "tenant": "alice",
        "key": "6f1e1d3c-0000-4000-8000-000000000001",
        "at": at(1),
        "message": one,
        "parts": (one,),
        "incident": IncidentId(7),
    }
    return Parcel(**about | more)  # type: ignore[arg-type]


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def set(self, seconds: float) -> None:
        self.now = at(seconds)


class FixedBooks:
    """Every tenant has these channels, and `newer` as soon as somebody asks anew."""

    def __init__(self, *channels: Channel, newer: Sequence[Channel] = ()) -> None:
        self.channels = {one.name: one for one in channels}
        self._newer = newer

    def forget(self, _: TenantId) -> None:
        self.channels |= {one.name: one for one in self._newer}

    async def of(self, tenant: TenantId) -> Book:
        return Book(
            name="test",
            version=1,
            time_zone="Asia/Bangkok",
            rules={},
            channels=self.channels,
            routes=(),
        )


class TestRoad:
    """A channel that takes everything, until it is told to answer otherwise."""

    __test__ = False

    def __init__(self) -> None:
        self.taken: list[Parcel] = []
        self.tried: list[Parcel] = []
        self.answer: Callable[[], Outcome] = Sent

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        self.tried.append(parcel)
        answer = self.answer()
        if isinstance(answer, Sent):
            self.taken.append(parcel)
        return answer

    @property
    def titles(self) -> list[str]:
        """What was told, in order."""
        return [one.message.title for one in self.taken]


def down() -> Outcome:
    """The answer of a channel that cannot be reached."""
    return NotSent("connection refused", retryable=True)


def lost() -> Outcome:
    """No answer: nobody knows whether it was taken."""
    return NotSent("no answer", retryable=True, maybe_taken=True)


def refused() -> Outcome:
    """The channel will never take it."""
    return NotSent("404: no such hook", retryable=False)


def sending(outbox: Outbox, road: Road, clock: Clock, *channels: Channel) -> Sending:
    """A sender whose chance is always the worst: it waits for the whole pause."""
    books: Books = FixedBooks(*(channels or (OPS,)))
    roads = dict.fromkeys(ChannelKind, road)
    return Sending(outbox=outbox, books=books, roads=roads, now=clock, chance=lambda: 0.999)
