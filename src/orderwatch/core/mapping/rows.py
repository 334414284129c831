"""Rows of a table file, read as a stream; a row that cannot be read is a problem of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

Cell = str | tuple[str, ...]

LONGEST_LINE = 1_000_000
"""Bytes. A file is handed over in lines, or pieces, of at most this length."""


class Row(Struct, frozen=True):
    """One row: where it begins, and its cells by column; a tuple where a cell is a list."""

    file: str
    line: int
    cells: dict[str, Cell]


class RowProblem(Struct, frozen=True):
    """What is wrong with one row (1-based line; 0: the file), at which column, and the remedy."""

    file: str
    line: int
    field: str
    message: str


class TableFile(Struct, frozen=True):
    """A file of a table: its name for messages, and a way to read it from its beginning."""

    name: str
    open: Callable[[], Iterable[bytes]]


def list_items(text: str) -> tuple[str, ...]:
    """The items of a list in one cell: `['a', 'b']`, `["a"]`, `a, b`; nothing for a blank."""
    inner = text.strip().removeprefix("[").removesuffix("]")
    items = (item.strip().strip("'\"").strip() for item in inner.split(","))
    return tuple(item for item in items if item)


def as_words(cell: Cell) -> tuple[str, ...]:
    """A cell as a list: its items, or its one text."""
    return cell if isinstance(cell, tuple) else (cell,) if cell else ()


def as_line(cell: Cell) -> str:
    """A cell as one text."""
    return cell if isinstance(cell, str) else ", ".join(cell)
