"""A spreadsheet shows what orders say, and runs nothing of it."""

from __future__ import annotations

import csv
from datetime import UTC
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.story import lotus, placed, said, told

from orderwatch.core.reading.csv_text import csv_line
from orderwatch.core.reading.order_table import header, row


@pytest.mark.parametrize(
    "text", ["=1+1", "+66", "-2", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\r=1"]
)
def test_what_looks_like_a_formula_is_only_text(text: str) -> None:
    (cells,) = csv.reader(StringIO(csv_line([text, "end"]), newline=""))
    assert cells == [f"'{text}", "end"]


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    line = csv_line([Decimal("-12.5000"), 3, None, "a"])
    assert line == "-12.5000,3,,a\r\n"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(texts, min_size=2, max_size=6))
def test_every_text_comes_back_as_it_was_or_with_an_apostrophe(cells: list[str]) -> None:
    (read,) = csv.reader(StringIO(csv_line(cells), newline=""))
    for before, after in zip(cells, read, strict=True):
        assert after in {before, f"'{before}"}
        assert not after.lstrip(" ").startswith(("=", "+", "-", "@"))


def test_an_order_is_one_row_with_times_in_the_zone_the_header_names() -> None:
    order = told(
        placed(0, amount="10.50", refs={"invoice_no": "=INV-1"}, channel="app"),
        said("commerce_engine", "ACCEPTED", 2),
    )
    names = header(lotus(), "Asia/Bangkok")
    cells = dict(zip(names, row(order, lotus(), ZoneInfo("Asia/Bangkok")), strict=True))
    assert cells["order_id"] == "o-1"
    assert cells["state"] == "waiting"
    assert cells["amount"] == Decimal("10.50")
    assert cells["placed (Asia/Bangkok)"] == "2026-03-02 16:00:00"
    assert cells["commerce_engine"] == "success"
    assert cells["invoice"] is None
    assert cells["references"] == "invoice_no==INV-1"
    in_utc = dict(zip(names, row(order, lotus(), UTC), strict=True))
    assert in_utc["placed (Asia/Bangkok)"] == "2026-03-02 09:00:00"
