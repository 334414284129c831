"""Which figures a round of evaluation needs: the union over the rules of a book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from orderwatch.core.alerting.book import Book, Look, Watch
from orderwatch.core.alerting.days import day_bounds, earlier
from orderwatch.core.alerting.figures import COUNTED_LOOKS, LONGEST_WINDOW, FiguresWanted
from orderwatch.core.flow.template import Template

_WEEKS: Final = (1, 2, 3, 4)
"""How many weeks back the rest of a day is learned from."""


def wanted_of(
    book: Book, template: Template, now: datetime, looks: frozenset[Look] = COUNTED_LOOKS
) -> FiguresWanted:
    """What `find` will ask of the figures in this round."""
    watches = [*_watches(book, looks, now)]
    windows = [watch for watch in watches if watch.look is Look.WINDOW]
    by_system = [watch for watch in windows if watch.per == "system"]
    by_order = [watch for watch in windows if watch.per != "system"]
    whole_day = any(watch.over is None for watch in by_order)
    today = now.astimezone(book.zone).date()
    days = [today] if whole_day else []
    return FiguresWanted(
        now=now,
        active=frozenset(_short(watch.over for watch in by_order)),
        ended=frozenset(watch.over for watch in by_system),
        days={day: day_bounds(book.zone, day) for day in days},
        today=day_bounds(book.zone, today)[0],
        earlier=tuple(_same_weekdays(book, now)) if whole_day else (),
        systems=(template.oms, *template.legs),
    )


def _watches(book: Book, looks: frozenset[Look], now: datetime) -> Iterator[Watch]:
    for rule in book.rules.values():
        if rule.enabled and book.is_open(rule.hours, now):
            yield from (watch for watch in rule.watches if watch.look in looks)


def _short(windows: Iterable[timedelta | None]) -> Iterator[timedelta]:
    return (over for over in windows if over is not None and over <= LONGEST_WINDOW)


def _same_weekdays(book: Book, now: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    today: date = now.astimezone(book.zone).date()
    for weeks in _WEEKS:
        starts, ends = day_bounds(book.zone, today - timedelta(weeks=weeks))
        yield starts, earlier(book.zone, now, 7 * weeks), ends
