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


def figures_of(now: Tally, then: Tally, before: str) -> dict[str, Figure]:
    """All by name; `before` is what the time before is called. Without orders then, nothing is."""
    rate = words.share(now.success, now.success + now.failed)
    currency = now.value.currency
    risk, risk_then = (Decimal(t.value.failed) + Decimal(t.value.overdue) for t in (now, then))
    known = then.total > 0

    def count(n: int, was: int, good: Good) -> Beside | None:
        return beside(compare(n, was, good), before) if known else None

    rates = compare_rates(now.success_rate, then.success_rate)
    figures = [
        Figure(
            "rate",
            "Success rate",
            rate or NONE,
            "%" if rate else "",
            f"of {now.success + now.failed:,} that ended",
            _rate_beside(rates, before) if known else None,
        ),
        Figure(
            "success",
            "Success",
            f"{now.success:,}",
            "",
            f"{now.refunded:,} refunded" if now.refunded else f"of {now.total:,} placed",
            count(now.success, then.success, "more"),
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
            _money_beside(risk, risk_then, before, currency) if known else None,
        ),
    ]
    return {figure.name: figure for figure in figures}


def beside(difference: Difference, before: str, unit: str = "", then: str = "") -> Beside:
    """ "+12 more than yesterday", or less with a minus, or "as yesterday"."""
    was = then or f"{difference.then:,f}"
    if not difference.by:
        return Beside(f"as {before}", then=was)
    sign, word = ("+", "more") if difference.by > 0 else ("\N{MINUS SIGN}", "fewer")
    text = f"{sign}{abs(difference.by):,f}{unit} {word} than {before}"
    return Beside(text, difference.is_worse, was)


def _rate_beside(difference: Difference | None, before: str) -> Beside | None:
    if difference is None:
        return None
    then = f"{difference.then:f} %"
    if not difference.by:
        return Beside(f"as {before}", then=then)
    sign, word = ("+", "better") if difference.by > 0 else ("\N{MINUS SIGN}", "worse")
    text = f"{sign}{abs(difference.by):f} points {word} than {before}"
    return Beside(text, difference.is_worse, then)


def _money_beside(now: Decimal, then: Decimal, before: str, currency: str) -> Beside:
    difference = compare(now, then, "fewer", few=1)
    was = f"{words.whole_money(then)} {currency}"
    if not round(difference.by):
        return Beside(f"as {before}", then=was)
    sign, word = ("+", "more") if difference.by > 0 else ("\N{MINUS SIGN}", "less")
    text = f"{sign}{words.whole_money(abs(difference.by))} {word} than {before}"
    return Beside(text, difference.is_worse, was)
