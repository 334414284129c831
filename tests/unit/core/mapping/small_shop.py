"""A small shop for the mapping's tests: its rules, and files that are only in memory."""

from __future__ import annotations

from orderwatch.core.mapping.apply import Import
from orderwatch.core.mapping.parse import parse_mapping
from orderwatch.core.mapping.rows import RowProblem, TableFile
from orderwatch.core.mapping.rules import MappingRules
from orderwatch.core.model import Event

SHOP = """
mapping: small-shop
source: /small-shop
currency: THB
decimals: 2
time_zone: Asia/Bangkok
tables:
  orders: {file: "orders*", unique: order_id}
  items: {file: "items*", unique: [order_id, line]}
figures:
  total: {table: items, by: order_id, sum: [price, fee]}
events:
  placed:
    table: orders
    order: order_id
    time: placed_at
    sequence: "1"
    system: oms
    status: {column: state, words: {neu: NEW}}
    channel: {column: channel}
    amount: {value: "@total", kind: order_total}
  dropped:
    table: orders
    when: {state: [dead, gone]}
    order: order_id
    time: {latest: [placed_at, changed_at]}
    system: oms
    status: DROPPED
    reason: {code: {column: state}}
"""

ORDERS = """order_id,state,placed_at,changed_at,channel
1,neu,2024-05-01 09:00:00,,app
2,dead,2024-05-01 10:00:00,2024-05-02 08:00:00,
"""
ITEMS = """order_id,line,price,fee
1,1,0.1,0.2
1,2,99.9,
"""


def rules_of(text: str) -> MappingRules:
    """The rules of a mapping that must be right."""
    read = parse_mapping(text)
    assert isinstance(read, MappingRules), read
    return read


def in_memory(name: str, text: str | bytes) -> TableFile:
    """A file as the command hands it over: line by line."""
    content = text.encode() if isinstance(text, str) else text
    return TableFile(name, lambda: content.splitlines(keepends=True))


def run_import(
    orders: str | bytes = ORDERS,
    items: str | bytes = ITEMS,
    rules: str = SHOP,
    names: tuple[str, str] = ("orders.csv", "items.csv"),
) -> tuple[list[Event], list[RowProblem]]:
    """All events and all problems."""
    files = {"orders": [in_memory(names[0], orders)], "items": [in_memory(names[1], items)]}
    found = list(Import(rules_of(rules), files).events())
    events = [item for item in found if isinstance(item, Event)]
    return events, [item for item in found if isinstance(item, RowProblem)]
