"""The address of the orders list says all that is asked, and addresses of its neighbours follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.story import T0, lotus

from orderwatch.core.model import Class, TenantId
from orderwatch.core.reading.cursor import write_cursor
from orderwatch.core.reading.wanted import OrderFilter, OrderQuery, Place
from orderwatch.entrypoints.console.columns import SHOWN, aligned, chosen_columns
from orderwatch.entrypoints.console.counted import Counted
from orderwatch.entrypoints.console.filters import chips_of, headline, state_tabs
from orderwatch.entrypoints.console.listing import Asked, asked_of, filter_of, query_of
from orderwatch.entrypoints.console.pages import Visit
from orderwatch.entrypoints.web.sign_in import Reader

VISIT = Visit(Reader(TenantId(1)), lotus(), T0)
"""09:00 in UTC, 16:00 where the shops are."""


def asked(query: str) -> Asked:
    return asked_of(parse_qsl(query))


def filter_for(query: str) -> OrderFilter:
    wanted = filter_of(asked(query), VISIT)
    assert isinstance(wanted, OrderFilter), wanted
    return wanted


def test_an_address_without_a_range_is_about_the_last_day_but_a_search_about_all_time() -> None:
    assert filter_for("").placed_from == T0 - timedelta(days=1)
    assert filter_for("q=INV").placed_from is None
    assert filter_for("q=INV&range=7d").placed_from == T0 - timedelta(days=7)


def test_today_begins_at_midnight_where_the_shops_are() -> None:
    assert filter_for("range=today").placed_from == T0 - timedelta(hours=16)


def test_a_time_of_ones_own_is_that_of_the_shops_unless_it_says_otherwise() -> None:
    wanted = filter_for("from=2026-03-02T15:00&to=2026-03-02T10:30:00%2B01:00")
    assert wanted.placed_from == T0 - timedelta(hours=1)
    assert wanted.placed_to == T0 + timedelta(minutes=30)
    assert asked("from=2026-03-02T15:00&range=7d").range == "custom"


@pytest.mark.parametrize(
    ("state", "class_", "overdue"),
    [
        ("failed", Class.FAILED, None),
        ("overdue", None, True),
        ("waiting", Class.DELAYED, False),
        ("success", Class.SUCCESS, None),
    ],
)
def test_a_state_is_chosen_by_its_address(state: str, class_: Any, overdue: Any) -> None:
    before = asked("class=failed&overdue=false&channel=app&cursor=x&beside=o-1")
    (tab,) = [one for one in state_tabs(before, Counted(0, exact=True)) if one.state == state]
    chosen = asked(urlsplit(tab.address).query)
    wanted = filter_for(urlsplit(tab.address).query)
    assert (wanted.class_, wanted.overdue, wanted.channel) == (class_, overdue, "app")
    assert chosen.state == state
    assert not {"cursor", "beside"} & set(chosen.values)


def test_what_is_wrong_is_named() -> None:
    faults = filter_of(asked("amount_from=much&from=2026-13-45T00:00&class=lost"), VISIT)
    assert isinstance(faults, tuple)
    assert {fault.field for fault in faults} == {"amount_from", "from", "class"}


def test_a_page_of_the_last_day_can_be_turned_a_minute_later() -> None:
    cursor = write_cursor(filter_for(""), Place(T0, "o-9"))
    later = Visit(VISIT.reader, VISIT.template, T0 + timedelta(minutes=3))
    after = query_of(asked(f"cursor={cursor}"), later)
    before = query_of(asked(f"before={cursor}"), later)
    assert isinstance(after, OrderQuery)
    assert isinstance(before, OrderQuery)
    assert (after.after, after.before) == (Place(T0, "o-9"), None)
    assert (before.after, before.before) == (None, Place(T0, "o-9"))


def test_every_filter_is_a_chip_whose_cross_takes_it_away() -> None:
    query = (
        "class=failed&status=PENDING&channel=app&system=stock&location=TH-1&amount_from=10"
        "&amount_to=20&deviation=regression&q=INV&from=2026-03-02T15:00&columns=state"
    )
    chips = chips_of(asked(query), filter_for(query), VISIT)
    assert [chip.name for chip in chips] == [
        *("Placed", "State", "Status", "Channel", "System", "Location", "Deviation", "Search"),
        "Amount",
    ]
    values = {chip.name: chip.value for chip in chips}
    assert values["System"] == "Stock"
    assert values["Amount"] == "10 to 20 THB"
    for chip in chips:
        rest = chips_of(
            asked(urlsplit(chip.without).query), filter_for(urlsplit(chip.without).query), VISIT
        )
        assert [one.name for one in rest] == [one.name for one in chips if one != chip]


def test_the_sentence_says_how_many_of_what() -> None:
    exact, many = Counted(1, exact=True), Counted(1_000, exact=False)
    said = headline(asked("class=failed&range=today"), exact)
    assert (said.number, said.what, said.when) == ("1", "failed order", "placed today")
    said = headline(asked("overdue=true&location=TH-1"), many)
    assert (said.number, said.what) == ("More than 1,000", "overdue orders like this")


def test_what_is_saved_of_an_address_is_its_filter_and_columns() -> None:
    of = asked("class=failed&columns=state,why&cursor=x&before=y&beside=o-1&unknown=1")
    assert of.query == "class=failed&columns=state%2Cwhy"
    assert of.file() == "/orders.csv?class=failed&range=24h"


def test_columns_stand_in_the_lists_order_and_unknown_ones_are_left_out() -> None:
    assert chosen_columns("amount,state,nonsense") == ("order", "state", "amount")
    assert chosen_columns("") == SHOWN
    assert chosen_columns("nonsense") == SHOWN


def test_decimal_points_stand_under_each_other() -> None:
    lines = [aligned(value, 3) for value in ("5", "1250.5", "10.125")]
    assert [line.rstrip("\u2007") for line in lines] == ["5.00", "1,250.50", "10.125"]
    assert {len(line) - line.index(".") for line in lines} == {4}
