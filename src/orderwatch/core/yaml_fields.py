"""Reads typed values from a located YAML tree and collects every problem with its remedy.

A reader gives None (or the default) for a value it had to complain about, so the reading goes on
and a person sees all the problems at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from difflib import get_close_matches
from typing import Final

from orderwatch.core.yaml_source import Listing, Mapping, Node, Scalar, SourceProblem

_UNITS: Final = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DURATION: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(s|min|h|d)")
LONGEST: Final = timedelta(days=3650)
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}


class Problems:
    """Everything found wrong so far."""

    def __init__(self, found: Collection[SourceProblem] = ()) -> None:
        self._found = list(found)

    def add(self, at: Node, message: str, field: str | None = None) -> None:
        """Notes a problem at a node, under the node's own field path unless another is named."""
        path = at.field if field is None else field
        self._found.append(SourceProblem(at.line, at.column, path, message))

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def count(self) -> int:
        """How many there are: who reads a part can tell whether it added any."""
        return len(self._found)

    def sorted(self) -> tuple[SourceProblem, ...]:
        """In the order of the text, each once."""
        return tuple(sorted(set(self._found)))


def did_you_mean(word: str, known: Collection[str]) -> str:
    """The end of a message about an unknown word: the nearest known one, or all of them."""
    by_fold = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold()[:100], list(by_fold), n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_fold[near[0]]}?"
    return f"known are {', '.join(known)}" if known else "none is known"


def entries(node: Node | None, problems: Problems, of: str) -> Iterator[tuple[Scalar, Node]]:
    """Key and value of each entry; a complaint if the node is not a mapping. `of`: what it maps."""
    match node:
        case None:
            return
        case Mapping():
            yield from ((node.keys[name], value) for name, value in node.entries.items())
        case Scalar() if node.empty:
            problems.add(node, f"is empty: write {of}")
        case Scalar() | Listing():
            problems.add(node, f"must be a mapping of {of}")


def as_text(node: Node, problems: Problems, longest: int = 200) -> str | None:
    """One non-empty line of at most `longest` characters."""
    match node:
        case Scalar() if not node.text.strip() or node.empty:
            problems.add(node, "is empty: write a text or leave the key out")
        case Scalar() if len(node.text) > longest:
            problems.add(node, f"is longer than {longest} characters: shorten it")
        case Scalar():
            return " ".join(node.text.split())
        case _:
            problems.add(node, "must be a single text")
    return None


def as_texts(node: Node, problems: Problems, longest: int = 200) -> tuple[str, ...]:
    """A list of texts, each once; a lone text counts as a list of one."""
    items = node.items if isinstance(node, Listing) else (node,)
    texts: list[str] = []
    for item in items:
        text = as_text(item, problems, longest)
        if text is not None and text in texts:
            problems.add(item, f"{text} is listed twice: keep one")
        elif text is not None:
            texts.append(text)
    return tuple(texts)


def as_choice(node: Node, problems: Problems, choices: Collection[str]) -> str | None:
    """One of the known words."""
    text = as_text(node, problems)
    if text is not None and text not in choices:
        problems.add(node, f"{text} is not known here: {did_you_mean(text, choices)}")
        return None
    return text


def as_flag(node: Node, problems: Problems) -> bool | None:
    """true or false."""
    text = node.text.lower() if isinstance(node, Scalar) else ""
    if text not in _FLAGS:
        problems.add(node, "must be true or false")
    return _FLAGS.get(text)


def as_integer(node: Node, problems: Problems, least: int = 1) -> int | None:
    """A whole number from `least` to a million."""
    text = node.text if isinstance(node, Scalar) else ""
    if re.fullmatch(r"[0-9]{1,7}", text) and least <= int(text) <= 1_000_000:
        return int(text)
    problems.add(node, f"must be a whole number from {least} to 1000000")
    return None


def as_duration(node: Node, problems: Problems, *, zero: bool = False) -> timedelta | None:
    """A number with a unit, above zero unless `zero`, at most ten years."""
    text = node.text.strip() if isinstance(node, Scalar) else ""
    found = _DURATION.fullmatch(text)
    if not found:
        said = f"{text[:40]!r} is" if text else "is"
        problems.add(
            node,
            f"{said} not a duration: write a number and a unit, such as 30 s, 15 min, 24 h, 1 d",
        )
        return None
    amount, unit = found.groups()
    # An early bound keeps the product inside what a timedelta can hold.
    if float(amount) > LONGEST / _UNITS[unit]:
        problems.add(node, "is longer than ten years: write at most 3650 d")
        return None
    length = float(amount) * _UNITS[unit]
    if not length and not zero:
        problems.add(node, "must be longer than zero")
        return None
    return length


class Fields:
    """The keys of one mapping, asked for one by one; unknown and missing keys are problems."""

    def __init__(self, node: Node | None, problems: Problems, known: Collection[str]) -> None:
        self.problems = problems
        self.node = node
        self._entries: dict[str, Node] = {}
        for key, value in entries(node, problems, of=", ".join(known)):
            if key.text in known:
                self._entries[key.text] = value
            else:
                problems.add(key, f"unknown key: {did_you_mean(key.text, known)}")

    def get(self, key: str) -> Node | None:
        """The value if the key is there and not empty."""
        value = self._entries.get(key)
        return None if isinstance(value, Scalar) and value.empty else value

    def need(self, key: str, example: str) -> Node | None:
        """The value; a problem on the mapping if it is missing."""
        value = self.get(key)
        if value is None and isinstance(self.node, Mapping):
            path = f"{self.node.field}.{key}" if self.node.field else key
            at = self._entries.get(key, self.node)
            self.problems.add(at, f"is missing: write {key}: {example}", path)
        return value

    def text(self, key: str, default: str = "", longest: int = 200) -> str:
        """An optional text."""
        value = self.get(key)
        return (as_text(value, self.problems, longest) if value else None) or default

    def texts(self, key: str, longest: int = 200) -> tuple[str, ...]:
        """An optional list of texts."""
        value = self.get(key)
        return as_texts(value, self.problems, longest) if value else ()

    def flag(self, key: str) -> bool:
        """An optional true or false, false if absent."""
        value = self.get(key)
        return bool(as_flag(value, self.problems)) if value else False

    def integer(self, key: str, least: int = 1) -> int | None:
        """An optional whole number."""
        value = self.get(key)
        return as_integer(value, self.problems, least) if value else None

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        """An optional word out of the known ones."""
        value = self.get(key)
        return as_choice(value, self.problems, choices) if value else None

    def duration(self, key: str, *, zero: bool = False) -> timedelta | None:
        """An optional duration."""
        value = self.get(key)
        return as_duration(value, self.problems, zero=zero) if value else None
