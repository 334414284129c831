"""What windows, silence, schedules and their like are judged by: figures, not yet verdicts.

`wanted.py` says which figures a round of evaluation needs, one port call (`app/read_figures.py`)
answers with `Figures`, and `find.py` makes `Finding`s of them. None of it looks at events: every
figure is a sum of counters, whatever the number of orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.model import System
from orderwatch.core.reading.tally import success_rate
from orderwatch.core.tracking.passing import TOOK_CLASSES

LONGEST_WINDOW: Final = timedelta(hours=1)
"""Of orders active; what was active longer ago is not kept apart any more."""

COUNTED_LOOKS: Final = frozenset(
    {Look.WINDOW, Look.SILENCE, Look.REQUESTS, Look.MISMATCHES, Look.SEASON}
)
"""What a round looks at by itself; a schedule only when it is due."""


class Finding(Struct, frozen=True, kw_only=True):
    """What a watch sees of one group: its condition has yet to be asked.

    `watch` is its place in the rule's `watches`. `group` is the value of `per`, else empty; `about`
    names it. `cause_at`: since when what is seen has been so, as far as that is known.
    """

    rule: str
    watch: int
    group: str
    about: Facts
    facts: Facts
    cause_at: datetime


class Counts(Struct, frozen=True):
    """Orders by how they stand now."""

    success: int = 0
    failed: int = 0
    waiting: int = 0
    overdue: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.success + self.failed + self.waiting + self.overdue

    @property
    def open(self) -> int:
        """Those that may end either way."""
        return self.waiting + self.overdue

    @property
    def trouble_share(self) -> float:
        """The share that is failed or overdue; 0 of none."""
        return (self.failed + self.overdue) / self.total if self.total else 0.0

    @property
    def success_rate(self) -> float:
        """The share of success among those that ended; 1 when none did."""
        rate = success_rate(self.success, self.failed)
        return 1.0 if rate is None else rate


class Ended(Struct, frozen=True):
    """The legs of one system and channel that ended in a window, and how long they took.

    `passed` counts deadlines that went by in it. `took` is by class of `TOOK_BOUNDS_S`.
    """

    success: int = 0
    failed: int = 0
    passed: int = 0
    took: tuple[int, ...] = (0,) * TOOK_CLASSES


class Requests(Struct, frozen=True):
    """How a polled API answered in a window."""

    ok: int = 0
    error: int = 0
    timeout: int = 0


class EarlierDay(Struct, frozen=True):
    """The same weekday some weeks ago: orders placed up to this time of day, and after it."""

    so_far: int
    rest: int


class SeasonSpan(Struct, frozen=True):
    """A quarter of an hour to learn from, so many weeks before the present one (0: this one)."""

    weeks: int
    starts: datetime
    ends: datetime


class SpanFigures(Struct, frozen=True):
    """What went on in one of them: orders placed, and by system how long legs took, by class."""

    placed: int = 0
    took: Mapping[System, tuple[int, ...]] = {}


class FiguresWanted(Struct, frozen=True, kw_only=True):
    """The union of what the rules of a round need. A window of None is the day so far.

    `days` are bounds of days in the book's zone; `earlier` are so far and rest of earlier weekdays:
    begin, the same time of day, end.
    """

    now: datetime
    active: frozenset[timedelta] = frozenset()
    ended: frozenset[timedelta | None] = frozenset()
    requests: frozenset[timedelta] = frozenset()
    days: Mapping[date, tuple[datetime, datetime]] = {}
    today: datetime | None = None
    earlier: tuple[tuple[datetime, datetime, datetime], ...] = ()
    systems: tuple[System, ...] = ()
    silence: bool = False
    newest_by_channel: bool = False
    mismatches: bool = False
    season: tuple[SeasonSpan, ...] = ()


class Figures(Struct, frozen=True, kw_only=True):
    """What was wanted, as it stands at one instant. Orders that name no channel have channel "".

    `active`: by window and channel the orders whose latest activity lies in it, by how they stand
    now. `ended`: by window, then system and channel. `days`: orders placed in a day, by channel.
    `earlier`: by channel one entry for each earlier weekday that was recorded, newest first.
    `words`: when each system was last heard; `spoke_of`: the newest time it spoke of. `open`: legs
    that wait for it; under "" whole orders.
    `newest`: when the newest order was placed; by channel `newest_of`. `mismatches`: how many are
    open, by type. `season` answers the spans one by one; `recorded_since` is the first day known.
    """

    active: Mapping[timedelta, Mapping[str, Counts]] = {}
    ended: Mapping[timedelta | None, Mapping[tuple[System, str], Ended]] = {}
    requests: Mapping[timedelta, Mapping[str, Requests]] = {}
    days: Mapping[date, Mapping[str, Counts]] = {}
    earlier: Mapping[str, tuple[EarlierDay, ...]] = {}
    words: Mapping[System, datetime] = {}
    spoke_of: Mapping[System, datetime] = {}
    open: Mapping[System, int] = {}
    newest: datetime | None = None
    newest_of: Mapping[str, datetime] = {}
    mismatches: Mapping[str, int] = {}
    season: tuple[tuple[SeasonSpan, SpanFigures], ...] = ()
    recorded_since: datetime | None = None


def summed(counts: Iterable[Counts]) -> Counts:
    """All of them together."""
    success = failed = waiting = overdue = 0
    for one in counts:
        success += one.success
        failed += one.failed
        waiting += one.waiting
        overdue += one.overdue
    return Counts(success, failed, waiting, overdue)


def ended_together(legs: Iterable[Ended]) -> Ended:
    """All of them together."""
    success = failed = passed = 0
    took = [0] * TOOK_CLASSES
    for one in legs:
        success += one.success
        failed += one.failed
        passed += one.passed
        took = [held + more for held, more in zip(took, one.took, strict=True)]
    return Ended(success, failed, passed, tuple(took))
