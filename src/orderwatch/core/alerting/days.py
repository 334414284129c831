"""Days and times of day in a zone: where they begin and end, also when clocks are put forward."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from orderwatch.core.alerting.book import Book

_MINUTE: Final = timedelta(minutes=1)
_LONGEST_GAP: Final = timedelta(days=8)


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


def recorded_since(days: Iterable[datetime], now: datetime) -> datetime | None:
    """Since when orders have been coming, from the days (in UTC) on which any was placed.

    Back to the first gap of more than a week: a stray order of years ago, or one placed while
    somebody tried the connection, does not make the empty weeks between into quiet ones.
    """
    since = None
    for day in sorted(days, reverse=True):
        if day > now:
            continue
        if (since or now) - day > _LONGEST_GAP:
            break
        since = day
    return since


def open_since(book: Book, hours: str | None, last: datetime, now: datetime) -> datetime:
    """`last`, or when these hours last began if that was later; to the minute."""
    at = now.replace(second=0, microsecond=0)
    if hours is None or not book.is_open(hours, at):
        return last
    while at > last and book.is_open(hours, at - _MINUTE):
        at -= _MINUTE
    return max(at, last)
