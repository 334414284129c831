"""Whether an order as judged now is one of those a filter names, as the list would have it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from orderwatch.core.model import Order
from orderwatch.core.reading.wanted import ANY_DEVIATION, OrderFilter


def matches(order: Order, wanted: OrderFilter) -> bool:
    """Whether every part of the filter names this order; what it was found by never changes."""
    return all(part(order, wanted) for part in _PARTS)


def _is_of_class(order: Order, wanted: OrderFilter) -> bool:
    return wanted.class_ in {None, order.class_} and wanted.overdue in {None, order.overdue}


def _is_in_status(order: Order, wanted: OrderFilter) -> bool:
    return wanted.status in {None, order.status}


def _is_from_there(order: Order, wanted: OrderFilter) -> bool:
    return wanted.channel in {None, order.channel} and wanted.location in {None, order.location}


def _goes_to(order: Order, wanted: OrderFilter) -> bool:
    return wanted.system is None or any(leg.system == wanted.system for leg in order.legs)


def _was_placed_then(order: Order, wanted: OrderFilter) -> bool:
    late_enough = wanted.placed_from is None or order.placed_at >= wanted.placed_from
    return late_enough and (wanted.placed_to is None or order.placed_at < wanted.placed_to)


def _costs_that(order: Order, wanted: OrderFilter) -> bool:
    if wanted.amount_from is None and wanted.amount_to is None:
        return True
    if order.amount is None:
        return False
    value = Decimal(order.amount.value)
    enough = wanted.amount_from is None or value >= wanted.amount_from
    return enough and (wanted.amount_to is None or value <= wanted.amount_to)


def _is_irregular(order: Order, wanted: OrderFilter) -> bool:
    if wanted.deviation is None:
        return True
    if wanted.deviation == ANY_DEVIATION:
        return order.deviation_count > 0
    return any(deviation.kind == wanted.deviation for deviation in order.deviations)


_PARTS: Final[tuple[Callable[[Order, OrderFilter], bool], ...]] = (
    _is_of_class,
    _is_in_status,
    _is_from_there,
    _goes_to,
    _was_placed_then,
    _costs_that,
    _is_irregular,
)
