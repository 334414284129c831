"""Change thresholds in a template's text, and nothing else: comments and layout stay as they are.

A figure is replaced where it stands. Only where a place has to be made for one, for a channel that
had none, the threshold is written anew: `{default: 15 min, by_channel: {app: 10 min}}`.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from orderwatch.core.flow.durations import in_words
from orderwatch.core.flow.template import Template, Threshold
from orderwatch.core.yaml_edit import Edit, apply_edits, compose, find, span

Owner = tuple[str, ...]
"""Whose threshold: `("oms", "statuses", "PENDING")` or `("legs", "stock")`."""


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
    root = compose(source)
    for owner, threshold in wanted.items():
        if now[owner] != threshold:
            edits += _edits(find(root, (*owner, "threshold")), source, now[owner], threshold)
    if not edits:
        return source
    version = find(root, ("version",))
    edits.append(Edit(*span(version, source), str(template.version + 1)))
    return apply_edits(source, edits)


def _edits(node: yaml.Node, source: str, before: Threshold, after: Threshold) -> list[Edit]:
    """As few changes as will do."""
    if isinstance(node, yaml.ScalarNode):
        return [Edit(*span(node, source), _whole(after))]
    if before.by_channel.keys() != after.by_channel.keys():
        return [Edit(*span(node, source), _whole(after))]
    edits = []
    if before.default != after.default:
        edits.append(Edit(*span(find(node, ("default",)), source), in_words(after.default)))
    for channel, length in after.by_channel.items():
        if before.by_channel[channel] != length:
            place = find(node, ("by_channel", channel))
            edits.append(Edit(*span(place, source), in_words(length)))
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
