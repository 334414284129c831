"""The figures of alert rules in PostgreSQL: implements `FigureStore` on `sql/figures.sql`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.reading import bound
from orderwatch.core.alerting.days import recorded_since
from orderwatch.core.alerting.figures import (
    Counts,
    EarlierDay,
    Ended,
    Figures,
    FiguresWanted,
    Requests,
    SpanFigures,
)
from orderwatch.core.alerting.share import Usual
from orderwatch.core.model import System, TenantId
from orderwatch.core.spans import ceiling, cut
from orderwatch.core.tracking.counting import ORDER, minute_of
from orderwatch.core.tracking.passing import FAILED, PASSED, REQUEST_OUTCOMES

Row = tuple[Any, ...]
Window = tuple[datetime, datetime]
_MINUTE: Final = timedelta(minutes=1)
_LEARNED_FROM: Final = timedelta(days=45)


class PostgresFigures:
    """Reads figures."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("figures")

    async def figures(self, tenant: TenantId, wanted: FiguresWanted) -> Figures:
        """Asks only for what is wanted; a dozen statements at most."""
        async with self._database.tenant(tenant) as connection:
            ask = _Asking(connection, self._sql, wanted)
            figures = Figures(
                active=await ask.active(),
                ended=await ask.ended(),
                requests=await ask.requests(),
                mismatches=await ask.mismatches(),
            )
            figures = await ask.with_days(figures)
            figures = await ask.with_silence(figures)
            return await ask.with_season(figures)

    async def usual(self, tenant: TenantId, before: datetime, most: int) -> Usual:
        """What the last orders placed before then were like (implements `UsualStore`)."""
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(
                self._sql["usual"], {"before": before, "most": most}, prepare=False
            )
            for dimension, value, n in await cursor.fetchall():
                counts[dimension][value] = n
        orders = counts.pop("orders", {}).get("", 0)
        return Usual(orders, counts)


class _Asking:
    """One round's questions on one connection."""

    def __init__(
        self, connection: Connection, sql: Mapping[str, str], wanted: FiguresWanted
    ) -> None:
        self._connection = connection
        self._sql = sql
        self._wanted = wanted
        self._ends = minute_of(wanted.now) + _MINUTE

    async def active(self) -> dict[timedelta, dict[str, Counts]]:
        windows = sorted(self._wanted.active)
        if not windows:
            return {}
        values = {
            "numbers": [*range(len(windows))],
            "starts": [self._ends - over for over in windows],
        }
        counted: dict[int, dict[str, Counts]] = defaultdict(dict)
        for number, channel, *buckets in await self._rows("active", values):
            counts = Counts(*buckets)
            if counts.total:
                counted[number][channel] = counts
        return {over: counted.get(number, {}) for number, over in enumerate(windows)}

    async def ended(self) -> dict[timedelta | None, dict[tuple[System, str], Ended]]:
        overs = sorted(self._wanted.ended, key=lambda over: (over is None, over or timedelta()))
        if not overs:
            return {}
        parts = _parts([self._window(over) for over in overs])
        values = parts | {"systems": [*self._wanted.systems]}
        happened = await self._rows("happened", values | {"whats": [FAILED, PASSED]})
        legs: dict[int, dict[tuple[System, str], Ended]] = defaultdict(dict)
        for number, system, channel, *took in await self._rows("took", values):
            legs[number][system, channel] = Ended(success=sum(took), took=tuple(took))
        for number, system, channel, what, n in happened:
            one = legs[number].get((system, channel), Ended())
            legs[number][system, channel] = (
                replace(one, failed=n, success=one.success - n)
                if what == FAILED
                else replace(one, passed=n)
            )
        return {over: legs.get(number, {}) for number, over in enumerate(overs)}

    def _window(self, over: timedelta | None) -> Window:
        starts = self._wanted.today if over is None else self._ends - over
        return starts or self._ends, self._ends

    async def requests(self) -> dict[timedelta, dict[str, Requests]]:
        overs = sorted(self._wanted.requests)
        connectors = [row[0] for row in await self._rows("connectors", {})] if overs else []
        if not connectors:
            return {over: {} for over in overs}
        values = _parts([(self._ends - over, self._ends) for over in overs])
        values |= {"systems": connectors, "whats": [*REQUEST_OUTCOMES.values()]}
        outcome_of = {what: outcome for outcome, what in REQUEST_OUTCOMES.items()}
        answers: dict[int, dict[str, Requests]] = defaultdict(dict)
        for number, connector, _, what, n in await self._rows("happened", values):
            one = answers[number].get(connector, Requests())
            answers[number][connector] = replace(one, **{outcome_of[what]: n})
        return {over: answers.get(number, {}) for number, over in enumerate(overs)}

    async def mismatches(self) -> dict[str, int]:
        if not self._wanted.mismatches:
            return {}
        return dict(await self._rows("mismatches", {}))

    async def with_days(self, figures: Figures) -> Figures:
        days = [*self._wanted.days]
        if not days:
            return figures
        windows = [_whole_minutes(*self._wanted.days[day]) for day in days]
        for starts, at, ends in self._wanted.earlier:
            windows += [_whole_minutes(starts, at), _whole_minutes(at, ends)]
        counted = _by_channel(await self._rows("placed", _parts(windows)))
        since = await self._recorded_since()
        return replace(
            figures,
            days={day: counted.get(number, {}) for number, day in enumerate(days)},
            earlier=_earlier_days(self._wanted, counted, len(days), since),
        )

    async def with_silence(self, figures: Figures) -> Figures:
        if not self._wanted.silence:
            return figures
        now = {"now": self._wanted.now}
        systems = [*self._wanted.systems]
        newest = await self._rows("newest", now)
        of_channels = self._wanted.newest_by_channel
        heard = await self._rows("last_words", {"systems": systems})
        return replace(
            figures,
            words={system: received for system, received, _ in heard},
            spoke_of={system: event for system, _, event in heard},
            open=dict(await self._rows("open_by_system", {"systems": [ORDER, *systems]})),
            newest=newest[0][0] if newest else None,
            newest_of=dict(await self._rows("newest_by_channel", now)) if of_channels else {},
        )

    async def with_season(self, figures: Figures) -> Figures:
        spans = self._wanted.season
        if not spans:
            return figures
        parts = _parts([(span.starts, span.ends) for span in spans])
        placed: dict[int, int] = defaultdict(int)
        for number, _, _, n in await self._rows("placed", parts):
            placed[number] += n
        took: dict[int, dict[System, tuple[int, ...]]] = defaultdict(dict)
        values = parts | {"systems": [*self._wanted.systems]}
        for number, system, _, *counts in await self._rows("took", values):
            known = took[number].get(system, (0,) * len(counts))
            took[number][system] = tuple(a + b for a, b in zip(known, counts, strict=True))
        return replace(
            figures,
            season=tuple(
                (span, SpanFigures(placed[number], took[number]))
                for number, span in enumerate(spans)
            ),
            recorded_since=await self._recorded_since(),
        )

    async def _recorded_since(self) -> datetime | None:
        days = await self._rows("recorded_days", {"since": self._wanted.now - _LEARNED_FROM})
        return recorded_since((row[0] for row in days), self._wanted.now)

    async def _rows(self, name: str, values: Mapping[str, object]) -> list[Row]:
        # Never a generic plan: it could not know how short these windows are.
        cursor = await self._connection.execute(self._sql[name], values, prepare=False)
        return await cursor.fetchall()


def _earlier_days(
    wanted: FiguresWanted,
    counted: Mapping[int, Mapping[str, Counts]],
    first: int,
    since: datetime | None,
) -> dict[str, tuple[EarlierDay, ...]]:
    """Of every channel the same weekdays: those of which the whole day is on record."""
    halves = [
        (counted.get(first + 2 * number, {}), counted.get(first + 2 * number + 1, {}))
        for number, (starts, _, _) in enumerate(wanted.earlier)
        if since is not None and starts >= since
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


def _by_channel(rows: Iterable[Row]) -> dict[int, dict[str, Counts]]:
    """Counts by the number of the window and by channel."""
    counted: dict[int, dict[str, Counts]] = defaultdict(dict)
    for number, channel, bucket, n in rows:
        one = counted[number].get(channel, Counts())
        counted[number][channel] = replace(one, **{bucket: n})
    return counted


def _parts(windows: Sequence[Window]) -> dict[str, object]:
    """The windows, numbered, each in parts from the coarsest sums that fit it."""
    parts = [(number, part) for number, window in enumerate(windows) for part in cut(*window)]
    return {
        "numbers": [number for number, _ in parts],
        "spans": [part.span for _, part in parts],
        "starts": [bound(part.starts, "-infinity") for _, part in parts],
        "ends": [bound(part.ends, "infinity") for _, part in parts],
    }


def _whole_minutes(starts: datetime, ends: datetime) -> Window:
    return ceiling(starts, _MINUTE), ceiling(ends, _MINUTE)
