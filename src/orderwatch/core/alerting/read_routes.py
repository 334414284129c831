"""The routes of an alert book: who is told, and that nobody's alerts go nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from orderwatch.core.alerting.book import Look, Priority, Route, Rule
from orderwatch.core.alerting.find_counts import MISMATCH_TYPES
from orderwatch.core.alerting.read_place import Around, known_word, known_words
from orderwatch.core.alerting.read_rules import read_labels
from orderwatch.core.yaml_fields import Fields
from orderwatch.core.yaml_source import Listing, Mapping, Node, Scalar

KEYS: Final = (
    "to", "teams", "priorities", "rules", "mismatch_types", "labels", "hours", "outside_hours",
    "escalate_after", "escalate_to", "go_on",
)  # fmt: skip


def read_routes(node: Node | None, around: Around, rule_names: Iterable[str]) -> tuple[Route, ...]:
    """Every route in its order."""
    if node is None:
        return ()
    if not isinstance(node, Listing):
        around.problems.add(node, "must be a list: - teams: [...] with to: [...] below it")
        return ()
    names = tuple(rule_names)
    return tuple(_each(node, around, names))


def _each(listed: Listing, around: Around, names: tuple[str, ...]) -> Iterator[Route]:
    for item in listed.items:
        if isinstance(item, Mapping):
            yield _route(Fields(item, around.problems, KEYS), around, names)
        else:
            around.problems.add(item, "must be a route: to: [...]")


def _route(fields: Fields, around: Around, names: tuple[str, ...]) -> Route:
    fields.need("to", "[mailbox]")
    after = fields.get("escalate_after")
    if after is not None and fields.get("escalate_to") is None:
        fields.need("escalate_to", "[mailbox], who is told when nobody acknowledges")
    if after is None and (to := fields.get("escalate_to")) is not None:
        fields.problems.add(to, "has no time: write escalate_after: 15 min beside it")
    return Route(
        to=_channels(fields, "to", around),
        teams=known_words(fields, "teams", around.teams, "team"),
        priorities=frozenset(
            map(Priority, known_words(fields, "priorities", tuple(Priority), "priority"))
        ),
        rules=known_words(fields, "rules", names, "rule"),
        mismatch_types=known_words(fields, "mismatch_types", MISMATCH_TYPES, "mismatch type"),
        labels=read_labels(fields),
        hours=known_word(fields, "hours", around.hours, "hours"),
        outside_hours=known_word(fields, "outside_hours", around.hours, "hours"),
        escalate_after=fields.duration("escalate_after"),
        escalate_to=_channels(fields, "escalate_to", around),
        go_on=fields.flag("go_on"),
    )


def _channels(fields: Fields, key: str, around: Around) -> tuple[str, ...]:
    """In the order written: the first is told first."""
    known = known_words(fields, key, around.channels, "channel")
    return tuple(name for name in fields.texts(key) if name in known)


def check_reach(
    rules: dict[str, Rule], routes: tuple[Route, ...], keys: dict[str, Scalar], around: Around
) -> None:
    """A complaint about each rule whose incidents no route would ever take anywhere."""
    for rule in rules.values():
        if rule.enabled and rule.id in keys and not any(_may_fit(one, rule) for one in routes):
            who = f"team {rule.team}, priority {rule.priority}"
            around.problems.add(keys[rule.id], f"nobody is told: no route fits {who}; add one")


def _may_fit(route: Route, rule: Rule) -> bool:
    """Whether it fits at some time of day. A summary has the priority of its incident."""
    any_priority = any(watch.look is Look.INCIDENT for watch in rule.watches)
    return (
        bool(route.to)
        and (not route.teams or rule.team in route.teams)
        and (not route.priorities or any_priority or rule.priority in route.priorities)
        and (not route.rules or any_priority or rule.id in route.rules)
        and all(rule.labels.get(name) == value for name, value in route.labels.items())
    )
