"""The rules of an alert book."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from orderwatch.core.alerting.book import Look, Priority, Rule, Scope, Watch
from orderwatch.core.alerting.facts import FACTS, FactType
from orderwatch.core.alerting.find_counts import MISMATCH_TYPES
from orderwatch.core.alerting.looks import LOOKS
from orderwatch.core.alerting.read_numbers import as_number
from orderwatch.core.alerting.read_place import Around, known_word, known_words
from orderwatch.core.alerting.read_text import LONGEST, check_text, names_for
from orderwatch.core.alerting.read_watches import KEYS as WATCH_KEYS
from orderwatch.core.alerting.read_watches import read_watches
from orderwatch.core.yaml_fields import Fields, as_flag, as_text, did_you_mean, entries
from orderwatch.core.yaml_source import Node, Scalar

KEYS: Final = (
    "title", "team", "priority", "enabled", *WATCH_KEYS, "watches", "scope", "group_by", "hours",
    "hold", "calm", "update_every", "ignore_older_than", "limits", "labels", "text", "runbook",
    "once",
)  # fmt: skip
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LABEL: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,39}")
_LINK: Final = re.compile(r"https?://[^\s/@]+(/\S*)?")
_SCOPE: Final = ("channels", "systems", "locations")
_QUIET: Final = "quiet_s"
_DEFAULT: Final = Rule(id="", title="", watches=(), team="", priority=Priority.LOW)


def read_rules(node: Node | None, around: Around) -> dict[str, Rule]:
    """Each rule by its id; one with problems is left out."""
    rules: dict[str, Rule] = {}
    for key, value in entries(node, around.problems, of="rule: {title: ..., when: ...}"):
        before = around.problems.count
        if not _NAME.fullmatch(key.text):
            around.problems.add(key, "a rule's id has small letters, digits and _: order_failed")
        fields = Fields(value, around.problems, KEYS)
        rule = _rule(key, fields, around)
        if around.problems.count == before:
            rules[rule.id] = rule
    return rules


def _rule(key: Scalar, fields: Fields, around: Around) -> Rule:
    fields.need("title", "An order failed")
    fields.need("team", next(iter(around.teams), "operations"))
    fields.need("priority", " | ".join(Priority))
    watches = read_watches(fields, around)
    rule = Rule(
        id=key.text,
        title=fields.text("title", longest=100),
        watches=watches,
        team=known_word(fields, "team", around.teams, "team") or "",
        priority=Priority(fields.choice("priority", tuple(Priority)) or Priority.LOW),
        enabled=_enabled(fields),
        scope=_scope(fields, around, watches),
        group_by=_group_by(fields, watches),
        hours=known_word(fields, "hours", around.hours, "hours"),
        hold=_length(fields, "hold"),
        calm=_length(fields, "calm"),
        update_every=fields.duration("update_every") or _DEFAULT.update_every,
        ignore_older_than=fields.duration("ignore_older_than") or _DEFAULT.ignore_older_than,
        limits=_limits(fields, watches),
        labels=read_labels(fields),
        text=fields.text("text", longest=LONGEST),
        runbook=_runbook(fields),
        once=_once(fields, watches),
    )
    _check_texts(fields, rule)
    return rule


def _length(fields: Fields, key: str) -> timedelta:
    return fields.duration(key, zero=True) or timedelta()


def _enabled(fields: Fields) -> bool:
    node = fields.get("enabled")
    return node is None or bool(as_flag(node, fields.problems))


def _scope(fields: Fields, around: Around, watches: tuple[Watch, ...]) -> Scope:
    node = fields.get("scope")
    scope = Fields(node, fields.problems, _SCOPE)
    for part in _SCOPE:
        at = scope.get(part)
        if at is not None:
            _check_scope(scope, part, watches)
    requests = any(watch.look is Look.REQUESTS for watch in watches)
    return Scope(
        channels=known_words(scope, "channels", tuple(around.template.channels), "channel"),
        systems=frozenset(scope.texts("systems"))
        if requests
        else known_words(scope, "systems", around.systems, "system"),
        locations=frozenset(scope.texts("locations")),
    )


def _check_scope(scope: Fields, part: str, watches: tuple[Watch, ...]) -> None:
    """What a look cannot be limited to would look limited, and not be."""
    node = scope.get(part)
    assert node is not None
    for watch in watches:
        rule = LOOKS[watch.look]
        if part not in rule.scope:
            scope.problems.add(
                node, f"a rule that looks at {watch.look} has no {part}: {rule.why_not}"
            )
        elif watch.look is Look.WINDOW and part == "systems" and watch.per != "system":
            scope.problems.add(
                node, "orders are counted as a whole: write per: system, or remove it"
            )
        elif watch.look is Look.SILENCE and part != (
            "channels" if watch.of == "orders" else "systems"
        ):
            scope.problems.add(node, f"means nothing for the silence of {watch.of}: remove it")


def _group_by(fields: Fields, watches: tuple[Watch, ...]) -> tuple[str, ...]:
    node = fields.get("group_by")
    if node is None:
        return ()
    if watches and not any(LOOKS[watch.look].about_orders for watch in watches):
        fields.problems.add(node, "is for order and deadline: write per for what is counted")
    known = [name for name, fact in FACTS[Look.ORDER].items() if fact.type is FactType.TEXT]
    names = fields.texts("group_by")
    for name in names:
        if name not in known:
            fields.problems.add(node, f"no fact {name} to group by: {did_you_mean(name, known)}")
    return names


def _limits(fields: Fields, watches: tuple[Watch, ...]) -> dict[str, float]:
    looks = {watch.look for watch in watches}
    known = (*(MISMATCH_TYPES if Look.MISMATCHES in looks else ()),)
    known += (_QUIET,) if Look.SILENCE in looks else ()
    node = fields.get("limits")
    if node is not None and watches and not known:
        fields.problems.add(node, "means nothing here: limits are for mismatches and silence")
        return {}
    limits: dict[str, float] = {}
    for key, value in entries(node, fields.problems, of="name: number"):
        number = as_number(value, fields.problems)
        if watches and key.text not in known:
            fields.problems.add(key, f"no limit {key.text}: {did_you_mean(key.text, known)}")
        elif number is not None:
            limits[key.text] = number
    return limits


def read_labels(fields: Fields) -> dict[str, str]:
    """Words for routing, and for the systems that take our notices."""
    labels: dict[str, str] = {}
    for key, value in entries(fields.get("labels"), fields.problems, of="name: value"):
        text = as_text(value, fields.problems)
        if not _LABEL.fullmatch(key.text):
            fields.problems.add(key, "a label's name has letters, digits and _")
        labels[key.text] = text or ""
    return labels


def _runbook(fields: Fields) -> str | None:
    node = fields.get("runbook")
    link = fields.text("runbook", longest=500)
    if node is not None and link and not _LINK.fullmatch(link):
        fields.problems.add(node, "must be a link without a password: https://wiki.example.com/...")
    return link or None


def _once(fields: Fields, watches: tuple[Watch, ...]) -> bool:
    node = fields.get("once")
    once = node is not None and bool(as_flag(node, fields.problems))
    if node is not None and once and any(watch.look is not Look.SCHEDULE for watch in watches):
        fields.problems.add(node, "is for schedules: a report that nobody has to end")
    return once


def _check_texts(fields: Fields, rule: Rule) -> None:
    """Each watch's sentence, its own or the rule's, names only what is known of it."""
    for watch, node in zip(rule.watches, _text_nodes(fields, rule), strict=False):
        text = watch.text or rule.text
        if node is not None and text:
            check_text(text, node, fields.problems, names_for(watch.look, rule.group_by))


def _text_nodes(fields: Fields, rule: Rule) -> Iterator[Node | None]:
    listed = fields.get("watches")
    items = getattr(listed, "items", ())
    for place, watch in enumerate(rule.watches):
        own = getattr(items[place], "entries", {}).get("text") if place < len(items) else None
        yield own if watch.text else fields.get("text")
