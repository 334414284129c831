"""Schedules: which times of day have come since the last round, and what is seen then.

A worker that was away at that time makes up for it when it is back, once, if that is less than a
day ago. A time of day that the clock shows twice comes once; one it skips comes when it is put
forward.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from orderwatch.core.alerting.book import Book, Look, Rule, Watch
from orderwatch.core.alerting.days import day_bounds, instant
from orderwatch.core.alerting.figures import Counts, Figures, FiguresWanted, Finding, summed

MISSED_FOR: Final = timedelta(days=1)


class Due(NamedTuple):
    """A watch of a rule (its place in `watches`) whose time came at an instant."""

    rule: str
    watch: int
    at: datetime


def due_schedules(book: Book, last: datetime, now: datetime) -> list[Due]:
    """What came in (last, now], of each watch the latest only, oldest first."""
    since = max(last, now - MISSED_FOR)
    due = [
        Due(rule.id, number, at)
        for rule in book.rules.values()
        if rule.enabled
        for number, watch in enumerate(rule.watches)
        if (at := _latest(book, watch, since, now)) is not None
    ]
    return sorted(due, key=lambda one: one.at)


def _latest(book: Book, watch: Watch, since: datetime, now: datetime) -> datetime | None:
    if watch.look is not Look.SCHEDULE or watch.at is None:
        return None
    today = now.astimezone(book.zone).date()
    times = (instant(book.zone, today - timedelta(days=back), watch.at) for back in (-1, 0, 1, 2))
    return max((at for at in times if since < at <= now), default=None)


def wanted_of_due(book: Book, due: Iterable[Due], now: datetime) -> FiguresWanted:
    """The days before those on which something is due."""
    days = {_day_before(book, one.at) for one in due}
    return FiguresWanted(now=now, days={day: day_bounds(book.zone, day) for day in days})


def find_due(book: Book, due: Iterable[Due], figures: Figures) -> list[Finding]:
    """What each sees of the day before; nothing where that had less than its `at_least` orders."""
    return [*_find_due(book, due, figures)]


def _find_due(book: Book, due: Iterable[Due], figures: Figures) -> Iterator[Finding]:
    for one in due:
        rule = book.rules[one.rule]
        counts = _counted(rule, figures, _day_before(book, one.at))
        if counts.total < rule.watches[one.watch].at_least:
            continue
        yield Finding(
            rule=one.rule,
            watch=one.watch,
            group="",
            about={},
            facts={
                "total": counts.total,
                "success": counts.success,
                "failed": counts.failed,
                "overdue": counts.overdue,
                "success_rate": counts.success_rate,
                "goal": book.success_goal,
                "weekday": one.at.astimezone(book.zone).isoweekday(),
            },
            cause_at=one.at,
        )


def _day_before(book: Book, at: datetime) -> date:
    return at.astimezone(book.zone).date() - timedelta(days=1)


def _counted(rule: Rule, figures: Figures, day: date) -> Counts:
    channels = rule.scope.channels
    by_channel = figures.days.get(day, {})
    return summed(n for channel, n in by_channel.items() if not channels or channel in channels)
