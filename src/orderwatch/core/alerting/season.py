"""The learned band: what is usual at this time of the week, and how far from it is too far.

Learned from the same quarter of an hour, and its neighbours a quarter earlier and later, of the
last six weeks. Median and median absolute deviation (times 1.4826, which makes it the standard
deviation of a normal distribution; Hampel 1974) rather than mean and variance: up to half of the
sample may be a holiday or an outage without moving the band much.

Counts are first stabilised: y = 2 sqrt(n + 3/8) of a Poisson variable has a variance of about 1
whatever its mean (Anscombe 1948), so the deviation is never taken to be below 1: chance alone makes
as much. With m and s = max(1, 1.4826 MAD) of the y the band is

    low, high = ((m - 5 s) / 2)^2 - 3/8,  ((m + 5 s) / 2)^2 - 3/8      (low is 0 where m < 5 s)

For durations y = ln(p95) and s is never below 0.2, so that more than e times the usual is far at
least; there is no lower edge, since faster is no trouble. Five deviations, since the median of a
few weeks is itself uncertain and the question is put 1,440 times a day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, log, sqrt
from statistics import median
from typing import Final

from msgspec import Struct

FEWEST_WEEKS: Final = 3
"""With less history nothing is concluded."""
WEEKS: Final = (1, 2, 3, 4, 5, 6)
_WIDTH: Final = 5.0
_MAD_TO_DEVIATION: Final = 1.4826
_LEAST_OF_COUNTS: Final = 1.0
_LEAST_OF_LOGS: Final = 0.2


class Band(Struct, frozen=True):
    """What is usual: between these edges, of values that lie around `usual`."""

    low: float
    usual: float
    high: float
    weeks: int

    def leaves_out(self, value: float) -> bool:
        """Whether a value is outside."""
        return not self.low <= value <= self.high


def band_of_counts(earlier: Sequence[tuple[int, int]]) -> Band | None:
    """From counts, each with how many weeks ago it was; None with less than three weeks."""
    return _band(earlier, _stabilised, _count, _LEAST_OF_COUNTS)


def band_of_durations(earlier: Sequence[tuple[int, float]]) -> Band | None:
    """From seconds, each with how many weeks ago it was; low is 0."""
    known = [(weeks, seconds) for weeks, seconds in earlier if seconds > 0]
    band = _band(known, log, exp, _LEAST_OF_LOGS)
    return None if band is None else Band(0.0, band.usual, band.high, band.weeks)


def _band(
    earlier: Sequence[tuple[int, float]],
    there: Callable[[float], float],
    back: Callable[[float], float],
    least: float,
) -> Band | None:
    weeks = len({week for week, _ in earlier})
    if weeks < FEWEST_WEEKS:
        return None
    values = [there(value) for _, value in earlier]
    middle = median(values)
    spread = _MAD_TO_DEVIATION * median(abs(value - middle) for value in values)
    reach = _WIDTH * max(least, spread)
    return Band(back(middle - reach), back(middle), back(middle + reach), weeks)


def _stabilised(n: float) -> float:
    return 2 * sqrt(n + 0.375)


def _count(y: float) -> float:
    return max(0.0, (max(0.0, y) / 2) ** 2 - 0.375)
