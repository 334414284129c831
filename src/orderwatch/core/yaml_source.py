"""YAML as people write it: a tree whose every value knows its field path, line and column.

Scalars stay text until a reader asks for a type, so a status named `NO` stays a word. Tags, anchors
and aliases are refused: they hide what a file says. Nothing here raises; problems are values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml
from msgspec import Struct

MAX_LENGTH: Final = 1_000_000
MAX_DEPTH: Final = 20


class SourceProblem(Struct, frozen=True, order=True):
    """What is wrong at one place of a YAML text (both numbers 1-based), and the remedy."""

    line: int
    column: int
    field: str
    message: str


class Scalar(Struct, frozen=True):
    """One value as written; `plain` if without quotes."""

    field: str
    line: int
    column: int
    text: str
    plain: bool = True

    @property
    def empty(self) -> bool:
        """Nothing was written, or YAML's words for nothing."""
        return self.plain and self.text in ("", "~", "null")


class Listing(Struct, frozen=True):
    """A sequence."""

    field: str
    line: int
    column: int
    items: tuple[Node, ...]


class Mapping(Struct, frozen=True):
    """Keys with their values; `keys` says where each key stands, under the value's path."""

    field: str
    line: int
    column: int
    entries: dict[str, Node]
    keys: dict[str, Scalar]


Node = Scalar | Listing | Mapping


def read_yaml(text: str) -> tuple[Node | None, tuple[SourceProblem, ...]]:
    """The tree of the text's only document, with everything wrong about its form.

    The tree is None if the text is not YAML at all.
    """
    if len(text) > MAX_LENGTH:
        return None, (SourceProblem(1, 1, "", f"longer than {MAX_LENGTH:,} characters: split it"),)
    builder = _Builder(text)
    try:
        return builder.document(), tuple(builder.problems)
    except yaml.YAMLError as error:
        return None, (*builder.problems, _syntax_problem(error, text))
    except (ValueError, OverflowError):
        # PyYAML passes on what chr() and int() say about an impossible escape or version.
        line, column = builder.position
        impossible = SourceProblem(line, column, "", "an impossible escape or number after here")
        return None, (*builder.problems, impossible)


class _TooDeep(yaml.YAMLError):
    """Nested deeper than anything sensible."""

    def __str__(self) -> str:
        return f"nested deeper than {MAX_DEPTH} levels"


class _Builder:
    """Turns the parser's events into nodes; a repeated key keeps its first value."""

    def __init__(self, text: str) -> None:
        self.problems: list[SourceProblem] = []
        self.position = (1, 1)
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)

    def document(self) -> Node:
        """The first document; a second one is a problem."""
        self._next()
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return Scalar("", 1, 1, "")
        root = self._node(self._next(), "", 0)
        self._next()
        following = self._next()
        if not isinstance(following, yaml.StreamEndEvent):
            self._problem(following, "", "a second document: one file holds one")
        return root

    def _next(self) -> yaml.Event:
        event = next(self._events)
        self.position = _place(event)
        return event

    def _problem(self, event: yaml.Event, field: str, message: str) -> None:
        line, column = _place(event)
        self.problems.append(SourceProblem(line, column, field, message))

    def _node(self, event: yaml.Event, field: str, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooDeep
        line, column = _place(event)
        self._refuse_cleverness(event, field)
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(field, line, column, depth)
            case yaml.SequenceStartEvent():
                return self._listing(field, line, column, depth)
            case yaml.ScalarEvent():
                return self._scalar(event, field)
            case _:
                return Scalar(field, line, column, "")

    def _refuse_cleverness(self, event: yaml.Event, field: str) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, field, f"alias *{event.anchor}: write the value out instead")
        elif isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._problem(event, field, f"anchor &{event.anchor}: remove it, no alias is allowed")
        if getattr(event, "tag", None) not in (None, "!"):
            self._problem(event, field, "a tag: remove it, the field decides the type")

    def _scalar(self, event: yaml.ScalarEvent, field: str) -> Scalar:
        text = event.value
        if any("\ud800" <= letter <= "\udfff" or letter == "\0" for letter in text):
            self._problem(event, field, "holds half a character or a NUL: write it in full")
            text = text.encode("utf-8", "replace").decode().replace("\0", "?")
        return Scalar(field, *_place(event), text, plain=event.style is None)

    def _listing(self, field: str, line: int, column: int, depth: int) -> Listing:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, f"{field}[{len(items)}]", depth + 1))
        return Listing(field, line, column, tuple(items))

    def _mapping(self, field: str, line: int, column: int, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, field, depth + 1)
            name = key.text if isinstance(key, Scalar) else ""
            path = f"{field}.{name}" if field else name
            value = self._node(self._next(), path, depth + 1)
            if not isinstance(key, Scalar):
                self._problem(event, field, "a key must be a word")
            elif name in entries:
                first = keys[name].line
                self._problem(event, path, f"written twice (first on line {first}): keep one")
            else:
                entries[name] = value
                keys[name] = Scalar(path, key.line, key.column, name, key.plain)
        return Mapping(field, line, column, entries, keys)


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax_problem(error: yaml.YAMLError, text: str) -> SourceProblem:
    """PyYAML's complaint, at its place, on one line."""
    if isinstance(error, yaml.MarkedYAMLError):
        said = ", ".join(part for part in (error.context, error.problem) if part)
        if mark := error.problem_mark or error.context_mark:
            return SourceProblem(mark.line + 1, mark.column + 1, "", f"not YAML: {said}")
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position]
        line, start = before.count("\n") + 1, before.rfind("\n") + 1
        column = error.position - start + 1
        return SourceProblem(line, column, "", "a control character: remove it")
    return SourceProblem(1, 1, "", f"not YAML: {error}")
