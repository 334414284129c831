"""The same orders as CSV of any kind, JSON lines or XML mean the same events."""

from __future__ import annotations

import pytest
from tests.unit.core.mapping.small_shop import ITEMS, ORDERS, SHOP, in_memory, rules_of, run_import

from orderwatch.core.mapping.rows import LONGEST_LINE, Row, RowProblem
from orderwatch.core.mapping.rules import TableRule
from orderwatch.core.mapping.tables import assign_files, read_table

JSON_ORDERS = (
    '{"order_id": 1, "state": "neu", "placed_at": "2024-05-01 09:00:00", "channel": "app"}\n\n'
    '{"order_id": "2", "state": "dead", "placed_at": "2024-05-01T10:00:00+07:00",'
    ' "changed_at": "2024-05-02 08:00:00"}\n'
)
JSON_ITEMS = """{"order_id": 1, "line": 1, "price": 0.1, "fee": 0.2}
{"order_id": 1, "line": 2, "price": 99.9, "fee": null}
"""
XML_SHOP = SHOP.replace(
    'file: "orders*"', 'file: "orders*", element: order, optional: [changed_at]'
)
XML_ORDERS = """<?xml version="1.0"?>
<x:shop xmlns:x="urn:shop"><x:order><order_id>1</order_id><state>neu</state>
<placed_at>2024-05-01 09:00:00</placed_at><channel>app</channel></x:order>
<x:order><order_id>2</order_id><state>dead</state><placed_at>2024-05-01 10:00:00</placed_at>
<changed_at>2024-05-02 08:00:00</changed_at></x:order></x:shop>
"""


def test_json_lines_mean_what_the_csv_means() -> None:
    found = run_import(JSON_ORDERS, JSON_ITEMS, names=("orders.jsonl", "items.ndjson"))
    assert found == run_import()


def test_xml_means_what_the_csv_means() -> None:
    found = run_import(XML_ORDERS, ITEMS, XML_SHOP, ("orders.xml", "items.csv"))
    assert found == run_import()


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + ORDERS,
        ORDERS.replace("\n", "\r\n"),
        ORDERS.replace("\n", "\n\n"),
        ORDERS.rstrip("\n"),
        ORDERS.replace("neu", '"neu"'),
        ORDERS.replace(",", " , "),
    ],
)
def test_csv_means_the_same_however_it_was_saved(text: str) -> None:
    assert run_import(text) == run_import()


def test_a_semicolon_file_in_a_thai_encoding_is_read_as_told() -> None:
    rules = SHOP.replace('file: "orders*"', 'file: "orders*", separator: ";", encoding: cp874')
    text = ORDERS.replace("app", "แอป").replace(",", ";").encode("cp874")
    assert run_import(text, rules=rules)[0][0].data.channel == "แอป"


def test_a_cell_may_hold_line_ends_in_quotes() -> None:
    events, problems = run_import(ORDERS.replace("app", '"app\nof, the ""shop"""'))
    assert problems == []
    assert events[0].data.channel == 'app\nof, the "shop"'


def test_a_stray_quote_swallows_no_row_below_it() -> None:
    rows = "".join(f"{n},neu,2024-05-04 09:00:00,,\n" for n in range(10, 300))
    text = ORDERS + '3,neu,2024-05-01 09:00:00,,"app\n' + rows + '4,neu,2024-05-01 09:00:00,,"a"\n'
    events, problems = run_import(text)
    assert [problem.line for problem in problems] == [4]
    assert len(events) == 3 + 290 + 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ("7", "not a JSON object"),
        ('{"a":' * 20_000, "too deeply"),
        ('{"order_id": "3"}', "Expected `str`"),
    ],
)
def test_a_bad_line_of_json_is_named(line: str, words: str) -> None:
    _, problems = run_import(
        JSON_ORDERS + line + "\n", JSON_ITEMS, names=("orders.jsonl", "items.jsonl")
    )
    placed = '"placed_at": "2024-05-01 10:00:00"'
    if words.startswith("Expected"):
        _, problems = run_import(
            JSON_ORDERS + f'{{"order_id": "3", {placed}}}\n',
            JSON_ITEMS,
            names=("orders.jsonl", "items.jsonl"),
        )
    assert [problem.line for problem in problems] == [4]
    assert words in problems[0].message


def test_a_column_that_no_json_line_has_is_told() -> None:
    _, problems = run_import(
        JSON_ORDERS.replace("channel", "chanel"), JSON_ITEMS, names=("orders.jsonl", "items.jsonl")
    )
    assert [(problem.line, problem.field) for problem in problems] == [(0, "channel")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<shop><order></shop>", "not XML"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><shop/>', "DOCTYPE"),
        ("", "not XML"),
    ],
)
def test_broken_xml_ends_the_file_with_a_reason(text: str, words: str) -> None:
    _, problems = run_import(text, ITEMS, XML_SHOP, ("orders.xml", "items.csv"))
    assert words in problems[0].message


def test_attributes_and_repeated_elements_are_columns_too() -> None:
    rule = TableRule(name="t", file="*", format="xml", element="row")
    text = (
        '<a><row id="7"><tag>x</tag><tag>y</tag><buyer vip="1"><name>Bob</name></buyer></row></a>'
    )
    (row,) = read_table(rule, [in_memory("a.xml", text)])
    assert isinstance(row, Row)
    assert row.cells["./@id"] == "7"
    assert row.cells["tag"] == ("x", "y")
    assert row.cells["buyer/@vip"] == "1"
    assert row.cells["buyer/name"] == "Bob"


def test_a_line_without_end_is_refused_in_pieces() -> None:
    rule = TableRule(name="t", file="*")
    pieces = [b"a,b\n", b"x" * LONGEST_LINE, b"x" * 10 + b"\n", b"1,2\n"]
    file = in_memory("a.csv", b"")
    found = list(read_table(rule, [type(file)("a.csv", lambda: pieces)]))
    assert isinstance(found[0], RowProblem)
    assert found[0].line == 2
    assert found[1] == Row("a.csv", 3, {"a": "1", "b": "2"})
    assert len(found) == 2


def test_files_find_their_table_by_name_or_by_word() -> None:
    rules = rules_of(SHOP)
    assert assign_files(rules, ["/x/Orders-May.csv", "items=/y/lines.csv"]) == {
        "/x/Orders-May.csv": "orders",
        "/y/lines.csv": "items",
    }
    assert assign_files(rules, ["/x/orders.csv"]) == ("no file for the table items (items*)",)
    (unknown,) = assign_files(rules, ["/x/orders.csv", "/x/other.csv"])
    assert "write TABLE=/x/other.csv, orders takes orders*, items takes items*" in unknown
