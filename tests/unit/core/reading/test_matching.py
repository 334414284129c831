"""An order on the screen is known to have left the list when the filter does not name it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.story import T0, placed, said, told

from orderwatch.core.model import Class
from orderwatch.core.reading.matching import matches
from orderwatch.core.reading.wanted import ANY_DEVIATION, OrderFilter

ORDER = told(
    placed(0, amount="100.00", channel="app", location="TH-1"),
    said("commerce_engine", "ACCEPTED", 1),
    said("phoenix_oms", "SHIPPING", 5),
    said("phoenix_oms", "PROCESSING", 9),
)


@pytest.mark.parametrize(
    ("wanted", "is_named"),
    [
        (OrderFilter(), True),
        (OrderFilter(class_=Class.DELAYED, overdue=False), True),
        (OrderFilter(class_=Class.FAILED), False),
        (OrderFilter(overdue=True), False),
        (OrderFilter(status="PROCESSING"), True),
        (OrderFilter(status="SHIPPING"), False),
        (OrderFilter(channel="app", location="TH-1"), True),
        (OrderFilter(channel="website"), False),
        (OrderFilter(location="TH-2"), False),
        (OrderFilter(system="commerce_engine"), True),
        (OrderFilter(system="loginext"), False),
        (OrderFilter(placed_from=T0, placed_to=T0 + timedelta(seconds=1)), True),
        (OrderFilter(placed_to=T0), False),
        (OrderFilter(placed_from=T0 + timedelta(seconds=1)), False),
        (OrderFilter(amount_from=Decimal(100), amount_to=Decimal("100.0")), True),
        (OrderFilter(amount_from=Decimal("100.01")), False),
        (OrderFilter(amount_to=Decimal("99.99")), False),
        (OrderFilter(deviation=ANY_DEVIATION), True),
        (OrderFilter(deviation="regression"), True),
        (OrderFilter(deviation="unknown_system"), False),
        (OrderFilter(text="whatever it was found by"), True),
    ],
)
def test_a_filter_names_an_order_or_does_not(wanted: OrderFilter, is_named: bool) -> None:
    assert matches(ORDER, wanted) is is_named


def test_an_order_without_an_amount_is_of_no_amount() -> None:
    assert not matches(told(placed()), OrderFilter(amount_from=Decimal(-5)))


def test_an_order_without_irregularities_has_none_of_any_kind() -> None:
    assert not matches(told(placed()), OrderFilter(deviation=ANY_DEVIATION))
