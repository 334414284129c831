"""The large figures beside what they were."""

from __future__ import annotations

from decimal import Decimal

from orderwatch.core.reading.tally import Cell, Tally, tally
from orderwatch.entrypoints.console.figures import Figure, figures_of

NOTHING = tally([], "THB")


def counted(**buckets: int) -> Tally:
    """So many of each, worth a hundred baht each."""
    return tally((Cell("", "", name, n, Decimal(100 * n)) for name, n in buckets.items()), "THB")


def said(figures: dict[str, Figure], name: str) -> tuple[str, bool]:
    beside = figures[name].beside
    assert beside is not None
    return beside.text, beside.is_worse


def test_each_figure_says_how_it_differs_and_what_is_bad_news() -> None:
    figures = figures_of(
        counted(success=80, failed=20, overdue=5, waiting=40), counted(success=96, failed=4)
    )
    assert said(figures, "rate") == ("\N{MINUS SIGN}16.0 points worse", True)
    assert said(figures, "failed") == ("+16 more", True)
    assert said(figures, "overdue") == ("+5 more", True)
    assert said(figures, "risk") == ("+2,100 more", True)
    assert figures["failed"].beside is not None
    assert figures["failed"].beside.then == "4"


def test_orders_still_under_way_are_no_bad_news() -> None:
    figures = figures_of(counted(success=10, waiting=90), counted(success=100))
    assert said(figures, "success") == ("\N{MINUS SIGN}90 fewer", False)
    assert figures["waiting"].beside is None


def test_what_did_not_change_says_so() -> None:
    figures = figures_of(counted(success=10, failed=1), counted(success=10, failed=1))
    assert {said(figures, name) for name in ("rate", "success", "failed", "risk")} == {
        ("the same", False)
    }


def test_without_orders_then_nothing_is_compared() -> None:
    figures = figures_of(counted(success=3, failed=9), NOTHING)
    assert all(figure.beside is None for figure in figures.values())
    assert figures_of(NOTHING, NOTHING)["rate"].number == "\N{EN DASH}"
