"""What the parts of an alert book may refer to, while it is read."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from orderwatch.core.alerting.book import Rule
from orderwatch.core.flow.template import Template
from orderwatch.core.yaml_fields import Fields, Problems, did_you_mean
from orderwatch.core.yaml_source import Listing, Node


class Around(Struct):
    """The flow template, and what of the book is known so far."""

    template: Template
    problems: Problems
    hours: Collection[str] = ()
    teams: Collection[str] = ()
    channels: Collection[str] = ()
    rules: dict[str, Rule] = {}

    @property
    def systems(self) -> tuple[str, ...]:
        """Everything that speaks about orders, the OMS first."""
        return self.template.oms, *self.template.legs

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages of the flow, each once."""
        return tuple(dict.fromkeys(leg.stage for leg in self.template.legs.values() if leg.stage))


def known_words(fields: Fields, key: str, known: Collection[str], what: str) -> frozenset[str]:
    """An optional list of words; each that is unknown is a problem where it stands."""
    node = fields.get(key)
    words = fields.texts(key)
    for place, word in enumerate(words):
        if word not in known:
            at = _item(node, place)
            fields.problems.add(at, f"no {what} {word}: {did_you_mean(word, known)}")
    return frozenset(word for word in words if word in known)


def known_word(fields: Fields, key: str, known: Collection[str], what: str) -> str | None:
    """An optional word; a problem when it is unknown."""
    node = fields.get(key)
    word = fields.text(key) if node is not None else ""
    if node is None or not word or word in known:
        return word or None
    fields.problems.add(node, f"no {what} {word}: {did_you_mean(word, known)}")
    return None


def _item(node: Node | None, place: int) -> Node:
    if isinstance(node, Listing) and place < len(node.items):
        return node.items[place]
    assert node is not None
    return node
