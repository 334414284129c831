"""Rows as CSV that spreadsheets open as it was meant (RFC 4180), and that cannot run anything.

A text that begins like a formula would be one to a spreadsheet, whoever wrote it: it gets an
apostrophe in front, which spreadsheets show as text. Numbers are ours and stay numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

Cell = str | Decimal | int | None

BYTE_ORDER_MARK: Final = "\ufeff"
"""Tells Excel that what follows is UTF-8; other programs may take it for a letter."""
_LIKE_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", *"\uff1d\uff0b\uff0d\uff20")
"""The last four are the wide ones of East Asian keyboards."""
_QUOTED: Final = frozenset(',;"\r\n\t ')


def csv_line(cells: Iterable[Cell]) -> str:
    """One row with its end."""
    return ",".join(map(_written, cells)) + "\r\n"


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
    text = f"'{cell}" if cell.lstrip(" ").startswith(_LIKE_A_FORMULA) else cell
    if _QUOTED.isdisjoint(text):
        return text
    return '"' + text.replace('"', '""') + '"'
