"""The large figures: each with what it was before, and a line of how it came about."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Struct

from orderwatch.core.reading.comparison import Difference, Good, compare, compare_rates
from orderwatch.core.reading.tally import Tally
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words

NONE: Final = "\N{EN DASH}"
"""What stands where nothing is known."""
SAME: Final = "the same"


class Beside(Struct, frozen=True):
    """A difference in words; `is_worse` alone is coloured. `then` is said on hover."""

    text: str
    is_worse: bool = False
    then: str = ""


class Figure(Struct, frozen=True):
    """One figure. `state`: one of the five, which have a mark; `hot`: there is trouble."""

    name: str
    title: str
    number: str
    unit: str
    sub: str
    beside: Beside | None
    state: str | None = None
    hot: bool = False


def figures_of(now: Tally, then: Tally) -> dict[str, Figure]:
    """All by name. Without orders then, nothing is held against anything.

    Success only counts up while the orders of this time are under way, so fewer is no bad news.
    """
    rate = words.share(now.success, now.success + now.failed)
    currency = now.value.currency
    risk, risk_then = (Decimal(t.value.failed) + Decimal(t.value.overdue) for t in (now, then))
    known = then.total > 0

    def count(n: int, was: int, good: Good) -> Beside | None:
        return _count_beside(compare(n, was, good)) if known else None

    rates = compare_rates(now.success_rate, then.success_rate)
    figures = [
        Figure(
            "rate",
            "Success rate",
            rate or NONE,
            "%" if rate else "",
            f"of {now.success + now.failed:,} that ended",
            _rate_beside(rates) if known else None,
        ),
        Figure(
            "success",
            "Success",
            f"{now.success:,}",
            "",
            f"{now.refunded:,} refunded" if now.refunded else f"of {now.total:,} placed",
            count(now.success, then.success, "neither"),
            "success",
        ),
        Figure(
            "failed",
            "Failed",
            f"{now.failed:,}",
            "",
            f"{words.money(now.value.failed)} {currency}",
            count(now.failed, then.failed, "fewer"),
            "failed",
            now.failed > 0,
        ),
        Figure(
            OVERDUE,
            "Overdue",
            f"{now.overdue:,}",
            "",
            f"{words.money(now.value.overdue)} {currency}",
            count(now.overdue, then.overdue, "fewer"),
            OVERDUE,
            now.overdue > 0,
        ),
        Figure(WAITING, "Waiting", f"{now.waiting:,}", "", "within their time", None, WAITING),
        Figure(
            "risk",
            "Money at risk",
            words.whole_money(risk),
            currency,
            "failed and overdue",
            _money_beside(compare(risk, risk_then, "fewer", few=1), currency) if known else None,
        ),
    ]
    return {figure.name: figure for figure in figures}


def _count_beside(difference: Difference) -> Beside:
    """ "+12 more", "the same", or fewer with a minus."""
    sign, word = _turn(difference, "more", "fewer")
    text = f"{sign}{abs(difference.by):,f} {word}" if difference.by else SAME
    return Beside(text, difference.is_worse, f"{difference.then:,f}")


def _rate_beside(difference: Difference | None) -> Beside | None:
    if difference is None:
        return None
    sign, word = _turn(difference, "better", "worse")
    text = f"{sign}{abs(difference.by):f} points {word}" if difference.by else SAME
    return Beside(text, difference.is_worse, f"{difference.then:f} %")


def _money_beside(difference: Difference, currency: str) -> Beside:
    sign, word = _turn(difference, "more", "less")
    amount = words.whole_money(abs(difference.by))
    text = f"{sign}{amount} {word}" if round(difference.by) else SAME
    return Beside(text, difference.is_worse, f"{words.whole_money(difference.then)} {currency}")


def _turn(difference: Difference, up: str, down: str) -> tuple[str, str]:
    return ("+", up) if difference.by > 0 else ("\N{MINUS SIGN}", down)
