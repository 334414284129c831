"""The large figures: each with what it was before, and a line of how it came about."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Struct

from orderwatch.core.reading.comparison import Difference, Good, compare, compare_rates
from orderwatch.core.reading.tally import Tally
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.languages import number

NONE: Final = "\N{EN DASH}"
"""What stands where nothing is known."""


class Beside(Struct, frozen=True):
    """A difference in words; `is_worse` alone is coloured. `then` is said on hover."""

    text: str
    is_worse: bool = False
    then: str = ""
    is_same: bool = False


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
    currency = words.unit(now.value.currency)
    risk, risk_then = (Decimal(t.value.failed) + Decimal(t.value.overdue) for t in (now, then))
    known = then.total > 0

    def count(n: int, was: int, good: Good) -> Beside | None:
        return _count_beside(compare(n, was, good)) if known else None

    rates = compare_rates(now.success_rate, then.success_rate)
    figures = [
        Figure(
            "rate",
            _("Success rate"),
            rate or NONE,
            "%" if rate else "",
            _("of %(n)s that ended", n=number(now.success + now.failed)),
            _rate_beside(rates) if known else None,
        ),
        Figure(
            "success",
            _("Success"),
            number(now.success),
            "",
            _("%(n)s refunded", n=number(now.refunded))
            if now.refunded
            else _("of %(n)s placed", n=number(now.total)),
            count(now.success, then.success, "neither"),
            "success",
        ),
        Figure(
            "failed",
            _("Failed"),
            number(now.failed),
            "",
            f"{words.money(now.value.failed)} {currency}",
            count(now.failed, then.failed, "fewer"),
            "failed",
            now.failed > 0,
        ),
        Figure(
            OVERDUE,
            _("Overdue"),
            number(now.overdue),
            "",
            f"{words.money(now.value.overdue)} {currency}",
            count(now.overdue, then.overdue, "fewer"),
            OVERDUE,
            now.overdue > 0,
        ),
        Figure(
            WAITING, _("Waiting"), number(now.waiting), "", _("within their time"), None, WAITING
        ),
        Figure(
            "risk",
            _("Money at risk"),
            words.whole_money(risk),
            currency,
            _("failed and overdue"),
            _money_beside(compare(risk, risk_then, "fewer", few=1), currency) if known else None,
        ),
    ]
    return {figure.name: figure for figure in figures}


def _count_beside(difference: Difference) -> Beside:
    """ "+12 more", the same, or fewer with a minus."""
    by, then = number(abs(difference.by)), number(difference.then)
    more, fewer = _("+%(n)s more", n=by), _("\N{MINUS SIGN}%(n)s fewer", n=by)
    return _beside(difference, bool(difference.by), more if difference.by > 0 else fewer, then)


def _rate_beside(difference: Difference | None) -> Beside | None:
    if difference is None:
        return None
    by, then = number(abs(difference.by), 1), number(difference.then, 1)
    better, worse = _("+%(n)s points better", n=by), _("\N{MINUS SIGN}%(n)s points worse", n=by)
    text = better if difference.by > 0 else worse
    return _beside(difference, bool(difference.by), text, f"{then} %")


def _money_beside(difference: Difference, currency: str) -> Beside:
    amount, then = (words.whole_money(n) for n in (abs(difference.by), difference.then))
    more, less = _("+%(n)s more", n=amount), _("\N{MINUS SIGN}%(n)s less", n=amount)
    text = more if difference.by > 0 else less
    return _beside(difference, bool(round(difference.by)), text, f"{then} {currency}")


def _beside(difference: Difference, differs: bool, text: str, then: str) -> Beside:
    said = text if differs else _("the same")
    return Beside(said, difference.is_worse, then, is_same=not differs)
