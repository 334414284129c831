"""The sentence of a rule: which {names} it may use, for what it looks at."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from orderwatch.core.alerting.book import Look
from orderwatch.core.alerting.facts import FACTS
from orderwatch.core.alerting.looks import LOOKS
from orderwatch.core.yaml_fields import Problems, did_you_mean
from orderwatch.core.yaml_source import Node

_NAME: Final = re.compile(r"\{([^{}]*)\}")
LONGEST: Final = 300
SAID: Final = {
    "orders": 'how many orders, with the word: "47 orders", "1 order"',
    "count": "how many orders, the figure alone",
    "still_open": "how many of them are in trouble yet",
    "money": "what they are worth, with the currency",
    "system_title": "what people call the system",
    "channel_title": "what people call the channel",
    "since": "since when, in the tenant's zone",
}
"""What a sentence may name of its incident, beside the facts."""
_OF_ORDERS: Final = ("orders", "count", "still_open", "money")


def names_for(look: Look, group_by: Collection[str]) -> tuple[str, ...]:
    """Every name a sentence about this look may use.

    Of orders only what they have in common by `group_by`; seconds also without their `_s`.
    """
    about = group_by if LOOKS[look].about_orders else FACTS[look]
    spoken = [name.removesuffix("_s") for name in about]
    said = [name for name in SAID if name not in _OF_ORDERS or look is not Look.NOTICE]
    return tuple(dict.fromkeys([*about, *spoken, *said]))


def check_text(text: str, node: Node, problems: Problems, names: Collection[str]) -> None:
    """A complaint about each name that would stay empty, and about a brace that stands alone."""
    for name in _NAME.findall(text):
        if name not in names:
            problems.add(node, f"nothing is called {{{name}}} here: {did_you_mean(name, names)}")
    if re.search(r"[{}]", _NAME.sub("", text)):
        problems.add(node, "a brace stands alone: names are written {so}")
