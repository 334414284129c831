"""What the systems of one order disagree about, as far as its own events tell (D3).

Of the six types these two can be seen without comparing whole data sets. `status`: the OMS says
Success and a required leg failed, or it says Failed and a leg succeeded after that all the same.
`total`: a system states another amount than the OMS's order total. A mismatch changes no class.

Other currencies, cents and signs all count as different. More must not be refunded than the order
is worth; less is a part of it. An amount of a kind nobody named is not held against anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from orderwatch.core.flow.template import Status, Template
from orderwatch.core.model import Amount, Class, Leg, Mismatch
from orderwatch.core.tracking.state import OrderState

_OWED: Final = frozenset(
    {"order_total", "authorized", "captured", "invoiced", "cod_expected", "cod_collected"}
)
"""Kinds that ought to be the order's total."""


def mismatches_of(
    state: OrderState, legs: Sequence[Leg], template: Template
) -> tuple[Mismatch, ...]:
    """In the order of the flow: those about the status, then those about money.

    Asked with every event, so what most orders are is looked at first.
    """
    found: list[Mismatch] = []
    status = template.statuses.get(state.understood or "")
    if status is not None and status.class_ is not Class.DELAYED:
        found += _of_status(state, legs, status, template)
    if state.amount is not None:
        found += _of_total(state, state.amount, template)
    return tuple(found)


def _of_status(
    state: OrderState, legs: Sequence[Leg], status: Status, template: Template
) -> Iterator[Mismatch]:
    since = state.since
    assert since is not None
    for leg in legs:
        if leg.status is not None and _contradicts(leg, status.class_, since, template):
            yield Mismatch(
                type="status",
                system=leg.system,
                of="status",
                says=leg.status,
                expected=status.name,
                since=max(leg.ended_at or since, since),
            )


def _contradicts(leg: Leg, class_: Class, since: datetime, template: Template) -> bool:
    """What succeeded before the OMS called the order Failed was right at its time."""
    if not leg.required or leg.ended_at is None:
        return False
    if class_ is Class.SUCCESS:
        return leg.class_ is Class.FAILED
    return leg.class_ is Class.SUCCESS and leg.ended_at > since + template.clock.skew


def _of_total(state: OrderState, owed: Amount, template: Template) -> Iterator[Mismatch]:
    for name, (value, currency) in state.amounts.items():
        if value == owed.value and currency == owed.currency:
            continue
        system, _, kind = name.rpartition("/")
        if kind == "refunded":
            differs = _exceeds(value, currency, owed)
        else:
            differs = kind in _OWED and system != template.oms and _differs(value, currency, owed)
        if differs:
            yield Mismatch(
                type="total",
                system=system,
                of=kind,
                says=f"{value} {currency}",
                expected=f"{owed.value} {owed.currency}",
            )


def _differs(value: str, currency: str, owed: Amount) -> bool:
    return currency != owed.currency or Decimal(value) != owed.decimal


def _exceeds(value: str, currency: str, owed: Amount) -> bool:
    return currency != owed.currency or Decimal(value) > owed.decimal
