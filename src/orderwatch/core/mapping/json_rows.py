"""JSON lines: one object per line; a nested value is the column `outer.inner`.

Numbers keep the text they were written in, so no amount passes through a float.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from orderwatch.core.mapping.csv_rows import decoded_lines
from orderwatch.core.mapping.rows import Cell, Row, RowProblem, TableFile
from orderwatch.core.mapping.rules import TableRule

_CONSTANTS: Final = {None: "", True: "true", False: "false"}


def read_json_lines(file: TableFile, rule: TableRule) -> Iterator[Row | RowProblem]:
    """Every object, or the problem of a line."""
    for line, text in decoded_lines(file.open(), rule.encoding):
        if text is not None and not text.strip():
            continue
        found = _object(text) if text is not None else "not in the encoding, or far too long"
        if isinstance(found, str):
            yield RowProblem(file.name, line, "", found)
        else:
            yield Row(file.name, line, dict(_cells("", found)))


def _object(text: str) -> dict[str, Any] | str:
    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        return f"not JSON at column {error.colno}: {error.msg}"
    except RecursionError:
        return "not JSON: nested too deeply"
    return found if isinstance(found, dict) else "not a JSON object"


def _cells(path: str, value: Any) -> Iterator[tuple[str, Cell]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _cells(f"{path}.{name}" if path else name, inner)
        case list():
            yield path, tuple(_text(item) for item in value)
        case _:
            yield path, _text(value).strip()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    return json.dumps(value, ensure_ascii=False)
