"""Changes in a YAML text where a value stands: comments and layout stay as they are."""

from __future__ import annotations

import yaml
from msgspec import Struct


class Edit(Struct, frozen=True, order=True):
    """A part of a text, and what is to stand there."""

    start: int
    end: int
    text: str


def compose(source: str) -> yaml.Node | None:
    """The tree of a text that was read before, so it is one."""
    return yaml.compose(source, Loader=yaml.SafeLoader)


def find(node: yaml.Node | None, path: tuple[str, ...]) -> yaml.Node:
    """The value at a path that is there."""
    found = find_if_there(node, path)
    assert found is not None
    return found


def find_if_there(node: yaml.Node | None, path: tuple[str, ...]) -> yaml.Node | None:
    """The value at a path, or None."""
    for name in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == name), None)
    return node


def span(node: yaml.Node, source: str) -> tuple[int, int]:
    """Where a value stands. That of a block ends before the lines that separate it from the next.

    Places in the text are those of the parser, which does not count a byte order mark.
    """
    start, end = node.start_mark.index, node.end_mark.index
    written = source[start:end]
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        written = _without_tail(written)
    return start, start + len(written.rstrip())


def _without_tail(block: str) -> str:
    """A block without the empty lines and comments after its last entry."""
    lines = block.splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "".join(lines)


def apply_edits(source: str, edits: list[Edit]) -> str:
    """The text with every change made."""
    for edit in sorted(edits, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source
