"""Tables to events, by a mapping: links first, then figures, then row by row the events.

Rows are read once per stage and forgotten; kept are links, figures and a hash per identified row.
A row with anything wrong gives no event at all, is named with its field, and stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from orderwatch.core.mapping.figures import (
    Figures,
    Links,
    note_figures,
    note_links,
    orders_of,
)
from orderwatch.core.mapping.rows import Row, RowProblem, TableFile
from orderwatch.core.mapping.rules import (
    EventRule,
    FigureRule,
    LinkRule,
    MappingRules,
    RowTest,
    TextValue,
)
from orderwatch.core.mapping.tables import Again, read_table
from orderwatch.core.mapping.values import Facts, amount_of, holds, text_of, time_of
from orderwatch.core.model import EVENT_TYPE, Event, FieldError

_Rule = TypeVar("_Rule", LinkRule, FigureRule, EventRule)
Files = Mapping[str, Sequence[TableFile]]


class Import:
    """One import: iterate `events()` once; the counts tell what was read so far."""

    def __init__(self, rules: MappingRules, files: Files) -> None:
        self.rows = 0
        self.repeated = 0
        self._rules = rules
        self._files = files
        self._links: Links = {name: {} for name in rules.links}
        self._figures: Figures = {name: {} for name in rules.figures}
        self._told: set[tuple[str, int, str]] = set()

    def events(self) -> Iterator[Event | RowProblem]:
        """Every event in the order of the rows, and every problem once."""
        for item in self._stages():
            if isinstance(item, Event):
                yield item
            elif (place := (item.file, item.line, item.field)) not in self._told:
                self._told.add(place)
                yield item

    def passes(self) -> dict[str, int]:
        """How often each table will be read, for progress."""
        stages = self._links_by_table(), self._figures_by_table(), self._events_by_table()
        return {name: sum(name in stage for stage in stages) for name in self._rules.tables}

    def _stages(self) -> Iterator[Event | RowProblem]:
        for table, links in self._links_by_table().items():
            for row in self._good_rows(table):
                if isinstance(row, Row):
                    note_links(self._rules, links, row, self._links)
                else:
                    yield row
        for table, figures in self._figures_by_table().items():
            for row in self._good_rows(table):
                if isinstance(row, Row):
                    wrong = note_figures(self._rules, figures, row, self._links, self._figures)
                    yield from _named(row, wrong)
                else:
                    yield row
        for table, rules in self._events_by_table().items():
            yield from self._events_of(table, rules)

    def _events_of(self, table: str, rules: Sequence[EventRule]) -> Iterator[Event | RowProblem]:
        for item in read_table(self._rules.tables[table], self._files[table]):
            match item:
                case Row():
                    self.rows += 1
                    yield from self._row_events(rules, item)
                case Again():
                    self.repeated += 1
                case RowProblem():
                    yield item

    def _row_events(self, rules: Sequence[EventRule], row: Row) -> Iterable[Event | RowProblem]:
        """All events of a row, or only what is wrong with it."""
        made = [found for rule in rules for found in self._rule_events(rule, row)]
        wrong = [found for found in made if isinstance(found, FieldError)]
        return _named(row, wrong) if wrong else (item for item in made if isinstance(item, Event))

    def _rule_events(self, rule: EventRule, row: Row) -> Iterator[Event | FieldError]:
        plain = Facts(self._rules, row.cells)
        if not holds(_of_columns(rule), plain):
            return
        ways = orders_of(rule.order, row, self._links)
        if not any(ways):
            yield FieldError(rule.order.column, f"leads to no order: {rule.name} needs one")
        for order_id in dict.fromkeys(order for way in ways for order in way):
            facts = Facts(self._rules, row.cells, self._figures, order_id)
            if holds(rule.when, facts):
                event = self._event(rule, row, facts)
                if event is not None:
                    yield event

    def _event(self, rule: EventRule, row: Row, facts: Facts) -> Event | FieldError | None:
        """The event; None if the row has no time for it."""
        time = time_of(rule.time, facts)
        due_at = time_of(rule.due_at, facts) if rule.due_at else None
        amount = amount_of(rule.amount, facts) if rule.amount else None
        for value in (time, due_at, amount):
            if isinstance(value, FieldError):
                return value
        if time is None:
            return None
        statement = {
            "system": text_of(rule.system, facts),
            "status": text_of(rule.status, facts),
            "amount": amount,
            "due_at": due_at,
            "attempt": _attempt(rule.attempt, facts),
            "reason": _filled(rule.reason, facts) or None,
            "refs": _filled(rule.refs, facts),
            **_filled(rule.texts, facts),
        }
        if details := _filled(rule.details, facts):
            statement["details"] = details
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": self._id(rule, row, facts.order_id),
            "source": self._rules.source,
            "type": EVENT_TYPE,
            "subject": facts.order_id,
            "time": time,
            "data": statement,
        }
        if rule.sequence is not None:
            envelope["sequence"] = rule.sequence
        return _validated(envelope, rule)

    def _id(self, rule: EventRule, row: Row, order_id: str) -> str:
        """The same for the same row, so that importing again counts nothing twice."""
        unique = self._rules.tables[rule.table].unique
        parts = [rule.name, order_id]
        if unique != (rule.order.column,):
            facts = Facts(self._rules, row.cells)
            parts += [facts.text(column) for column in unique]
        return "/".join(parts)

    def _good_rows(self, table: str) -> Iterator[Row | RowProblem]:
        for item in read_table(self._rules.tables[table], self._files[table]):
            if not isinstance(item, Again):
                yield item

    def _links_by_table(self) -> dict[str, list[LinkRule]]:
        return _by_table(self._rules.links.values())

    def _figures_by_table(self) -> dict[str, list[FigureRule]]:
        return _by_table(self._rules.figures.values())

    def _events_by_table(self) -> dict[str, list[EventRule]]:
        return _by_table(self._rules.events.values())


def _by_table(rules: Iterable[_Rule]) -> dict[str, list[_Rule]]:
    """Rules together with their neighbours on the same table."""
    tables: dict[str, list[_Rule]] = {}
    for rule in rules:
        tables.setdefault(rule.table, []).append(rule)
    return tables


def _of_columns(rule: EventRule) -> tuple[RowTest, ...]:
    """The conditions that need no figure, so they can be tested before the order is known."""
    return tuple(
        test
        for test in rule.when
        if not test.ref.startswith("@") and not (test.equals or "").startswith("@")
    )


def _named(row: Row, wrong: Iterable[FieldError]) -> Iterator[RowProblem]:
    for error in wrong:
        yield RowProblem(row.file, row.line, error.field, error.message)


def _attempt(value: TextValue | None, facts: Facts) -> int | str | None:
    text = text_of(value, facts) if value else None
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else text


def _filled(values: dict[str, TextValue], facts: Facts) -> dict[str, str]:
    found = {name: text_of(value, facts) for name, value in values.items()}
    return {name: text for name, text in found.items() if text}


def _validated(envelope: dict[str, Any], rule: EventRule) -> Event | FieldError:
    try:
        return msgspec.convert(envelope, Event)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$.")
        return FieldError(f"{rule.name}: {field}", message)
