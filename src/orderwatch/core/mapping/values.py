"""What the cells of a row say: texts, exact numbers and instants in UTC. Pure and total.

A wrong cell gives a FieldError that names the column, an empty one None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from orderwatch.core.mapping.rows import Cell, as_line
from orderwatch.core.mapping.rules import AmountValue, MappingRules, RowTest, TextValue, TimeValue
from orderwatch.core.model import FieldError

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,10})?")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UNITS: Final = {"epoch_s": timedelta(seconds=1), "epoch_ms": timedelta(milliseconds=1)}

TIME_FORMS: Final = ("iso", *_EPOCH_UNITS)
"""The forms of a time that have a name; others are spelt with the % letters of strptime."""

Figure = Decimal | datetime | FieldError
"""A FieldError stands for a figure one of whose rows was wrong: rather none than a wrong one."""


class Facts(Struct, frozen=True):
    """One row with the figures of the order it is about."""

    rules: MappingRules
    cells: Mapping[str, Cell]
    figures: Mapping[str, Mapping[str, Figure]] = {}
    order_id: str = ""

    def text(self, ref: str) -> str:
        """A column as one text, empty if it counts as empty."""
        text = as_line(self.cells.get(ref, ""))
        return "" if text in self.rules.empty else text

    def figure(self, ref: str) -> Figure | None:
        """The order's `@figure`; None if no row was counted, or one of them was wrong."""
        found = self.figures.get(ref[1:], {}).get(self.order_id)
        return None if isinstance(found, FieldError) else found


def text_of(value: TextValue, facts: Facts) -> str | None:
    """A fixed text, or a column's with its exchange of words."""
    if value.column is None:
        return value.literal
    text = facts.text(value.column)
    return value.words.get(text, text) or None


def time_of(value: TimeValue, facts: Facts) -> datetime | FieldError | None:
    """The chosen one of several instants."""
    found: list[datetime] = []
    for ref in value.refs:
        instant = instant_at(ref, facts)
        if isinstance(instant, FieldError):
            return instant
        if instant is not None:
            found.append(instant)
    if not found or value.pick == "first":
        return found[0] if found else None
    return min(found) if value.pick == "earliest" else max(found)


def instant_at(ref: str, facts: Facts) -> datetime | FieldError | None:
    """One instant, of a column or a figure."""
    if ref.startswith("@"):
        figure = facts.figure(ref)
        return figure if isinstance(figure, datetime) else None
    text = facts.text(ref)
    if not text:
        return None
    for form in facts.rules.time_formats:
        try:
            return _instant(text, form, facts.rules)
        except (ValueError, OverflowError):
            continue
    forms = " or ".join(facts.rules.time_formats)
    return FieldError(ref, f"{text[:60]!r} is not a time: written as {forms}")


def _instant(text: str, form: str, rules: MappingRules) -> datetime:
    """Raises ValueError or OverflowError where the text has not this form."""
    if unit := _EPOCH_UNITS.get(form):
        return _EPOCH + float(text) * unit
    read = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007
    aware = read if read.tzinfo else read.replace(tzinfo=rules.zone)
    return aware.astimezone(UTC)


def number_at(ref: str, facts: Facts) -> Decimal | FieldError | None:
    """One exact number, of a column or a figure."""
    if ref.startswith("@"):
        figure = facts.figure(ref)
        return figure if isinstance(figure, Decimal) else None
    text = facts.text(ref)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        return FieldError(ref, f"{text[:60]!r} is not a number: write it as 1250.00")
    return Decimal(text)


def sum_of(refs: tuple[str, ...], facts: Facts) -> Decimal | FieldError | None:
    """All references added; None if none of them has a number."""
    total: Decimal | None = None
    for ref in refs:
        number = number_at(ref, facts)
        if isinstance(number, FieldError):
            return number
        if number is not None:
            total = number if total is None else total + number
    return total


def amount_of(value: AmountValue, facts: Facts) -> dict[str, str] | FieldError | None:
    """An amount as the event carries it."""
    total = sum_of(value.refs, facts)
    if total is None or isinstance(total, FieldError):
        return total
    amount = {
        "value": in_decimals(total, facts.rules.decimals),
        "currency": text_of(value.currency, facts) or "",
    }
    return amount | ({"kind": value.kind} if value.kind else {})


def in_decimals(number: Decimal, least: int) -> str:
    """A number in digits with at least so many decimals; none is ever lost."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    written = number.quantize(Decimal(1).scaleb(-max(least, -exponent)))
    text = f"{written:f}"
    while len(text.rpartition(".")[2]) > max(least, 0) and "." in text and text.endswith("0"):
        text = text[:-1].removesuffix(".")
    return text


def holds(tests: tuple[RowTest, ...], facts: Facts) -> bool:
    """All conditions hold."""
    return all(_holds(test, facts) for test in tests)


def _holds(test: RowTest, facts: Facts) -> bool:
    value = _comparable(test.ref, facts)
    if test.filled is not None:
        return (value not in ("", None)) is test.filled
    if test.equals is not None:
        return value == _comparable(test.equals, facts)
    return (str(value) in test.words) is not test.negated


def _comparable(ref: str, facts: Facts) -> str | Decimal | datetime | None:
    """A text; or a figure, where nothing counted is none."""
    if not ref.startswith("@"):
        return facts.text(ref)
    found = facts.figure(ref)
    return None if isinstance(found, FieldError) else found
