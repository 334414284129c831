"""Tables become events; a dirty row is named with its field and its neighbours go on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.mapping.small_shop import ITEMS, ORDERS, SHOP, in_memory, rules_of, run_import

from orderwatch.core.mapping.apply import Import
from orderwatch.core.model import Event


def test_a_row_becomes_an_event_with_the_exact_sum_of_its_items() -> None:
    events, problems = run_import()
    assert problems == []
    placed = events[0]
    assert (placed.order_id, placed.data.system, placed.data.status) == ("1", "oms", "NEW")
    assert placed.data.amount is not None
    assert (placed.data.amount.value, placed.data.amount.currency) == ("100.20", "THB")
    assert placed.data.channel == "app"


def test_a_time_without_a_zone_is_in_the_zone_of_the_mapping() -> None:
    assert run_import()[0][0].time == datetime(2024, 5, 1, 2, 0, tzinfo=UTC)


def test_a_word_without_a_translation_stays_as_it_is() -> None:
    assert run_import()[0][1].data.status == "dead"


def test_a_status_without_a_time_of_its_own_takes_the_last_one_known() -> None:
    events, _ = run_import()
    (dropped,) = [event for event in events if event.data.status == "DROPPED"]
    assert dropped.time == datetime(2024, 5, 2, 1, 0, tzinfo=UTC)
    assert dropped.data.reason is not None
    assert dropped.data.reason.code == "dead"


def test_an_order_without_items_has_no_amount_rather_than_none_to_pay() -> None:
    assert run_import()[0][1].data.amount is None


def test_an_event_has_the_same_id_however_often_it_is_imported() -> None:
    assert [event.id for event in run_import()[0]] == ["placed/1", "placed/2", "dropped/2"]
    assert run_import()[0] == run_import()[0]


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("3,neu,yesterday,,app", "placed_at", "not a time"),
        ("3,neu,2024-02-30 00:00:00,,app", "placed_at", "not a time"),
        ("3,neu,0001-01-01 00:00:00,,app", "placed_at", "not a time"),
        (f"3,{'x' * 81},2024-05-01 09:00:00,,app", "placed: data.status", "length <= 80"),
        (f"{'3' * 101},neu,2024-05-01 09:00:00,,app", "placed: subject", "length <= 100"),
        (",neu,2024-05-01 09:00:00,,app", "order_id", "no order"),
        ("3,,2024-05-01 09:00:00,,app", "placed: data.status", "Expected `str`"),
        ("3,neu,2024-05-01 09:00:00,app", "", "4 cells where the header has 5"),
        ('3,neu,"2024-05-01 09:00:00,,app', "", "never closed"),
        ('3,neu,"2024"-05-01,,app', "", "cannot be read"),
        ("1,neu,2024-05-03 09:00:00,,app", "order_id", "second time"),
    ],
)
def test_a_dirty_row_is_named_and_the_others_go_on(row: str, field: str, words: str) -> None:
    last = "4,neu,2024-05-04 09:00:00,,app\n"
    events, problems = run_import(f"{ORDERS}{row}\n{last}")
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        ("orders.csv", 4, field)
    ]
    assert words in problems[0].message
    assert [event.id for event in events] == ["placed/1", "placed/2", "dropped/2", "placed/4"]


def test_a_row_with_one_bad_field_gives_none_of_its_events() -> None:
    events, problems = run_import(ORDERS + "3,dead,2024-05-01 09:00:00,never,app\n")
    assert [problem.field for problem in problems] == ["changed_at"]
    assert "3" not in {event.order_id for event in events}


def test_bytes_that_are_no_text_cost_only_their_line() -> None:
    bad = ORDERS.encode() + b"3,neu,\xff\xfe,,app\n" + b"4,neu,2024-05-04 09:00:00,,app\n"
    events, problems = run_import(bad)
    assert [problem.line for problem in problems] == [4]
    assert events[-1].order_id == "4"


def test_an_order_with_a_wrong_item_has_no_amount_rather_than_a_wrong_one() -> None:
    events, problems = run_import(items=ITEMS + "1,3,12 baht,\n2,1,5,\n")
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [
        ("items.csv", 4, "price")
    ]
    assert events[0].data.amount is None
    assert events[1].data.amount is not None
    assert events[1].data.amount.value == "5.00"


def test_the_same_row_twice_counts_once() -> None:
    events, problems = run_import(ORDERS + ORDERS.splitlines()[1] + "\n", ITEMS + "1,1,0.1,0.2\n")
    assert problems == []
    assert len(events) == 3
    assert events[0].data.amount is not None
    assert events[0].data.amount.value == "100.20"


def test_a_missing_column_is_told_with_its_user_and_the_nearest_name() -> None:
    events, problems = run_import(ORDERS.replace("placed_at", "placed_on"))
    assert events == []
    assert [(problem.line, problem.field) for problem in problems] == [(1, "placed_at")]
    assert "events.placed uses: did you mean placed_on?" in problems[0].message


def test_several_files_may_hold_one_table() -> None:
    more = "order_id,state,placed_at,changed_at,channel\n9,neu,2024-05-09 09:00:00,,app\n"
    files = {
        "orders": [in_memory("orders1.csv", ORDERS), in_memory("orders2.csv", more)],
        "items": [in_memory("items.csv", ITEMS)],
    }
    found = list(Import(rules_of(SHOP), files).events())
    assert [event.id for event in found if isinstance(event, Event)][-1] == "placed/9"


SPLIT = """
mapping: split
source: /split
currency: EUR
tables:
  log: {file: "*", unique: id, lists: [items, orders, packages]}
links:
  order_of_item: {table: log, when: {activity: place}, from: items, to: orders}
  items_of_package: {table: log, when: {activity: pack}, from: packages, to: items}
figures:
  packages:
    table: log
    when: {activity: pack}
    by: {column: packages, through: [items_of_package, order_of_item]}
    count: things
  delivered:
    table: log
    when: {activity: deliver}
    by: {column: packages, through: [items_of_package, order_of_item]}
    count: rows
  last:
    table: log
    when: {activity: deliver}
    by: {column: packages, through: [items_of_package, order_of_item]}
    latest: at
events:
  packed:
    table: log
    when: {activity: pack}
    order: {column: packages, through: [items_of_package, order_of_item]}
    time: at
    system: wms
    status: PACKED
  complete:
    table: log
    when: {activity: place, "@delivered": {equals: "@packages"}}
    order: orders
    time: "@last"
    system: oms
    status: COMPLETE
"""
LOG = """id,activity,at,orders,items,packages
1,place,2024-01-01T00:00:00Z,['A'],"['a1', 'a2']",
2,place,2024-01-01T00:00:00Z,['B'],['b1'],
3,pack,2024-01-02T00:00:00Z,,"['a1', 'b1']",['p']
4,pack,2024-01-03T00:00:00Z,,['a2'],['q']
5,deliver,2024-01-04T00:00:00Z,,,['p']
"""


def test_a_package_speaks_for_every_order_in_it_and_the_last_one_completes() -> None:
    def told(log: str) -> list[tuple[str, str, int]]:
        found = Import(rules_of(SPLIT), {"log": [in_memory("log.csv", log)]}).events()
        return [
            (item.order_id, item.data.status, item.time.day)
            for item in found
            if isinstance(item, Event)
        ]

    packed = [("A", "PACKED", 2), ("B", "PACKED", 2), ("A", "PACKED", 3)]
    assert told(LOG) == [("B", "COMPLETE", 4), *packed]
    later = LOG + "6,deliver,2024-01-05T00:00:00Z,,,['q']\n"
    assert told(later) == [("A", "COMPLETE", 5), ("B", "COMPLETE", 4), *packed]


CELL = st.text(max_size=12) | st.sampled_from(
    ["2024-05-01 09:00:00", "1.5", "neu", "1e9", "-", "NaN", '"', '""', "\r", "9" * 30, "\x00"]
)


@given(st.lists(st.lists(CELL, min_size=3, max_size=6), max_size=8), st.data())
@settings(max_examples=150, deadline=None)
def test_no_dirt_in_either_table_stops_the_good_rows(
    rows: list[list[str]], data: st.DataObject
) -> None:
    dirty = "".join(",".join(cells) + "\n" for cells in rows)
    good = "good,neu,2024-05-04 09:00:00,,app\n"
    header = ORDERS.splitlines(keepends=True)[0]
    items = ITEMS + data.draw(st.sampled_from(["", dirty]))
    events, problems = run_import(
        (header + dirty + good).encode("utf-8", "surrogatepass"),
        items.encode("utf-8", "surrogatepass"),
    )
    swallowed = any("good" in cell for cells in rows for cell in cells)
    assert swallowed or "placed/good" in {event.id for event in events}
    assert all(problem.message and problem.line >= 1 for problem in problems)
