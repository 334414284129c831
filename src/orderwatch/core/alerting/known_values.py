"""Words a condition compares a fact with: one that the fact never is would never be true.

Only facts whose every value is known are looked at; what customers make up (reasons, statuses of
legs, locations) may be anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from orderwatch.core.alerting.book import ChannelKind, Look, Priority
from orderwatch.core.alerting.find_counts import MISMATCH_TYPES
from orderwatch.core.alerting.read_tokens import Token
from orderwatch.core.flow.template import Template
from orderwatch.core.yaml_fields import did_you_mean

_SIDES: Final = ("==", "!=")


def values_of(look: Look, template: Template) -> Mapping[str, Collection[str]]:
    """By fact, every value it can have; empty is always one."""
    systems = (template.oms, *template.legs)
    order: Mapping[str, Collection[str]] = {
        "what": ("status", "leg"),
        "class": ("success", "failed", "delayed"),
        "before": ("success", "failed", "waiting", "overdue"),
        "system": systems,
        "stage": [leg.stage for leg in template.legs.values() if leg.stage],
        "fulfilment": ("store", "warehouse"),
        "delivery": ("express", "scheduled"),
        "payment": ("cod", "prepaid"),
    }
    by_look: dict[Look, Mapping[str, Collection[str]]] = {
        Look.ORDER: order,
        Look.DEADLINE: order,
        Look.WINDOW: {"system": systems},
        Look.SILENCE: {"system": systems},
        Look.SEASON: {"system": systems, "measure": ("volume", "latency")},
        Look.MISMATCHES: {"type": MISMATCH_TYPES},
        Look.INCIDENT: {"state": ("firing", "resolved"), "priority": tuple(Priority)},
        Look.NOTICE: {"kind": tuple(ChannelKind)},
    }
    return by_look.get(look, {})


def never_true(tokens: Sequence[Token], values: Mapping[str, Collection[str]]) -> Iterator[str]:
    """A complaint about each word that a fact is compared with and never is."""
    for fact, word in _compared(tokens):
        known = values.get(fact)
        if known is not None and word and word not in known:
            yield f'{fact} is never "{word}": {did_you_mean(word, tuple(known))}'


def _compared(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Fact and word of each `fact == "word"`, `"word" == fact` and `fact in ["word", ...]`."""
    for place, token in enumerate(tokens):
        before, after = tokens[:place], tokens[place + 1 :]
        if token.text in _SIDES and before and after:
            left, right = before[-1], after[0]
            if left.kind == "word" and right.kind == "text":
                yield left.text, right.text[1:-1]
            elif left.kind == "text" and right.kind == "word":
                yield right.text, left.text[1:-1]
        elif token.text == "in" and before and len(after) > 1 and after[0].text == "[":
            yield from ((before[-1].text, word) for word in _listed(after[1:]))


def _listed(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.text == "]":
            return
        if token.kind == "text":
            yield token.text[1:-1]
