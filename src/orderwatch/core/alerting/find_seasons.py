"""Season: the last quarter of an hour beside the same time of earlier weeks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.days import earlier
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.figures import SeasonSpan, SpanFigures
from orderwatch.core.alerting.season import WEEKS, Band, band_of_counts, band_of_durations
from orderwatch.core.alerting.seen import Seen, View
from orderwatch.core.model import System
from orderwatch.core.reading.percentiles import percentile
from orderwatch.core.tracking.counting import minute_of

_QUARTER: Final = timedelta(minutes=15)
_MINUTES: Final = 15
_FEWEST_LEGS: Final = 20
"""Below that a 95th percentile is the longest one or two."""


def season_spans(book: Book, now: datetime) -> tuple[SeasonSpan, ...]:
    """The last 15 whole minutes first, then what they are held against."""
    ends = minute_of(now)
    spans = [SeasonSpan(0, ends - _QUARTER, ends)]
    for weeks in WEEKS:
        then = earlier(book.zone, ends, 7 * weeks)
        spans += [
            SeasonSpan(weeks, then + around - _QUARTER, then + around)
            for around in (-_QUARTER, timedelta(), _QUARTER)
        ]
    return tuple(spans)


def see_season(view: View) -> Iterator[Seen]:
    """The volume of orders, unless the rule is about some channels, and the pace of each system.

    Nothing where there is too little to learn from.
    """
    if not view.figures.season:
        return
    (_, present), *past = view.figures.season
    since = view.figures.recorded_since
    known = [
        (span.weeks, figures)
        for span, figures in past
        if since is not None and span.starts >= since
    ]
    scope = view.rule.scope
    if not (scope.channels or scope.locations or scope.systems):
        yield from _see_volume(present, known)
    for system in view.template.legs:
        if view.concerns_system(system):
            yield from _see_latency(system, present, known)


def _see_volume(present: SpanFigures, known: list[tuple[int, SpanFigures]]) -> Iterator[Seen]:
    band = band_of_counts([(weeks, figures.placed) for weeks, figures in known])
    if band is None:
        return
    facts = _facts("volume", "", present.placed, band)
    facts |= {name: float(facts[name]) / _MINUTES for name in ("value", "low", "high")}
    volume = max(present.placed, round(band.usual))
    yield Seen("volume", {"measure": "volume"}, facts, volume)


def _see_latency(
    system: System, present: SpanFigures, known: list[tuple[int, SpanFigures]]
) -> Iterator[Seen]:
    now = _p95(present, system)
    then = [(weeks, _p95(figures, system)) for weeks, figures in known]
    band = band_of_durations([(weeks, seconds) for weeks, seconds in then if seconds is not None])
    if now is None or band is None:
        return
    about: Facts = {"measure": "latency", "system": system}
    ended = sum(present.took.get(system, ()))
    yield Seen(f"latency {system}", about, _facts("latency", system, now, band), ended)


def _p95(figures: SpanFigures, system: System) -> float | None:
    took = figures.took.get(system, ())
    if sum(took) < _FEWEST_LEGS:
        return None
    p95 = percentile(took, 0.95)
    return None if p95 is None else p95.total_seconds()


def _facts(measure: str, system: System, value: float, band: Band) -> Facts:
    return {
        "measure": measure,
        "system": system,
        "value": value,
        "low": band.low,
        "high": band.high,
        "outside": band.leaves_out(value),
        "weeks": band.weeks,
    }
