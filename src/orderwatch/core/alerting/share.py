"""What the orders of an incident have in common that orders usually have not.

Of every value of every dimension (a store, a channel, a payment kind) it is asked how likely so
many orders of the incident would have it by chance, if each had it with its usual share p: the
one-sided binomial test, P(X >= k), X ~ B(n, p). Exact up to 1,000 orders, above that by the normal
approximation with continuity correction. With m values tried, the level is 0.001 / m (Bonferroni):
of a thousand incidents without anything in common, one is said to have something.

Beyond that it must be worth saying: at least 5 orders, and half of them all or five times the usual
share. The least likely value is named, of equals the one with the larger share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import erfc, exp, inf, lgamma, log, log1p, sqrt
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.incident import OTHER

LEVEL: Final = 0.001
FEWEST: Final = 5
_HALF: Final = 0.5
_LIFT: Final = 5.0
_MOST_EXACT: Final = 1000
_WORDS: Final = {
    "system": "system",
    "reason": "reason",
    "channel": "channel",
    "location": "store",
    "payment": "payment",
}


class Usual(Struct, frozen=True):
    """Of so many orders before the incident, how many had each value of each dimension."""

    orders: int = 0
    counts: Mapping[str, Mapping[str, int]] = {}

    def share(self, dimension: str, value: str) -> float:
        """The usual share; of a value never seen, half an order's."""
        n = self.counts.get(dimension, {}).get(value, 0)
        return min(1.0, max(n, 0.5) / max(1, self.orders))


class Share(Struct, frozen=True):
    """`n` of `of` orders have this value; usually the share `usual`, None where that is unknown."""

    dimension: str
    value: str
    n: int
    of: int
    usual: float | None

    @property
    def share(self) -> float:
        """Which part of the incident's orders that is."""
        return self.n / self.of


def most_telling(
    tally: Mapping[str, Mapping[str, int]],
    orders: int,
    usual: Usual,
    given: frozenset[str] = frozenset(),
) -> Share | None:
    """The value that says most about these `orders`, or None.

    `given` are dimensions in which they agree anyway, since they are grouped by them. A dimension
    of which nothing usual is known is named only if no other says anything.
    """
    tested = [one for one in _shares(tally, orders, usual, given) if one.usual is not None]
    values = max(1, len(tested))
    told = [
        (likelihood, -one.share, one)
        for one in tested
        if _is_worth_saying(one)
        and (likelihood := log_tail(one.n, one.of, one.usual or 0.0)) < log(LEVEL / values)
    ]
    if told:
        return min(told, key=lambda each: each[:2])[2]
    unknown = [one for one in _shares(tally, orders, usual, given) if one.usual is None]
    common = [one for one in unknown if one.n >= FEWEST and one.share >= _HALF]
    return max(common, key=lambda one: one.n, default=None)


def sentence(share: Share) -> str:
    """As people say it: "82 % of them: store TH-0412, usually 3 %"."""
    part = "all of them" if share.n == share.of else f"{_percent(share.share)} of them"
    what = f"{_WORDS.get(share.dimension, share.dimension)} {share.value}"
    if share.usual is None:
        return f"{part}: {what}"
    return f"{part}: {what}, usually {_percent(share.usual)}"


def log_tail(k: int, n: int, p: float) -> float:
    """The natural logarithm of P(X >= k), X ~ B(n, p)."""
    if k <= 0:
        return 0.0
    if k > n or p <= 0.0:
        return -inf
    if p >= 1.0:
        return 0.0
    if n > _MOST_EXACT:
        return _log_normal_tail((k - 0.5 - n * p) / sqrt(n * p * (1 - p)))
    terms = [_log_term(x, n, p) for x in range(k, n + 1)]
    largest = max(terms)
    return min(0.0, largest + log(sum(exp(term - largest) for term in terms)))


def _log_term(x: int, n: int, p: float) -> float:
    choose = lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1)
    return choose + x * log(p) + (n - x) * log1p(-p)


def _log_normal_tail(z: float) -> float:
    """Far out, where the tail is no number any more, by its leading term."""
    if z < 30:
        return log(0.5 * erfc(z / sqrt(2)))
    return -z * z / 2 - log(z * 2.5066282746310002)


def _shares(
    tally: Mapping[str, Mapping[str, int]], orders: int, usual: Usual, given: frozenset[str]
) -> Iterator[Share]:
    for dimension, values in tally.items():
        if dimension in given:
            continue
        of = max(orders, *values.values()) if values else orders
        is_known = usual.orders > 0 and dimension in usual.counts
        for value, n in values.items():
            if value and value != OTHER and n:
                share = usual.share(dimension, value) if is_known else None
                yield Share(dimension, value, n, of, share)


def _is_worth_saying(one: Share) -> bool:
    if one.n < FEWEST or one.usual is None or one.share <= one.usual:
        return False
    return one.share >= _HALF or one.share >= _LIFT * one.usual


def _percent(share: float) -> str:
    percent = 100 * share
    if percent < 1:
        return "under 1 %"
    return f"{min(percent, 99):.0f} %" if share < 1 else "100 %"
