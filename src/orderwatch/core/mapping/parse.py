"""From a mapping's YAML text to its rules, or to all its errors with line and field."""

from __future__ import annotations

import codecs
import re
from datetime import UTC, datetime
from typing import Final, get_args
from zoneinfo import ZoneInfo

from orderwatch.core.mapping.read_rules import Reader
from orderwatch.core.mapping.rules import MappingRules, TableFormat, TableRule
from orderwatch.core.mapping.values import TIME_FORMS
from orderwatch.core.yaml_fields import Fields, Problems, as_text, as_texts, entries
from orderwatch.core.yaml_source import Node, Scalar, SourceProblem, read_yaml

MappingError = SourceProblem

_KEYS: Final = (
    "mapping",
    "title",
    "source",
    "currency",
    "time_zone",
    "time_formats",
    "decimals",
    "empty",
    "tables",
    "links",
    "figures",
    "events",
)
_TABLE_KEYS: Final = (
    "file",
    "format",
    "unique",
    "lists",
    "optional",
    "separator",
    "encoding",
    "element",
)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_SOME_DAY: Final = datetime(2024, 10, 31, 13, 45, 56, tzinfo=UTC)
_LINE_BASED: Final = "one whose line ends are single bytes, such as utf-8, cp874 or latin-1"


def parse_mapping(text: str) -> MappingRules | tuple[MappingError, ...]:
    """The rules a YAML text describes, or everything wrong with it in the order of the text."""
    root, found = read_yaml(text)
    problems = Problems(found)
    if root is None:
        return problems.sorted()
    rules = _rules(Fields(root, problems, _KEYS))
    return problems.sorted() if problems else rules


def _rules(fields: Fields) -> MappingRules:
    problems = fields.problems
    name = _name(fields)
    fields.need("source", "/my-shop")
    tables = _tables(fields)
    reader = Reader(problems, fields.text("currency"), tables)
    reader.links(fields.get("links"))
    reader.figures(fields.get("figures"))
    reader.events(fields.need("events", "{placed: {table: ..., ...}}"))
    return MappingRules(
        name=name,
        title=fields.text("title", default=name, longest=100),
        source=fields.text("source", longest=200).rstrip("/"),
        zone=_zone(fields),
        time_formats=_time_formats(fields),
        decimals=fields.integer("decimals", least=0) or 0,
        empty=("", *fields.texts("empty", longest=20)),
        tables=reader.tables_with_columns(),
        links=reader.link_rules,
        figures=reader.figure_rules,
        events=reader.event_rules,
    )


def _name(fields: Fields) -> str:
    node = fields.need("mapping", "my-shop")
    name = as_text(node, fields.problems) if node else None
    if node and name and not _NAME.fullmatch(name):
        fields.problems.add(node, f"{name[:40]} does not fit: write small letters, digits, dashes")
    return name or ""


def _zone(fields: Fields) -> ZoneInfo:
    """The zone of times that carry none; UTC if the mapping names none."""
    node = fields.get("time_zone")
    name = (as_text(node, fields.problems) if node else None) or "UTC"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        fields.problems.add(node or _nowhere(), f"no time zone {name}: write one as Asia/Bangkok")
        return ZoneInfo("UTC")


def _nowhere() -> Node:
    return Scalar("", 1, 1, "")


def _time_formats(fields: Fields) -> tuple[str, ...]:
    """How times are written, tried in this order."""
    node = fields.get("time_formats")
    formats = as_texts(node, fields.problems, longest=60) if node else ()
    for form in formats:
        if node and form not in TIME_FORMS and not _reads_back(form):
            remedy = f"write {', '.join(TIME_FORMS)}, or as '%d/%m/%Y %H:%M:%S'"
            fields.problems.add(node, f"{form} is not a form of time: {remedy}")
    return formats or ("iso",)


def _reads_back(form: str) -> bool:
    try:
        return datetime.strptime(_SOME_DAY.strftime(form), form).day == _SOME_DAY.day  # noqa: DTZ007
    except ValueError:
        return False


def _tables(fields: Fields) -> dict[str, TableRule]:
    listed = fields.need("tables", "{orders: {file: 'orders*.csv'}}")
    tables: dict[str, TableRule] = {}
    for key, value in entries(listed, fields.problems, of="table: {file: ...}"):
        if not _NAME.fullmatch(key.text):
            fields.problems.add(key, "a table is a word of small letters, digits and dashes")
        tables[key.text] = _table(key, Fields(value, fields.problems, _TABLE_KEYS))
    return tables


def _table(key: Scalar, fields: Fields) -> TableRule:
    fields.need("file", "'orders*.csv'")
    format_ = fields.choice("format", get_args(TableFormat))
    separator = _separator(fields)
    if format_ == "xml" and not fields.get("element"):
        fields.need("element", "the name of the element that is a row")
    return TableRule(
        name=key.text,
        file=fields.text("file"),
        format=_FORMATS.get(format_ or ""),
        unique=fields.texts("unique"),
        lists=fields.texts("lists"),
        optional=fields.texts("optional"),
        separator=separator,
        encoding=_encoding(fields),
        element=fields.text("element"),
    )


_FORMATS: Final[dict[str, TableFormat]] = {"csv": "csv", "jsonl": "jsonl", "xml": "xml"}


def _separator(fields: Fields) -> str:
    node = fields.get("separator")
    text = node.text if isinstance(node, Scalar) else ","
    if node and (len(text) != 1 or text in '"\r\n'):
        fields.problems.add(node, "must be one character, such as ';' or \"\\t\"")
        return ","
    return text


def _encoding(fields: Fields) -> str:
    node = fields.get("encoding")
    name = fields.text("encoding", default="utf-8")
    try:
        codec = codecs.lookup(name)
        fits = "\n,".encode(codec.name) == b"\n,"
    except (LookupError, UnicodeError):
        fits = False
    if node and not fits:
        fields.problems.add(node, f"cannot be read: write {_LINE_BASED}")
        return "utf-8"
    return name
