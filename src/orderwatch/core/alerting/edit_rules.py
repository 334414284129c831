"""Switch a rule on or off in a book's text, and nothing else: comments and layout stay."""

from __future__ import annotations

import yaml

from orderwatch.core.alerting.book import Book
from orderwatch.core.yaml_edit import Edit, apply_edits, compose, find, find_if_there, span


def switch_rule(source: str, book: Book, rule: str, *, enabled: bool) -> str:
    """The source with this rule on or off, and the next version number.

    `book` is what the source says, and has the rule. Unchanged when it is so already.
    """
    if book.rules[rule].enabled is enabled:
        return source
    root = compose(source)
    edits = [_switch(find(root, ("rules", rule)), source, enabled)]
    version = find(root, ("version",))
    edits.append(Edit(*span(version, source), str(book.version + 1)))
    return apply_edits(source, edits)


def _switch(node: yaml.Node, source: str, enabled: bool) -> Edit:
    word = "true" if enabled else "false"
    said = find_if_there(node, ("enabled",))
    if said is not None:
        return Edit(*span(said, source), word)
    assert isinstance(node, yaml.MappingNode)
    first, _ = node.value[0]
    start = first.start_mark.index
    between = ", " if node.flow_style else "\n" + " " * first.start_mark.column
    return Edit(start, start, f"enabled: {word}{between}")
