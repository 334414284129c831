"""What happened in which minute: words heard, deadlines passed, and how long legs took.

Beside the counters, which say how the orders placed in a minute stand now, these say what went on
in a minute. They only ever grow. Each minute is summed up into its hour and its day as well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from orderwatch.core.model import System
from orderwatch.core.spans import Span, floor

TOOK_BOUNDS_S: Final = (
    *(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300),
    *(600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 172800),
)
"""Upper bounds of the classes in which durations are counted; one more is for all above."""
TOOK_CLASSES: Final = len(TOOK_BOUNDS_S) + 1

HEARD: Final = "heard"
"""An event of the system was taken in."""
PASSED: Final = "passed"
"""A deadline passed: of an order, or of a system's leg."""
FAILED: Final = "failed"
"""A system's leg ended in failure. With durations, which count all that end, this says the rest."""
REQUEST_OUTCOMES: Final = {
    "ok": "request_ok",
    "error": "request_error",
    "timeout": "request_timeout",
}
"""A polled API answered a connector, which is the `system` of these, so or so."""

_LENGTHS: Final[tuple[tuple[Span, timedelta], ...]] = (
    ("minute", timedelta(minutes=1)),
    ("hour", timedelta(hours=1)),
    ("day", timedelta(days=1)),
)


class Place(NamedTuple):
    """Where something is counted: in which stretch of time, of which system and channel."""

    span: Span
    system: System
    start: datetime
    channel: str


class Happening(NamedTuple):
    """The key of a count of what happened."""

    place: Place
    what: str


class Passing:
    """What happened, summed over any number of orders."""

    def __init__(self) -> None:
        self.happened: dict[tuple[datetime, System, str, str], int] = defaultdict(int)
        self.took: dict[tuple[datetime, System, str], list[int]] = {}

    def happen(
        self, what: str, at: datetime, system: System, channel: str = "", by: int = 1
    ) -> None:
        """Something happened at an instant, `by` times."""
        self.happened[_minute(at), system, channel, what] += by

    def take(self, seconds: float, at: datetime, system: System, channel: str) -> None:
        """A leg that ended at an instant took so long."""
        key = (_minute(at), system, channel)
        counts = self.took.get(key)
        if counts is None:
            counts = self.took[key] = [0] * TOOK_CLASSES
        counts[bisect_left(TOOK_BOUNDS_S, seconds)] += 1

    def happenings(self) -> list[tuple[Happening, int]]:
        """The counts by minute, hour and day, sorted by key."""
        sums: dict[Happening, int] = defaultdict(int)
        for (minute, system, channel, what), n in self.happened.items():
            for span, length in _LENGTHS:
                sums[Happening(Place(span, system, floor(minute, length), channel), what)] += n
        return sorted(sums.items())

    def durations(self) -> list[tuple[Place, list[int]]]:
        """The durations by minute, hour and day, sorted by key."""
        sums: dict[Place, list[int]] = {}
        for (minute, system, channel), counts in self.took.items():
            for span, length in _LENGTHS:
                place = Place(span, system, floor(minute, length), channel)
                known = sums.get(place)
                sums[place] = counts if known is None else _added(known, counts)
        return sorted(sums.items())


def _added(one: list[int], other: list[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _minute(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(second=0, microsecond=0)
