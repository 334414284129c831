"""Which figures a round of evaluation needs: the union over the rules of a book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.alerting.book import Book, Look, Rule, Watch
from orderwatch.core.alerting.days import day_bounds, earlier
from orderwatch.core.alerting.figures import (
    COUNTED_LOOKS,
    LONGEST_WINDOW,
    FiguresWanted,
    SeasonSpan,
)
from orderwatch.core.alerting.find_seasons import season_spans
from orderwatch.core.flow.template import Template

_WEEKS: Final = (1, 2, 3, 4)
"""How many weeks back the rest of a day is learned from."""


def wanted_of(
    book: Book, template: Template, now: datetime, looks: frozenset[Look] = COUNTED_LOOKS
) -> FiguresWanted:
    """What `find` will ask of the figures in this round."""
    watches = [*_watches(book, looks, now)]
    windows = [watch for _, watch in watches if watch.look is Look.WINDOW]
    by_order = [watch for watch in windows if watch.per != "system"]
    whole_day = any(watch.over is None for watch in by_order)
    today = now.astimezone(book.zone).date()
    return FiguresWanted(
        now=now,
        active=frozenset(_short(watch.over for watch in by_order)),
        ended=frozenset(watch.over for watch in windows if watch.per == "system"),
        requests=frozenset(
            watch.over
            for _, watch in watches
            if watch.look is Look.REQUESTS and watch.over is not None
        ),
        days={today: day_bounds(book.zone, today)} if whole_day else {},
        today=day_bounds(book.zone, today)[0],
        earlier=tuple(_same_weekdays(book, now)) if whole_day else (),
        systems=(template.oms, *template.legs),
        silence=any(watch.look is Look.SILENCE for _, watch in watches),
        newest_by_channel=any(_by_channel(rule, watch) for rule, watch in watches),
        mismatches=any(watch.look is Look.MISMATCHES for _, watch in watches),
        season=_season(book, (watch for _, watch in watches), now),
    )


def _watches(book: Book, looks: frozenset[Look], now: datetime) -> Iterator[tuple[Rule, Watch]]:
    for rule in book.rules.values():
        if rule.enabled and book.is_open(rule.hours, now):
            yield from ((rule, watch) for watch in rule.watches if watch.look in looks)


def _short(windows: Iterable[timedelta | None]) -> Iterator[timedelta]:
    return (over for over in windows if over is not None and over <= LONGEST_WINDOW)


def _by_channel(rule: Rule, watch: Watch) -> bool:
    silent_orders = watch.look is Look.SILENCE and watch.of == "orders"
    return silent_orders and (watch.per == "channel" or bool(rule.scope.channels))


def _season(book: Book, watches: Iterable[Watch], now: datetime) -> tuple[SeasonSpan, ...]:
    return season_spans(book, now) if any(one.look is Look.SEASON for one in watches) else ()


def _same_weekdays(book: Book, now: datetime) -> Iterator[tuple[datetime, datetime, datetime]]:
    today = now.astimezone(book.zone).date()
    for weeks in _WEEKS:
        starts, ends = day_bounds(book.zone, today - timedelta(weeks=weeks))
        yield starts, earlier(book.zone, now, 7 * weeks), ends
