"""A mapping is either understood whole, or every mistake in it is named with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.mapping.small_shop import SHOP, rules_of

from orderwatch.core.mapping.parse import parse_mapping
from orderwatch.core.mapping.rules import MappingRules

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.mark.parametrize("name", ["olist", "ocel"])
def test_the_examples_are_right(name: str) -> None:
    rules = rules_of((EXAMPLES / name / "mapping.yaml").read_text("utf-8"))
    assert rules.name == name


def test_the_columns_a_mapping_uses_are_known_with_their_user() -> None:
    columns = rules_of(SHOP).tables["orders"].columns
    assert columns["changed_at"] == "events.dropped"
    assert set(columns) == {"order_id", "state", "placed_at", "changed_at", "channel"}


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("mapping: small-shop", "mapping: Small Shop", "mapping", "small letters"),
        ("source: /small-shop", "sauce: /small-shop", "source", "is missing"),
        ("Asia/Bangkok", "Asia/Nowhere", "time_zone", "no time zone"),
        ("decimals: 2", "decimals: two", "decimals", "whole number"),
        ("currency: THB", "currency: baht", "events.placed.amount", "three capital letters"),
        ('time_zone: Asia', 'time_formats: ["%Q"]\ntime_zone: Asia', "time_formats", "not a form"),
        ('file: "orders*", unique', "unique", "tables.orders.file", "missing"),
        ('"orders*", unique: order_id', '"orders*"', "events.placed", "needs unique"),
        ('"orders*"', '"orders*", separator: ";;"', "tables.orders.separator", "one char"),
        ('"orders*"', '"orders*", encoding: utf-16', "tables.orders.encoding", "cannot"),
        ('"orders*"', '"orders*", format: xml', "tables.orders.element", "missing"),
        ('"orders*"', '"orders*", format: excel', "tables.orders.format", "known are csv"),
        ("    table: orders\n    order:", "    table: order\n    order:", "events.placed.table",
         "mean orders?"),
        ("sum: [price, fee]", "total: [price, fee]", "figures.total", "exactly one of"),
        ("sum: [price, fee]", "count: prices", "figures.total.count", "known are rows"),
        ("by: order_id", "by: {column: order_id, through: home}", "figures.total.by.through",
         "no link home"),
        ('value: "@total"', 'value: "@totl"', "events.placed", "mean @total?"),
        ("kind: order_total", "kind: total", "events.placed.amount.kind", "mean order_total?"),
        ("{latest: [placed_at, changed_at]}", "{last: [placed_at]}", "events.dropped.time.last",
         "mean latest?"),
        ("when: {state: [dead, gone]}", "when: {state: {is: dead}}", "events.dropped.when.state.is",
         "unknown key"),
        ("    status: DROPPED\n", "", "events.dropped.status", "is missing"),
        ("reason: {code:", "reason: {cod:", "events.dropped.reason.cod", "mean code?"),
        ("system: oms", "system: &oms oms", "events.placed.system", "anchor"),
    ],
)  # fmt: skip
def test_each_mistake_names_its_field_and_the_remedy(
    old: str, new: str, field: str, words: str
) -> None:
    assert old in SHOP
    read = parse_mapping(SHOP.replace(old, new, 1))
    assert isinstance(read, tuple), "it was understood"
    named = [problem for problem in read if problem.field == field and words in problem.message]
    assert named, read


@given(
    st.lists(
        st.tuples(
            st.integers(0, 900),
            st.integers(0, 30),
            st.text(max_size=4) | st.sampled_from(["[", "{", "}", ": ", "\n  ", "'", "@", "- "]),
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_change_of_the_text_can_do_more_than_cause_mistakes(
    mutations: list[tuple[int, int, str]],
) -> None:
    text = SHOP
    for at, length, snippet in mutations:
        text = text[:at] + snippet + text[at + length :]
    lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
    match parse_mapping(text):
        case MappingRules() as rules:
            assert rules.events
        case problems:
            assert problems
            assert all(1 <= problem.line <= lines for problem in problems)
