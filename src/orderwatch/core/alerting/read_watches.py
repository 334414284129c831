"""What a rule looks at: one watch written among its keys, or several as a list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, Final

from orderwatch.core.alerting.book import Look, Watch
from orderwatch.core.alerting.condition import Condition
from orderwatch.core.alerting.expression import compile_condition
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.figures import LONGEST_WINDOW
from orderwatch.core.alerting.known_values import never_true, values_of
from orderwatch.core.alerting.looks import LOOKS
from orderwatch.core.alerting.read_numbers import as_time
from orderwatch.core.alerting.read_place import Around
from orderwatch.core.alerting.read_text import LONGEST
from orderwatch.core.alerting.read_tokens import MAX_LENGTH, read_tokens
from orderwatch.core.yaml_fields import Fields, as_duration, as_text
from orderwatch.core.yaml_source import Listing, Mapping, Node

KEYS: Final = ("looks_at", "when", "over", "per", "of", "at", "at_least")
"""Of one watch; in a list also `text`."""
DAY: Final = "day"
_EXAMPLES: Final = {"over": "10 min, or day", "at": "08:00"}


def read_watches(rule: Fields, around: Around) -> tuple[Watch, ...]:
    """Every watch of a rule; those with problems are left out."""
    listed = rule.get("watches")
    if listed is None:
        watch = _watch(rule, around)
        return (watch,) if watch else ()
    for key in KEYS:
        if (node := rule.get(key)) is not None:
            around.problems.add(node, "belongs into one of the watches: move it there")
    return tuple(_several(listed, around))


def _several(listed: Node, around: Around) -> Iterator[Watch]:
    if not isinstance(listed, Listing) or not listed.items:
        around.problems.add(listed, "must be a list: - looks_at: ... with when: ... below it")
        return
    for item in listed.items:
        if not isinstance(item, Mapping):
            around.problems.add(item, "must be a watch: looks_at: ... and when: ...")
            continue
        if watch := _watch(Fields(item, around.problems, (*KEYS, "text")), around):
            yield watch


def _watch(fields: Fields, around: Around) -> Watch | None:
    before = around.problems.count
    needed = fields.need("looks_at", " | ".join(Look))
    word = fields.choice("looks_at", tuple(Look)) if needed is not None else None
    asked = fields.need("when", 'class == "failed"')
    if word is None:
        return None
    look = Look(word)
    _refuse_foreign(fields, look)
    condition = _condition(asked, look, around) if asked is not None else None
    rest = _rest(fields, look)
    if condition is None or around.problems.count > before:
        return None
    return Watch(look=look, when=condition, **rest)


def _rest(fields: Fields, look: Look) -> dict[str, Any]:
    return {
        "over": _over(fields, look),
        "per": _per(fields, look),
        "at": _at(fields, look),
        "of": _of(fields, look),
        "at_least": _at_least(fields),
        "text": fields.text("text", longest=LONGEST) if "watches" in _path(fields) else "",
    }


def _path(fields: Fields) -> str:
    return fields.node.field if fields.node is not None else ""


def _refuse_foreign(fields: Fields, look: Look) -> None:
    """Keys that would have no effect for this look."""
    known = LOOKS[look].keys
    for key in KEYS[2:]:
        node = fields.get(key)
        if node is not None and key not in known:
            others = ", ".join(one for one in Look if key in LOOKS[one].keys)
            fields.problems.add(
                node, f"means nothing for {look}: remove it ({key} is for {others})"
            )


def _condition(node: Node, look: Look, around: Around) -> Condition | None:
    text = as_text(node, around.problems, longest=MAX_LENGTH)
    if text is None:
        return None
    compiled = compile_condition(text, look)
    if isinstance(compiled, str):
        around.problems.add(node, compiled)
        return None
    tokens = read_tokens(text, FACTS[look])
    assert not isinstance(tokens, str)
    for complaint in never_true(tokens, values_of(look, around.template)):
        around.problems.add(node, complaint)
    return compiled


def _over(fields: Fields, look: Look) -> timedelta | None:
    if "over" not in LOOKS[look].keys:
        return None
    node = fields.need("over", _EXAMPLES["over"])
    if node is None or (look is Look.WINDOW and getattr(node, "text", "") == DAY):
        return None
    length = as_duration(node, fields.problems)
    if length is not None and length > LONGEST_WINDOW:
        fields.problems.add(node, "is longer than an hour: write at most 60 min, or day")
    return length


def _at(fields: Fields, look: Look) -> time | None:
    if "at" not in LOOKS[look].keys:
        return None
    node = fields.need("at", _EXAMPLES["at"])
    return as_time(node, fields.problems) if node is not None else None


def _per(fields: Fields, look: Look) -> str | None:
    per = LOOKS[look].per
    return fields.choice("per", per) if per else None


def _of(fields: Fields, look: Look) -> str | None:
    if look is not Look.SILENCE:
        return None
    of = fields.choice("of", ("orders", "systems")) or "systems"
    per = fields.get("per")
    if per is not None and getattr(per, "text", "") == "channel" and of == "systems":
        fields.problems.add(per, "systems are silent one by one: remove it, or write of: orders")
    if per is not None and getattr(per, "text", "") == "system" and of == "orders":
        fields.problems.add(per, "orders are missed as a whole or per: channel")
    return of


def _at_least(fields: Fields) -> int:
    return fields.integer("at_least", least=0) or 0
