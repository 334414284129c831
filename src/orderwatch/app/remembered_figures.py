"""Figures that live in memory: a backtest's counters, as they stood at each instant of a replay.

Implements `FigureStore` of `read_figures.py` on what a ledger would have written. Minutes are
summed into hours, so that a month is asked in hundreds of steps and not in tens of thousands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from orderwatch.core.alerting.figures import (
    Counts,
    EarlierDay,
    Ended,
    Figures,
    FiguresWanted,
    SeasonSpan,
    SpanFigures,
)
from orderwatch.core.model import System, TenantId
from orderwatch.core.spans import ceiling, floor
from orderwatch.core.tracking.changes import Changes
from orderwatch.core.tracking.counting import ORDER, OVERDUE, WAITING, minute_of
from orderwatch.core.tracking.passing import FAILED, PASSED, TOOK_CLASSES

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BUCKETS: Final = frozenset({"success", "failed", "waiting", "overdue"})
_NOTHING_TOOK: Final = (0,) * TOOK_CLASSES

Key = tuple[str, ...]


class Sums:
    """Counts by minute and key, summed up by hour."""

    def __init__(self) -> None:
        """Nothing is counted."""
        self._by: dict[timedelta, dict[datetime, dict[Key, int]]] = {_MINUTE: {}, _HOUR: {}}

    def add(self, minute: datetime, key: Key, n: int) -> None:
        """Count `n` more, or less."""
        for span, counted in self._by.items():
            counts = counted.setdefault(floor(minute, span), {})
            counts[key] = counts.get(key, 0) + n

    def between(self, starts: datetime, ends: datetime) -> dict[Key, int]:
        """The sums of the whole minutes from `starts` on and before `ends`."""
        sums: dict[Key, int] = defaultdict(int)
        for span, at in _steps(starts, ends):
            for key, n in self._by[span].get(at, {}).items():
                sums[key] += n
        return sums


class RememberedFigures:
    """One tenant's counters, as long as this object lives."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self._placed = Sums()
        self._happened = Sums()
        self._took = Sums()
        self._active = Sums()
        self._open: dict[System, int] = defaultdict(int)
        self._mismatches: dict[str, int] = defaultdict(int)
        self._newest: dict[str, datetime] = {}
        self._first: datetime | None = None
        self.words: Mapping[System, datetime] = {}
        self.spoke_of: Mapping[System, datetime] = {}

    def take(self, changes: Changes) -> None:
        """Count what a ledger would have written."""
        self._take_counts(changes)
        self._take_passing(changes)
        for (minute, channel, bucket), n in changes.deltas.activity.items():
            self._active.add(_EPOCH + minute * _MINUTE, (channel, bucket), n)
        for total, value in changes.deltas.totals.items():
            if total.metric == "mismatches_open":
                self._mismatches[total.labels[0]] += int(value)
        for row in changes.orders:
            channel = row.channel or ""
            known = self._newest.get(channel, row.placed_at)
            self._newest[channel] = max(known, row.placed_at)

    def _take_counts(self, changes: Changes) -> None:
        for counter, (n, _) in changes.deltas.counts.items():
            if counter.system == ORDER and counter.bucket in _BUCKETS:
                self._placed.add(counter.minute, (counter.channel, counter.bucket), int(n))
                self._first = min(self._first or counter.minute, counter.minute)
            if counter.bucket in (WAITING, OVERDUE):
                self._open[counter.system] += int(n)

    def _take_passing(self, changes: Changes) -> None:
        for (at, system, channel, what), n in changes.deltas.passing.happened.items():
            self._happened.add(at, (system, channel, what), n)
        for (at, system, channel), counts in changes.deltas.passing.took.items():
            for place, n in enumerate(counts):
                if n:
                    self._took.add(at, (system, channel, str(place)), n)

    async def figures(self, tenant: TenantId, wanted: FiguresWanted) -> Figures:  # noqa: ARG002 - there is but one
        """What was wanted, as it stands now."""
        ends = minute_of(wanted.now) + _MINUTE
        newest = {name: at for name, at in self._newest.items() if at <= wanted.now}
        return Figures(
            active={over: _by_channel(self._active, ends - over, ends) for over in wanted.active},
            ended={over: self._ended(wanted, over, ends) for over in wanted.ended},
            requests={over: {} for over in wanted.requests},
            days={
                day: _by_channel(self._placed, ceiling(since, _MINUTE), ceiling(until, _MINUTE))
                for day, (since, until) in wanted.days.items()
            },
            earlier=self._earlier(wanted),
            words=dict(self.words),
            spoke_of=dict(self.spoke_of),
            open=dict(self._open),
            newest=max(newest.values(), default=None),
            newest_of=newest,
            mismatches=dict(self._mismatches) if wanted.mismatches else {},
            season=tuple((span, self._span(span)) for span in wanted.season),
            recorded_since=floor(self._first, timedelta(days=1)) if self._first else None,
        )

    def _ended(
        self, wanted: FiguresWanted, over: timedelta | None, ends: datetime
    ) -> dict[tuple[System, str], Ended]:
        starts = (wanted.today or ends) if over is None else ends - over
        legs: dict[tuple[System, str], Ended] = {}
        for key, took in self._took_between(starts, ends).items():
            legs[key] = Ended(success=sum(took), took=took)
        for (system, channel, what), n in self._happened.between(starts, ends).items():
            one = legs.get((system, channel), Ended())
            if what == FAILED:
                legs[system, channel] = replace(one, failed=n, success=one.success - n)
            elif what == PASSED and system != ORDER:
                legs[system, channel] = replace(one, passed=n)
        return legs

    def _took_between(
        self, starts: datetime, ends: datetime
    ) -> dict[tuple[System, str], tuple[int, ...]]:
        took: dict[tuple[System, str], list[int]] = {}
        for (system, channel, place), n in self._took.between(starts, ends).items():
            took.setdefault((system, channel), [*_NOTHING_TOOK])[int(place)] += n
        return {key: tuple(counts) for key, counts in took.items()}

    def _earlier(self, wanted: FiguresWanted) -> dict[str, tuple[EarlierDay, ...]]:
        first = floor(self._first, timedelta(days=1)) if self._first else None
        halves = [
            (
                _by_channel(self._placed, ceiling(starts, _MINUTE), ceiling(at, _MINUTE)),
                _by_channel(self._placed, ceiling(at, _MINUTE), ceiling(ends, _MINUTE)),
            )
            for starts, at, ends in wanted.earlier
            if first is not None and starts >= first
        ]
        channels = {channel for pair in halves for half in pair for channel in half}
        none = Counts()
        return {
            channel: tuple(
                EarlierDay(so_far.get(channel, none).total, rest.get(channel, none).total)
                for so_far, rest in halves
            )
            for channel in channels
        }

    def _span(self, span: SeasonSpan) -> SpanFigures:
        placed = sum(self._placed.between(span.starts, span.ends).values())
        took: dict[System, tuple[int, ...]] = {}
        for (system, _), counts in self._took_between(span.starts, span.ends).items():
            known = took.get(system, _NOTHING_TOOK)
            took[system] = tuple(a + b for a, b in zip(known, counts, strict=True))
        return SpanFigures(placed, took)


def _by_channel(sums: Sums, starts: datetime, ends: datetime) -> dict[str, Counts]:
    counted: dict[str, Counts] = {}
    for (channel, bucket), n in sums.between(starts, ends).items():
        one = counted.get(channel, Counts())
        counted[channel] = replace(one, **{bucket: getattr(one, bucket) + n})
    return counted


def _steps(starts: datetime, ends: datetime) -> Iterator[tuple[timedelta, datetime]]:
    """The window in minutes up to the first full hour, then hours, then minutes again."""
    at = starts
    while at < ends:
        whole_hour = at == floor(at, _HOUR) and at + _HOUR <= ends
        span = _HOUR if whole_hour else _MINUTE
        yield span, at
        at += span
