"""Orders as a table for people's spreadsheets: one row each, times in a zone the header names."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Leg, Order
from orderwatch.core.reading.csv_text import Cell
from orderwatch.core.tracking.counting import bucket

_BEFORE_LEGS: Final = (
    *("order_id", "state", "class", "status", "why", "channel", "fulfilment", "delivery"),
    *("location", "amount", "currency", "refunded"),
)
_TIMES: Final = ("placed", "status_since", "deadline", "updated")
_AFTER_LEGS: Final = ("deviations", "deviation_kinds", "references")
_YES_NO: Final = {True: "yes", False: "no"}


def header(template: Template, zone_name: str) -> list[Cell]:
    """What each column is; a leg's has its verdict, the times stand in the zone named."""
    times = [f"{name} ({zone_name})" for name in _TIMES]
    return [*_BEFORE_LEGS, *times, *template.legs, *_AFTER_LEGS]


def row(order: Order, template: Template, zone: tzinfo) -> list[Cell]:
    """One order, as judged, in the columns of `header`."""
    legs = {leg.system: leg for leg in order.legs}
    kinds = dict.fromkeys(deviation.kind.value for deviation in order.deviations)
    return [
        order.order_id,
        bucket(order.class_, order.overdue),
        order.class_.value,
        order.status,
        order.why.sentence,
        order.channel,
        order.fulfilment,
        order.delivery,
        order.location,
        order.amount.decimal if order.amount else None,
        order.amount.currency if order.amount else None,
        _YES_NO[order.refunded],
        _local(order.placed_at, zone),
        _local(order.status_since, zone),
        _local(order.deadline, zone),
        _local(order.updated_at, zone),
        *(_leg(legs.get(system)) for system in template.legs),
        order.deviation_count,
        " ".join(kinds),
        "; ".join(f"{name}={value}" for name, value in order.refs.items()),
    ]


def _local(at: datetime | None, zone: tzinfo) -> str | None:
    """As every spreadsheet reads a time; the zone is the header's."""
    return None if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _leg(leg: Leg | None) -> str | None:
    return None if leg is None else bucket(leg.class_, leg.overdue)
