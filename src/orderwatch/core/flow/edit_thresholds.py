"""Change thresholds in a template's text, and nothing else: comments and layout stay as they are.

A figure is replaced where it stands. Only where a place has to be made for one, for a channel that
had none, the threshold is written anew: `{default: 15 min, by_channel: {app: 10 min}}`.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml
from msgspec import Struct

from orderwatch.core.flow.durations import in_words
from orderwatch.core.flow.template import Template, Threshold

Owner = tuple[str, ...]
"""Whose threshold: `("oms", "statuses", "PENDING")` or `("legs", "stock")`."""


class Edit(Struct, frozen=True, order=True):
    """A part of a text, and what is to stand there."""

    start: int
    end: int
    text: str


def thresholds_of(template: Template) -> dict[Owner, Threshold]:
    """Every threshold of a template by its owner, statuses first."""
    statuses = {
        ("oms", "statuses", status.name): status.threshold
        for status in template.statuses.values()
        if status.threshold is not None
    }
    return statuses | {("legs", leg.system): leg.threshold for leg in template.legs.values()}


def edit_thresholds(source: str, template: Template, wanted: Mapping[Owner, Threshold]) -> str:
    """The source with these thresholds in the place of those it has, and the next version number.

    `template` is what the source says. Unchanged when nothing differs.
    """
    now = thresholds_of(template)
    edits: list[Edit] = []
    root = yaml.compose(source, Loader=yaml.SafeLoader)
    for owner, threshold in wanted.items():
        if now[owner] != threshold:
            edits += _edits(_find(root, (*owner, "threshold")), source, now[owner], threshold)
    if not edits:
        return source
    version = _find(root, ("version",))
    edits.append(Edit(*_span(version, source), str(template.version + 1)))
    return _apply(source, edits)


def _edits(node: yaml.Node, source: str, before: Threshold, after: Threshold) -> list[Edit]:
    """As few changes as will do."""
    if isinstance(node, yaml.ScalarNode):
        return [Edit(*_span(node, source), _whole(after))]
    if before.by_channel.keys() != after.by_channel.keys():
        return [Edit(*_span(node, source), _whole(after))]
    edits = []
    if before.default != after.default:
        edits.append(Edit(*_span(_find(node, ("default",)), source), in_words(after.default)))
    for channel, length in after.by_channel.items():
        if before.by_channel[channel] != length:
            place = _find(node, ("by_channel", channel))
            edits.append(Edit(*_span(place, source), in_words(length)))
    return edits


def _whole(threshold: Threshold) -> str:
    """The threshold on one line."""
    if not threshold.by_channel:
        return in_words(threshold.default)
    channels = ", ".join(
        f"{_key(name)}: {in_words(length)}" for name, length in threshold.by_channel.items()
    )
    return f"{{default: {in_words(threshold.default)}, by_channel: {{{channels}}}}}"


def _key(name: str) -> str:
    """A channel's name as a key; anything but a plain word in quotes."""
    if name.replace("_", "a").replace("-", "a").isalnum():
        return name
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def _find(node: yaml.Node | None, path: Owner) -> yaml.Node:
    """The value at a path that the template was read from, so it is there."""
    for name in path:
        assert isinstance(node, yaml.MappingNode)
        node = next(value for key, value in node.value if key.value == name)
    assert node is not None
    return node


def _span(node: yaml.Node, source: str) -> tuple[int, int]:
    """Where a value stands. That of a block ends before the lines that separate it from the next.

    Places in the text are those of the parser, which does not count a byte order mark.
    """
    start, end = node.start_mark.index, node.end_mark.index
    written_ = source[start:end]
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        written_ = _without_tail(written_)
    return start, start + len(written_.rstrip())


def _without_tail(block: str) -> str:
    """A block without the empty lines and comments after its last entry."""
    lines = block.splitlines(keepends=True)
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return "".join(lines)


def _apply(source: str, edits: list[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source
