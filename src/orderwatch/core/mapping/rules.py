"""What a mapping file says: which tables there are and which events their rows mean.

A name that begins with `@` is a figure (a sum, count or time over many rows); others are columns.
"""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

TableFormat = Literal["csv", "jsonl", "xml"]


class RowTest(Struct, frozen=True):
    """One condition on a row: its value is one of `words` (or, `negated`, none of them).

    `filled` asks instead whether there is a value; `equals` whether two references agree.
    """

    ref: str
    words: tuple[str, ...] = ()
    negated: bool = False
    filled: bool | None = None
    equals: str | None = None


class OrderPath(Struct, frozen=True):
    """From a column's values, through links one after the other, to order ids."""

    column: str
    through: tuple[str, ...] = ()


class TextValue(Struct, frozen=True):
    """A fixed text, or a column's text, exchanged for another word where `words` lists it."""

    literal: str | None = None
    column: str | None = None
    words: dict[str, str] = {}


class TimeValue(Struct, frozen=True):
    """The first filled, the earliest or the latest of some references."""

    refs: tuple[str, ...]
    pick: Literal["first", "earliest", "latest"] = "first"


class AmountValue(Struct, frozen=True):
    """The sum of some references, in a currency."""

    refs: tuple[str, ...]
    currency: TextValue
    kind: str | None = None


class TableRule(Struct, frozen=True, kw_only=True):
    """One table: the files that hold it, how to read them, and what identifies a row.

    `columns` are those the mapping uses, each with the field of the mapping that does.
    """

    name: str
    file: str
    format: TableFormat | None = None
    unique: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    separator: str = ","
    encoding: str = "utf-8"
    element: str = ""
    columns: dict[str, str] = {}


class LinkRule(Struct, frozen=True, kw_only=True):
    """Which things belong to which others, as said by the rows of a table."""

    name: str
    table: str
    when: tuple[RowTest, ...]
    source: str
    target: str


class FigureRule(Struct, frozen=True, kw_only=True):
    """A figure for each order: over the rows of a table that lead to it.

    `rows` and `things` are counts: of the rows, or of the things in them that belong to the order.
    """

    name: str
    table: str
    when: tuple[RowTest, ...]
    by: OrderPath
    kind: Literal["sum", "rows", "things", "earliest", "latest"]
    columns: tuple[str, ...]


class EventRule(Struct, frozen=True, kw_only=True):
    """The event a row means for each order it leads to; none if it has no time."""

    name: str
    table: str
    when: tuple[RowTest, ...]
    order: OrderPath
    time: TimeValue
    system: TextValue
    status: TextValue
    sequence: str | None = None
    amount: AmountValue | None = None
    due_at: TimeValue | None = None
    attempt: TextValue | None = None
    texts: dict[str, TextValue] = {}
    reason: dict[str, TextValue] = {}
    refs: dict[str, TextValue] = {}
    details: dict[str, TextValue] = {}


class MappingRules(Struct, frozen=True, kw_only=True):
    """A whole mapping."""

    name: str
    title: str
    source: str
    zone: ZoneInfo
    time_formats: tuple[str, ...]
    decimals: int
    empty: tuple[str, ...]
    tables: dict[str, TableRule]
    links: dict[str, LinkRule]
    figures: dict[str, FigureRule]
    events: dict[str, EventRule]
