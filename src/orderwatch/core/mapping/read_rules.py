"""The links, figures and events of a mapping, and which columns of which table they use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

import msgspec

from orderwatch.core.mapping.read_values import (
    read_amount,
    read_attempt,
    read_path,
    read_tests,
    read_text_value,
    read_time_value,
)
from orderwatch.core.mapping.rules import (
    EventRule,
    FigureRule,
    LinkRule,
    OrderPath,
    RowTest,
    TableRule,
    TextValue,
    TimeValue,
)
from orderwatch.core.yaml_fields import Fields, Problems, as_text, as_texts, did_you_mean, entries
from orderwatch.core.yaml_source import Node, Scalar

_TEXTS: Final = ("channel", "fulfilment", "delivery", "location")
_MAPS: Final = ("reason", "refs", "details")
_EVENT_KEYS: Final = (
    "table",
    "when",
    "order",
    "time",
    "system",
    "status",
    "sequence",
    "amount",
    "due_at",
    "attempt",
    *_TEXTS,
    *_MAPS,
)
_Kind = Literal["sum", "rows", "things", "earliest", "latest"]
_COLUMN_KINDS: Final[tuple[_Kind, ...]] = ("sum", "earliest", "latest")
_COUNTS: Final[tuple[_Kind, ...]] = ("rows", "things")


class Reader:
    """Reads rule after rule and remembers the columns they use.

    Links before figures before events: each may refer to what came before.
    """

    def __init__(self, problems: Problems, currency: str, tables: dict[str, TableRule]) -> None:
        self.problems = problems
        self.link_rules: dict[str, LinkRule] = {}
        self.figure_rules: dict[str, FigureRule] = {}
        self.event_rules: dict[str, EventRule] = {}
        self._currency = currency
        self._tables = tables
        self._columns: dict[str, dict[str, str]] = {name: {} for name in tables}

    def tables_with_columns(self) -> dict[str, TableRule]:
        """The tables, each with the columns that were used."""
        tables: dict[str, TableRule] = {}
        for name, table in self._tables.items():
            identity = dict.fromkeys(table.unique, f"tables.{name}.unique")
            columns = self._columns[name] | identity
            tables[name] = msgspec.structs.replace(table, columns=columns)
        return tables

    def links(self, node: Node | None) -> None:
        """`items_of_package: {table: log, from: packages, to: items}`."""
        for key, value in entries(node, self.problems, of="link: {table, from, to}"):
            fields = Fields(value, self.problems, ("table", "when", "from", "to"))
            table = self._table(fields)
            source, target = (self._column(fields, name, table) for name in ("from", "to"))
            self.link_rules[key.text] = LinkRule(
                name=key.text,
                table=table,
                when=self._tests(fields, table),
                source=source,
                target=target,
            )

    def figures(self, node: Node | None) -> None:
        """`paid: {table: payments, by: order_id, sum: payment_value}`."""
        for key, value in entries(node, self.problems, of="figure: {table, by, sum}"):
            fields = Fields(value, self.problems, ("table", "when", "by", "count", *_COLUMN_KINDS))
            table = self._table(fields)
            self.figure_rules[key.text] = FigureRule(
                name=key.text,
                table=table,
                when=self._tests(fields, table),
                by=self._path(fields, "by", table),
                kind=self._kind(key, fields),
                columns=self._summed(fields, table),
            )

    def events(self, node: Node | None) -> None:
        """`placed: {table: orders, order: order_id, time: ..., system: ..., status: ...}`."""
        for key, value in entries(node, self.problems, of="event: {table, order, time, ...}"):
            if not key.text.strip() or len(key.text) > 60 or "/" in key.text:
                self.problems.add(key, "an event's name is a word of 1 to 60 characters without /")
            self.event_rules[key.text] = self._event(key, Fields(value, self.problems, _EVENT_KEYS))

    def _event(self, key: Scalar, fields: Fields) -> EventRule:
        table = self._table(fields)
        if table and not self._tables[table].unique:
            message = f"table {table} needs unique: the columns that identify a row"
            self.problems.add(key, message)
        attempt = fields.get("attempt")
        amount = fields.get("amount")
        values = {name: self._text_value(fields, name) for name in (*_TEXTS, "system", "status")}
        rule = EventRule(
            name=key.text,
            table=table,
            when=self._tests(fields, table),
            order=self._path(fields, "order", table),
            time=self._time(fields, "time", needed=True) or TimeValue(()),
            system=self._needed(fields, "system", values["system"]),
            status=self._needed(fields, "status", values["status"]),
            sequence=fields.text("sequence", longest=40) or None,
            amount=read_amount(amount, self.problems, self._currency) if amount else None,
            due_at=self._time(fields, "due_at"),
            attempt=read_attempt(attempt, self.problems) if attempt else None,
            texts={name: found for name in _TEXTS if (found := values[name])},
            reason=self._texts(fields, "reason", ("code", "text")),
            refs=self._texts(fields, "refs"),
            details=self._texts(fields, "details"),
        )
        self._note_event(rule, fields)
        return rule

    def _note_event(self, rule: EventRule, fields: Fields) -> None:
        """Remembers every reference the event makes, and complains about unknown figures."""
        times = [time for time in (rule.time, rule.due_at) if time]
        refs = [ref for time in times for ref in time.refs]
        refs += rule.amount.refs if rule.amount else ()
        texts = [rule.system, rule.status, *rule.texts.values(), *rule.reason.values()]
        texts += [*rule.refs.values(), *rule.details.values()]
        texts += [rule.attempt] if rule.attempt else []
        texts += [rule.amount.currency] if rule.amount else []
        refs += [text.column for text in texts if text.column]
        for ref in refs:
            self._note(rule.table, ref, fields)

    def _note(self, table: str, ref: str, fields: Fields) -> None:
        if fields.node is None:
            return
        if ref.startswith("@"):
            if ref[1:] not in self.figure_rules:
                known = [f"@{name}" for name in self.figure_rules]
                self.problems.add(fields.node, f"no figure {ref}: {did_you_mean(ref, known)}")
        elif table:
            self._columns[table].setdefault(ref, fields.node.field)

    def _table(self, fields: Fields) -> str:
        """The table a rule is about; empty after a complaint."""
        node = fields.need("table", next(iter(self._tables), "orders"))
        name = fields.choice("table", self._tables) if node else None
        return name or ""

    def _column(self, fields: Fields, key: str, table: str) -> str:
        node = fields.need(key, "a column")
        name = (as_text(node, self.problems) if node else None) or ""
        if name:
            self._note(table, name, fields)
        return name

    def _tests(self, fields: Fields, table: str) -> tuple[RowTest, ...]:
        node = fields.get("when")
        tests = read_tests(node, self.problems) if node else ()
        for test in tests:
            self._note(table, test.ref, fields)
            if test.equals:
                self._note(table, test.equals, fields)
        return tests

    def _path(self, fields: Fields, key: str, table: str) -> OrderPath:
        node = fields.need(key, "order_id")
        path = read_path(node, self.problems, self.link_rules) if node else OrderPath("")
        if path.column:
            self._note(table, path.column, fields)
        return path

    def _kind(self, key: Scalar, fields: Fields) -> _Kind:
        counted = fields.choice("count", _COUNTS)
        stated = [kind for kind in _COLUMN_KINDS if fields.get(kind)]
        stated += [kind for kind in _COUNTS if kind == counted]
        if len(stated) == 1:
            return stated[0]
        self.problems.add(key, "needs exactly one of sum, count, earliest, latest")
        return "rows"

    def _summed(self, fields: Fields, table: str) -> tuple[str, ...]:
        node = next((found for kind in _COLUMN_KINDS if (found := fields.get(kind))), None)
        columns = as_texts(node, self.problems) if node else ()
        for column in columns:
            self._note(table, column, fields)
        return columns

    def _time(self, fields: Fields, key: str, *, needed: bool = False) -> TimeValue | None:
        node = fields.need(key, "a column with a time") if needed else fields.get(key)
        return read_time_value(node, self.problems) if node else None

    def _text_value(self, fields: Fields, key: str) -> TextValue | None:
        node = fields.get(key)
        return read_text_value(node, self.problems) if node else None

    def _needed(self, fields: Fields, key: str, found: TextValue | None) -> TextValue:
        fields.need(key, "a word, or {column: ...}")
        return found or TextValue(literal="")

    def _texts(
        self, fields: Fields, key: str, known: Collection[str] | None = None
    ) -> dict[str, TextValue]:
        """A mapping of names to text values."""
        texts: dict[str, TextValue] = {}
        for name, value in entries(fields.get(key), self.problems, of="name: value"):
            if known is not None and name.text not in known:
                self.problems.add(name, f"unknown key: {did_you_mean(name.text, known)}")
            texts[name.text] = read_text_value(value, self.problems)
        return texts
