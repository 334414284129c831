"""Native words of a flow template: no word may mean two things."""

from __future__ import annotations

from collections.abc import Iterable

from orderwatch.core.yaml_fields import Problems
from orderwatch.core.yaml_source import Listing, Node


def refuse_shared_words(meanings: Iterable[tuple[str, str, Node]], problems: Problems) -> None:
    """Complains about each word, whatever its case, that two meanings claim.

    Takes (word, meaning, where it is written).
    """
    claimed: dict[str, tuple[str, str]] = {}
    for word, meaning, at in meanings:
        first_word, first = claimed.setdefault(word.upper(), (word, meaning))
        if first != meaning:
            problems.add(at, f"the word {word} already means {first}: give it to only one of them")
        elif first_word != word:
            problems.add(at, f"{word} is {first_word} again, case does not count: keep one")


def place_of(node: Node | None, index: int, otherwise: Node) -> Node:
    """The node of one word in a list, as near as it is known."""
    if isinstance(node, Listing) and index < len(node.items):
        return node.items[index]
    return node or otherwise
