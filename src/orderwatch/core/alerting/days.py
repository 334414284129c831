"""Days and times of day in a zone: where they begin and end, also when clocks are put forward."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from orderwatch.core.alerting.book import Book

_MINUTE: Final = timedelta(minutes=1)


def day_bounds(zone: tzinfo, day: date) -> tuple[datetime, datetime]:
    """[begin, end) of a local day in UTC: 23, 24 or 25 hours of it."""
    return instant(zone, day, time()), instant(zone, day + timedelta(days=1), time())


def instant(zone: tzinfo, day: date, at: time) -> datetime:
    """When a clock of the zone shows this time on this day, in UTC.

    A time that comes twice is the first of the two; one that is skipped is as much later as the
    clock was put forward, as RFC 5545 has it (the offset before the gap counts).
    """
    return datetime.combine(day, at, zone).replace(fold=0).astimezone(UTC)


def earlier(zone: tzinfo, at: datetime, days: int) -> datetime:
    """The same time of day, so many days earlier."""
    local = at.astimezone(zone)
    moved = local.replace(tzinfo=None) - timedelta(days=days)
    return moved.replace(tzinfo=zone).astimezone(UTC)


def open_since(book: Book, hours: str | None, last: datetime, now: datetime) -> datetime:
    """`last`, or when these hours last began if that was later; to the minute."""
    at = now.replace(second=0, microsecond=0)
    if hours is None or not book.is_open(hours, at):
        return last
    while at > last and book.is_open(hours, at - _MINUTE):
        at -= _MINUTE
    return max(at, last)
