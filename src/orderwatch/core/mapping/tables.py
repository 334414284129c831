"""Tables: which file belongs to which, and their rows, each once, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from msgspec import Struct

from orderwatch.core.mapping.csv_rows import read_csv
from orderwatch.core.mapping.json_rows import read_json_lines
from orderwatch.core.mapping.rows import Row, RowProblem, TableFile, as_line, list_items
from orderwatch.core.mapping.rules import MappingRules, TableFormat, TableRule
from orderwatch.core.mapping.xml_rows import read_xml

_READERS: Final[
    Mapping[TableFormat, Callable[[TableFile, TableRule], Iterator[Row | RowProblem]]]
] = {"csv": read_csv, "jsonl": read_json_lines, "xml": read_xml}
_ENDINGS: Final[Mapping[str, TableFormat]] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".xml": "xml",
}


class Again(Struct, frozen=True):
    """The same row a second time; it counts once."""

    file: str
    line: int


def assign_files(rules: MappingRules, names: Iterable[str]) -> dict[str, str] | tuple[str, ...]:
    """Which table each file belongs to: `table=path`, or by its name; or what cannot be decided."""
    chosen: dict[str, str] = {}
    complaints: list[str] = []
    for name in names:
        table, path = _explicit(rules, name)
        fitting = [table] if table else _fitting(rules, path)
        if len(fitting) == 1:
            chosen[path] = fitting[0]
        elif fitting:
            complaints.append(f"{path} fits {' and '.join(fitting)}: write {fitting[0]}={path}")
        else:
            complaints.append(f"{path} fits no table: write TABLE={path}, {_patterns(rules)}")
    for rule in rules.tables.values():
        if not complaints and rule.name not in chosen.values():
            complaints.append(f"no file for the table {rule.name} ({rule.file})")
    return tuple(complaints) or chosen


def read_table(rule: TableRule, files: Iterable[TableFile]) -> Iterator[Row | RowProblem | Again]:
    """Every row of a table; a row that returns with other cells is a problem, else `Again`."""
    seen: dict[int, int] = {}
    for file in files:
        for row in _rows(file, rule):
            match row:
                case Row() if rule.unique:
                    yield _once(_with_lists(row, rule), rule, seen)
                case Row():
                    yield _with_lists(row, rule)
                case RowProblem():
                    yield row


def _rows(file: TableFile, rule: TableRule) -> Iterator[Row | RowProblem]:
    """A file's rows; in the end a problem for each column that none of them had."""
    format_ = _format(rule, file)
    unseen = set(rule.columns) - set(rule.optional) if format_ != "csv" else set()
    found = False
    for row in _READERS[format_](file, rule):
        if isinstance(row, Row):
            found = True
            unseen -= row.cells.keys()
        yield row
    for column in sorted(unseen) if found else ():
        message = f"no row has this column, which {rule.columns[column]} uses: is it optional?"
        yield RowProblem(file.name, 0, column, message)


def _once(row: Row, rule: TableRule, seen: dict[int, int]) -> Row | RowProblem | Again:
    # Hashes keep a large table in memory at a few bytes a row.
    identity = tuple(as_line(row.cells.get(column, "")) for column in rule.unique)
    key, content = hash(identity), hash(tuple(row.cells.items()))
    if key not in seen or not any(identity):
        seen[key] = content
        return row
    if seen[key] == content:
        return Again(row.file, row.line)
    named = ", ".join(identity)
    message = f"{named[:100]} is here a second time with other values: keep one row"
    return RowProblem(row.file, row.line, ", ".join(rule.unique), message)


def _with_lists(row: Row, rule: TableRule) -> Row:
    for column in rule.lists:
        cell = row.cells.get(column)
        if isinstance(cell, str):
            row.cells[column] = list_items(cell)
    return row


def _format(rule: TableRule, file: TableFile) -> TableFormat:
    ending = file.name[file.name.rfind(".") :].lower() if "." in file.name else ""
    return rule.format or _ENDINGS.get(ending, "csv")


def _explicit(rules: MappingRules, name: str) -> tuple[str, str]:
    table, equals, path = name.partition("=")
    return (table, path) if equals and table in rules.tables else ("", name)


def _fitting(rules: MappingRules, path: str) -> list[str]:
    base = path.replace("\\", "/").rpartition("/")[2].lower()
    return [table.name for table in rules.tables.values() if fnmatchcase(base, table.file.lower())]


def _patterns(rules: MappingRules) -> str:
    return ", ".join(f"{table.name} takes {table.file}" for table in rules.tables.values())
