"""Whether the day can still reach its goal: how many orders are yet to come, and the best rate.

The best the day can do is that every order which is open and every order yet to come succeeds:

    best = (success + open + rest) / (success + open + failed + rest)

`rest` is learned: the median, over the same weekday of the last weeks, of how many orders were
placed after this time of day. A median, so that one holiday among them does not decide. While
there is no such week, today's pace goes on as long as the shops are open:

    rest = total so far * hours open yet / hours open so far

Adding a failure never raises `best`. With a learned rest that is plain. With today's pace k (hours
yet by hours gone) it adds k to the numerator and 1 + k to the denominator; the mediant of `best`
and k / (1 + k) is no more than `best`, since best >= k / (1 + k) on any day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.days import day_bounds
from orderwatch.core.alerting.figures import Counts, Figures

_STEP: Final = timedelta(minutes=5)


def best_rate(counts: Counts, rest: float) -> float:
    """The highest success rate the day can still reach, 0 to 1; 1 of a day without orders."""
    well = counts.success + counts.open + rest
    ended = well + counts.failed
    return well / ended if ended else 1.0


def rest_of_day(
    book: Book, figures: Figures, counts: Counts, channels: Iterable[str], now: datetime
) -> float:
    """How many orders of these channels the rest of the day will bring."""
    weeks = [figures.earlier[channel] for channel in channels if channel in figures.earlier]
    if weeks:
        return float(median(sum(day.rest for day in days) for days in zip(*weeks, strict=True)))
    gone, left = open_hours(book, now)
    return counts.total * (left / gone) if gone else 0.0


def open_hours(book: Book, now: datetime) -> tuple[timedelta, timedelta]:
    """For how long the shops were and will be open today; all day, if the book has no hours."""
    starts, ends = day_bounds(book.zone, now.astimezone(book.zone).date())
    return _open_within(book, starts, now), _open_within(book, now, ends)


def _open_within(book: Book, starts: datetime, ends: datetime) -> timedelta:
    if not book.hours:
        return max(timedelta(), ends - starts)
    opened = timedelta()
    at = starts
    while at < ends:
        length = min(_STEP, ends - at)
        if any(book.is_open(name, at) for name in book.hours):
            opened += length
        at += length
    return opened
