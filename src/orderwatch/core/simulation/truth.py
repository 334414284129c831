"""The truth about an order: what was done to it, and what a ledger should conclude in the end.

The conclusion is drawn here from the statements that really arrive, by the rules of the product
page and without the ledger's own code, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from orderwatch.core.model import Amount, Class, Event
from orderwatch.core.simulation.plan import Meaning


class Fault(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that was done: to which statement (its event id), and how badly."""

    kind: str
    system: str
    at: datetime
    status: str | None = None
    event: str | None = None
    reason: str | None = None
    how: str | None = None
    delay_s: float | None = None
    offset_s: float | None = None
    copies: int | None = None
    stated: str | None = None
    owed: str | None = None


class LegTruth(Struct, frozen=True):
    """A leg's last word and its class."""

    status: str
    class_: Class = field(name="class")


class AmountTruth(Struct, frozen=True):
    """An amount that differs from what the OMS says the order is worth."""

    system: str
    kind: str
    stated: str
    owed: str


class Expected(Struct, frozen=True):
    """What the ledger holds once every message has arrived and every deadline has passed.

    `status` None: the OMS never spoke, its events stay parked. `overdue`: the order is still open.
    `deviations` are kinds that must be recorded; there may be more.
    """

    status: str | None
    class_: Class | None = field(name="class")
    overdue: bool
    refunded: bool
    legs: dict[str, LegTruth]
    deviations: tuple[str, ...]
    mismatches: tuple[AmountTruth, ...]
    events: int
    duplicates: int
    dead_letters: int


class Truth(Struct, frozen=True, kw_only=True):
    """One line of the truth file.

    `natural` is the course the order's life took; null if a fault replaced it.
    """

    order_id: str
    placed_at: datetime
    natural: str | None
    channel: str
    fulfilment: str
    delivery: str
    payment: str
    location: str
    amount: Amount
    faults: tuple[Fault, ...]
    expected: Expected


class Arrived(Struct, frozen=True):
    """What reaches the ledger: understood events, the OMS's ones that do not, and what repeats."""

    events: Sequence[Event]
    oms_missing: bool
    duplicates: int
    dead_letters: int


def conclude(arrived: Arrived, faults: Sequence[Fault], owed: Amount, meaning: Meaning) -> Expected:
    """The ledger's conclusion: the last words by event time, D3 and D4 of the product page."""
    ordered = sorted(arrived.events, key=lambda event: (event.time, event.id))
    status = _status([event for event in ordered if event.data.system == meaning.oms], meaning)
    legs = _legs(ordered, meaning)
    class_ = None if status is None else _class(meaning.oms_classes[status], legs)
    return Expected(
        status=status,
        class_=class_,
        overdue=class_ is Class.DELAYED,
        refunded=status is not None and _refunded(ordered),
        legs=legs,
        deviations=_deviations(ordered, arrived, faults, meaning),
        mismatches=_mismatches(ordered, owed, meaning),
        events=len(ordered),
        duplicates=arrived.duplicates,
        dead_letters=arrived.dead_letters,
    )


def _status(spoken: Sequence[Event], meaning: Meaning) -> str | None:
    """The OMS's last word; nothing comes after a final one."""
    status = None
    for event in spoken:
        if status not in meaning.final:
            status = event.data.status
    return status


def _legs(ordered: Sequence[Event], meaning: Meaning) -> dict[str, LegTruth]:
    legs: dict[str, LegTruth] = {}
    for event in ordered:
        said = event.data
        if said.system != meaning.oms:
            classes = meaning.leg_classes[said.system]
            legs[said.system] = LegTruth(said.status, classes.get(said.status, Class.DELAYED))
    return legs


def _class(own: Class, legs: dict[str, LegTruth]) -> Class:
    """An open order is Failed while a leg is; the OMS's Success or Failed stands."""
    failed = any(leg.class_ is Class.FAILED for leg in legs.values())
    return Class.FAILED if own is Class.DELAYED and failed else own


def _refunded(ordered: Sequence[Event]) -> bool:
    return any(event.data.amount and event.data.amount.kind == "refunded" for event in ordered)


def _deviations(
    ordered: Sequence[Event], arrived: Arrived, faults: Sequence[Fault], meaning: Meaning
) -> tuple[str, ...]:
    kinds = []
    repeated = any(fault.kind == "regression" for fault in faults)
    if repeated and not arrived.oms_missing:
        kinds.append("regression")
    placed = [event.time for event in ordered if event.data.system == meaning.oms]
    if placed and not arrived.oms_missing and ordered[0].time < placed[0] - meaning.skew:
        kinds.append("impossible_time")
    return tuple(kinds)


def _mismatches(
    ordered: Sequence[Event], owed: Amount, meaning: Meaning
) -> tuple[AmountTruth, ...]:
    return tuple(
        AmountTruth(said.system, str(said.amount.kind), said.amount.value, owed.value)
        for said in (event.data for event in ordered)
        if said.amount and said.system != meaning.oms and said.amount.value != owed.value
    )
