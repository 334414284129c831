"""Cells are read exactly: amounts never pass through a float, times end in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.mapping.small_shop import SHOP, rules_of

from orderwatch.core.mapping.rows import list_items
from orderwatch.core.mapping.rules import MappingRules
from orderwatch.core.mapping.values import Facts, in_decimals, instant_at, number_at, sum_of
from orderwatch.core.model import FieldError


def shop_with(formats: str) -> MappingRules:
    return rules_of(SHOP.replace("decimals: 2", f"decimals: 2\ntime_formats: {formats}"))


@pytest.mark.parametrize(
    ("formats", "text", "instant"),
    [
        ("iso", "2024-05-01 09:00:00", datetime(2024, 5, 1, 2, tzinfo=UTC)),
        ("iso", "2024-05-01T09:00:00.250Z", datetime(2024, 5, 1, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("iso", "2024-05-01", datetime(2024, 4, 30, 17, tzinfo=UTC)),
        ("'%d/%m/%Y %H:%M'", "01/05/2024 09:00", datetime(2024, 5, 1, 2, tzinfo=UTC)),
        ("['%d.%m.%Y', iso]", "2024-05-01 09:00:00", datetime(2024, 5, 1, 2, tzinfo=UTC)),
        ("epoch_s", "1714554000", datetime(2024, 5, 1, 9, tzinfo=UTC)),
        ("epoch_ms", "1714554000250", datetime(2024, 5, 1, 9, 0, 0, 250_000, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_the_mapping_says(formats: str, text: str, instant: datetime) -> None:
    assert instant_at("at", Facts(shop_with(formats), {"at": text})) == instant


@pytest.mark.parametrize(
    "text", ["nan", "inf", "1e400", "24:61", "0001-01-01", "9999-12-31T23:59-09:00"]
)
def test_an_impossible_time_is_a_problem_not_a_crash(text: str) -> None:
    for formats in ("iso", "epoch_s", "epoch_ms"):
        assert isinstance(instant_at("at", Facts(shop_with(formats), {"at": text})), FieldError)


@pytest.mark.parametrize(
    "text", ["1e3", "NaN", "Infinity", "1,5", "0x10", "१२", "1_000", "--1", "1."]
)
def test_what_is_not_plainly_a_number_is_a_problem(text: str) -> None:
    assert isinstance(number_at("n", Facts(rules_of(SHOP), {"n": text})), FieldError)


@given(st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=1, max_size=30))
def test_a_sum_is_exact(numbers: list[Decimal]) -> None:
    cells = {f"c{place}": f"{number:f}" for place, number in enumerate(numbers)}
    total = sum_of(tuple(cells), Facts(rules_of(SHOP), cells))
    assert isinstance(total, Decimal)
    assert total * 10_000 == sum(int(number * 10_000) for number in numbers)
    assert Decimal(in_decimals(total, 2)) == total


@pytest.mark.parametrize(
    ("number", "written"),
    [("5", "5.00"), ("1580.0", "1580.00"), ("0.1250", "0.125"), ("-3.10", "-3.10"), ("0", "0.00")],
)
def test_an_amount_has_at_least_the_decimals_of_its_currency(number: str, written: str) -> None:
    assert in_decimals(Decimal(number), 2) == written


def test_a_currency_may_have_no_decimals() -> None:
    assert in_decimals(Decimal("1500.00"), 0) == "1500"


@pytest.mark.parametrize(
    ("cell", "items"),
    [("['a', 'b']", ("a", "b")), ('["a"]', ("a",)), ("a, b", ("a", "b")), (" ", ()), ("[]", ())],
)
def test_a_list_in_a_cell_is_read_however_it_is_written(cell: str, items: tuple[str, ...]) -> None:
    assert list_items(cell) == items


def test_a_zone_with_summer_time_is_applied_by_the_day() -> None:
    rules = rules_of(SHOP.replace("Asia/Bangkok", "Europe/Berlin"))
    winter = instant_at("at", Facts(rules, {"at": "2024-01-01 12:00:00"}))
    summer = instant_at("at", Facts(rules, {"at": "2024-07-01 12:00:00"}))
    assert isinstance(winter, datetime)
    assert isinstance(summer, datetime)
    assert (winter.hour, summer.hour) == (11, 10)
    assert winter.utcoffset() == timedelta(0)
