"""The values of a mapping's rules: texts, times, amounts, conditions and paths to orders."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, get_args

from orderwatch.core.mapping.rules import AmountValue, OrderPath, RowTest, TextValue, TimeValue
from orderwatch.core.model import AmountKind
from orderwatch.core.yaml_fields import (
    Fields,
    Problems,
    as_flag,
    as_text,
    as_texts,
    did_you_mean,
    entries,
)
from orderwatch.core.yaml_source import Mapping, Node

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def read_text_value(node: Node, problems: Problems) -> TextValue:
    """`CAPTURED`, or `{column: state, words: {paid: CAPTURED}}`."""
    if not isinstance(node, Mapping):
        return TextValue(literal=as_text(node, problems, longest=1000) or "")
    fields = Fields(node, problems, ("column", "words"))
    fields.need("column", "the column that holds the text")
    listed = entries(fields.get("words"), problems, of="word: word") if fields.get("words") else ()
    words = {key.text: as_text(value, problems) or "" for key, value in listed}
    return TextValue(column=fields.text("column"), words=words)


def read_attempt(node: Node, problems: Problems) -> TextValue:
    """A text value that must be a whole number."""
    value = read_text_value(node, problems)
    if value.literal is not None and not re.fullmatch("[0-9]{1,4}", value.literal):
        problems.add(node, "must be a whole number, or {column: ...}")
    return value


def read_time_value(node: Node, problems: Problems) -> TimeValue:
    """A reference, several (the first filled counts), or `{latest: [...]}`, `{earliest: [...]}`."""
    if not isinstance(node, Mapping):
        return TimeValue(as_texts(node, problems))
    fields = Fields(node, problems, ("first", "earliest", "latest"))
    if len(node.entries) != 1:
        problems.add(node, "write one of first: [...], earliest: [...], latest: [...]")
    if refs := fields.texts("latest"):
        return TimeValue(refs, "latest")
    if refs := fields.texts("earliest"):
        return TimeValue(refs, "earliest")
    return TimeValue(fields.texts("first"))


def read_amount(node: Node, problems: Problems, currency: str) -> AmountValue:
    """`{value: price, kind: captured, currency: THB}`; several values are added up."""
    fields = Fields(node, problems, ("value", "currency", "kind"))
    fields.need("value", "a column, or '@figure'")
    stated = fields.get("currency")
    spoken = read_text_value(stated, problems) if stated else TextValue(literal=currency)
    if spoken.literal is not None and not _CURRENCY.fullmatch(spoken.literal):
        problems.add(stated or node, "needs a currency of three capital letters, such as THB")
    return AmountValue(fields.texts("value"), spoken, fields.choice("kind", get_args(AmountKind)))


def read_path(node: Node, problems: Problems, links: Collection[str]) -> OrderPath:
    """A column with order ids, or `{column: items, through: [order_of_item]}`."""
    if not isinstance(node, Mapping):
        return OrderPath(as_text(node, problems) or "")
    fields = Fields(node, problems, ("column", "through"))
    fields.need("column", "the column the way begins at")
    through = fields.texts("through")
    for name in through:
        if name not in links:
            remedy = did_you_mean(name, links)
            problems.add(fields.get("through") or node, f"no link {name}: {remedy}")
    return OrderPath(fields.text("column"), through)


def read_tests(node: Node, problems: Problems) -> tuple[RowTest, ...]:
    """`{status: [canceled, unavailable], paid_at: {filled: true}}`: all must hold."""
    return tuple(
        _test(key.text, value, problems)
        for key, value in entries(node, problems, of="column: the words it may hold")
    )


def _test(ref: str, node: Node, problems: Problems) -> RowTest:
    if not isinstance(node, Mapping):
        return RowTest(ref, words=as_texts(node, problems))
    fields = Fields(node, problems, ("not", "filled", "equals"))
    if len(node.entries) != 1:
        problems.add(node, "write one of not: [...], filled: true, equals: a column")
    filled = fields.get("filled")
    return RowTest(
        ref,
        words=fields.texts("not"),
        negated=True,
        filled=as_flag(filled, problems) if filled else None,
        equals=fields.text("equals") or None,
    )
