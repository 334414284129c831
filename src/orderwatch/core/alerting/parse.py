"""Reads an alert book from YAML; every problem is found at once and named with line and field."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from orderwatch.core.alerting.book import Book
from orderwatch.core.alerting.read_channels import read_channels
from orderwatch.core.alerting.read_hours import read_holidays, read_hours
from orderwatch.core.alerting.read_numbers import as_share
from orderwatch.core.alerting.read_place import Around
from orderwatch.core.alerting.read_routes import check_reach, read_routes
from orderwatch.core.alerting.read_rules import read_rules
from orderwatch.core.flow.parse import NAME, matching, read_time_zone
from orderwatch.core.flow.template import Template
from orderwatch.core.yaml_fields import Fields, Problems, as_text, entries
from orderwatch.core.yaml_source import Mapping, Node, Scalar, SourceProblem, read_yaml

BookError = SourceProblem

_KEYS: Final = (
    "alerts",
    "version",
    "time_zone",
    "success_goal",
    "teams",
    "hours",
    "holidays",
    "channels",
    "rules",
    "routes",
)


class ReadBook(Struct, frozen=True):
    """What of a text can be worked with, and everything wrong with the rest.

    The book is None when the text is no alert book at all. Rules and channels that have problems
    are not in it.
    """

    book: Book | None
    problems: tuple[BookError, ...] = ()


def parse_book(source: str, template: Template) -> Book | tuple[BookError, ...]:
    """The book a text describes for this flow; or everything wrong with it, in its order."""
    read = read_book(source, template)
    return read.problems if read.problems or read.book is None else read.book


def read_book(source: str, template: Template) -> ReadBook:
    """What can be read of a text, and what cannot."""
    root, found = read_yaml(source)
    problems = Problems(found)
    if not isinstance(root, Mapping):
        if root is not None:
            problems.add(root, "must be an alert book: alerts: NAME, rules: ...")
        return ReadBook(None, problems.sorted())
    book = _book(Fields(root, problems, _KEYS), template)
    return ReadBook(book, problems.sorted())


def _book(fields: Fields, template: Template) -> Book:
    problems = fields.problems
    around = Around(template, problems)
    name = matching(fields, "alerts", NAME, "small letters, digits and dashes: lotus-alerts")
    fields.need("version", "1")
    teams, hours = _teams(fields), read_hours(fields.get("hours"), problems)
    around.teams, around.hours = teams, hours
    channels_node = fields.need("channels", "{mailbox: {kind: mailbox}}")
    channels = read_channels(channels_node, around)
    around.channels = _names(channels_node)
    rules_node = fields.need("rules", "{order_failed: {...}}")
    rules = read_rules(rules_node, around)
    routes_node = fields.need("routes", "[{to: [mailbox]}]")
    routes = read_routes(routes_node, around, _names(rules_node))
    if routes_node is not None:
        check_reach(rules, routes, _keys(rules_node), around)
    return Book(
        name=name,
        version=fields.integer("version") or 1,
        time_zone=read_time_zone(fields) if fields.get("time_zone") else template.time_zone,
        rules=rules,
        channels=channels,
        routes=routes,
        hours=hours,
        holidays=_holidays(fields),
        teams=teams,
        success_goal=_goal(fields),
    )


def _teams(fields: Fields) -> dict[str, str]:
    """Title by team."""
    node = fields.need("teams", "{operations: Operations}")
    return {
        key.text: as_text(value, fields.problems, longest=60) or key.text
        for key, value in entries(node, fields.problems, of="team: Title")
    }


def _holidays(fields: Fields) -> frozenset[date]:
    return read_holidays(fields.get("holidays"), fields.problems)


def _goal(fields: Fields) -> float:
    node = fields.get("success_goal")
    default = 0.95
    return (as_share(node, fields.problems) or default) if node is not None else default


def _names(node: Node | None) -> tuple[str, ...]:
    """What is written, right or wrong: one mistake is told once, not at each mention."""
    return tuple(node.entries) if isinstance(node, Mapping) else ()


def _keys(node: Node | None) -> dict[str, Scalar]:
    return node.keys if isinstance(node, Mapping) else {}
