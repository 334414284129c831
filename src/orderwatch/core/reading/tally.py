"""Counts by bucket become what a person reads: a tally with its rate, and its money."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from msgspec import Struct

from orderwatch.core.tracking.counting import OVERDUE, REFUNDED, WAITING

_CENT: Final = Decimal("0.01")


class Cell(Struct, frozen=True):
    """A sum of counters: how many of one bucket, worth how much, at one system and channel."""

    system: str
    channel: str
    bucket: str
    n: int
    value: Decimal


class Value(Struct, frozen=True):
    """The money of a tally by bucket, decimal strings in one currency; refunded is in success."""

    currency: str
    total: str
    success: str
    failed: str
    delayed: str
    waiting: str
    overdue: str
    refunded: str


class Tally(Struct, frozen=True, kw_only=True):
    """How many of what: delayed is waiting and overdue together, refunded is part of success.

    `success_rate` is success of those that ended, between 0 and 1; None while none has.
    """

    total: int
    success: int
    failed: int
    delayed: int
    waiting: int
    overdue: int
    refunded: int
    success_rate: float | None
    value: Value


def tally(cells: Iterable[Cell], currency: str) -> Tally:
    """Sum cells, whatever their systems and channels."""
    n: dict[str, int] = {}
    money: dict[str, Decimal] = {}
    for cell in cells:
        n[cell.bucket] = n.get(cell.bucket, 0) + cell.n
        money[cell.bucket] = money.get(cell.bucket, Decimal(0)) + cell.value
    success, failed = n.get("success", 0), n.get("failed", 0)
    waiting, overdue = n.get(WAITING, 0), n.get(OVERDUE, 0)
    return Tally(
        total=success + failed + waiting + overdue,
        success=success,
        failed=failed,
        delayed=waiting + overdue,
        waiting=waiting,
        overdue=overdue,
        refunded=n.get(REFUNDED, 0),
        success_rate=success_rate(success, failed),
        value=_value(money, currency),
    )


def success_rate(success: int, failed: int) -> float | None:
    """The share of success among those that ended; None while none has."""
    return success / (success + failed) if success + failed else None


def _value(money: dict[str, Decimal], currency: str) -> Value:
    nothing = Decimal(0)
    success, failed = money.get("success", nothing), money.get("failed", nothing)
    waiting, overdue = money.get(WAITING, nothing), money.get(OVERDUE, nothing)
    return Value(
        currency=currency,
        total=_money(success + failed + waiting + overdue),
        success=_money(success),
        failed=_money(failed),
        delayed=_money(waiting + overdue),
        waiting=_money(waiting),
        overdue=_money(overdue),
        refunded=_money(money.get(REFUNDED, nothing)),
    )


def _money(amount: Decimal) -> str:
    """Two places, or as many more as the amount really has."""
    short = amount.quantize(_CENT)
    return f"{short if short == amount else amount.normalize():f}"
