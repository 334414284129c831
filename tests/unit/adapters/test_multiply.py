"""A ledger is multiplied for a benchmark: each copy is the same day, earlier, of other orders."""

from __future__ import annotations

from datetime import date

from orderwatch.adapters.postgres.multiply import Base, Shift

ROWS = (
    b'1\t7310001\t2026-01-31 23:10:00+00\t["7310001","2026-02-01T04:00:00Z","PSP-7310001"]\n'
    b'1\t7310002\t2026-01-31 23:20:00+00\t["7310002","2026-02-02T04:00:00Z","PSP-7310002"]\n'
)
SHIFT = Shift(Base("731", 10_000, date(2026, 2, 2)), {"orders": ROWS})


def test_a_copy_has_other_orders_and_earlier_dates_in_columns_and_in_documents() -> None:
    first, second = SHIFT.copy("orders", 3).splitlines()
    assert first == (
        b'1\t7280001\t2026-01-28 23:10:00+00\t["7280001","2026-01-29T04:00:00Z","PSP-7280001"]'
    )
    assert second.startswith(b"1\t7280002\t2026-01-28 23:20:00+00\t")


def test_dates_that_are_not_the_orders_own_stay() -> None:
    assert b"2026-02-02T04:00:00Z" in SHIFT.copy("orders", 3)


def test_a_copy_is_as_long_as_its_original_and_no_two_are_alike() -> None:
    copies = {SHIFT.copy("orders", number) for number in range(50)}
    assert len(copies) == 50
    assert {len(copy) for copy in copies} == {len(ROWS)}
    assert ROWS in copies
