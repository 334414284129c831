"""Alert rules as a reader sees them: what each looks at, in words, and what a change means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from msgspec import Struct

from orderwatch.app.backtest_rules import can_backtest
from orderwatch.core.alerting.book import Book, Look, Priority, Rule, Watch
from orderwatch.core.alerting.book_differences import Part, said
from orderwatch.entrypoints.console.languages import N_, Said
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.words import round_length

LOOKS: Final = Said(
    {
        Look.ORDER: N_("orders that fail"),
        Look.DEADLINE: N_("orders past a deadline"),
        Look.SEASON: N_("unlike other weeks"),
        Look.MISMATCHES: N_("mismatches by type"),
        Look.INCIDENT: N_("incidents that end"),
        Look.NOTICE: N_("notices that fail"),
    }
)
PARTS: Final[Said[Part]] = Said(
    {
        "rule": N_("Rule"),
        "channel": N_("Channel"),
        "hours": N_("Opening hours"),
        "book": N_("All rules"),
    }
)
BACKS: Final = {
    "6h": timedelta(hours=6),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
"""On how much of the past a rule may be tried: the word of the form, and its length."""
USUAL_BACK: Final = "7d"
_SHAPES: Final = {Priority.HIGH: "failed", Priority.MEDIUM: "overdue", Priority.LOW: "waiting"}


class WatchShown(Struct, frozen=True):
    """What is looked at, the condition, and the volume it needs."""

    looks_at: str
    when: str
    at_least: int


class RuleShown(Struct, frozen=True):
    """A rule as a row of the list."""

    rule: Rule
    team: str
    shape: str
    watches: tuple[WatchShown, ...]
    can_backtest: bool


def rules_shown(book: Book) -> list[RuleShown]:
    """Every rule in the order of the book."""
    return [_rule_shown(rule, book.teams) for rule in book.rules.values()]


def _rule_shown(rule: Rule, teams: Mapping[str, str]) -> RuleShown:
    team = teams.get(rule.team, rule.team)
    watches = tuple(_watches(rule))
    return RuleShown(rule, team, _SHAPES[rule.priority], watches, can_backtest(rule))


def _watches(rule: Rule) -> Iterator[WatchShown]:
    for watch in rule.watches:
        yield WatchShown(looks_at(watch), watch.when.text, watch.at_least)


def looks_at(watch: Watch) -> str:
    """What a watch looks at: "orders active in 10 min", "a system's silence"."""
    over = round_length(watch.over) if watch.over else ""
    match watch.look:
        case Look.WINDOW if watch.per == "system":
            return _("legs that ended in %(time)s, each system", time=over or _("a day"))
        case Look.WINDOW:
            return _("orders active in %(time)s", time=over) if over else _("the orders of the day")
        case Look.SILENCE:
            return _("no new orders") if watch.of == "orders" else _("a system's silence")
        case Look.SCHEDULE:
            return _("the day before, at %(time)s", time=said(watch.at))
        case Look.REQUESTS:
            return _("requests to polled systems in %(time)s", time=over)
        case _:
            return LOOKS[watch.look]
