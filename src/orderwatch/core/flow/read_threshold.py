"""A threshold of a flow template: `30 min`, or one figure by default and others by channel."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from orderwatch.core.flow.template import Threshold
from orderwatch.core.yaml_fields import Fields, Problems, as_duration, did_you_mean, entries
from orderwatch.core.yaml_source import Mapping, Node

UNKNOWN = timedelta(0)
"""Stands in for a duration that was wrong; its problem keeps the template from being used."""


def read_threshold(node: Node, problems: Problems, channels: Collection[str]) -> Threshold:
    """The threshold a node says; a channel the template does not list is a problem."""
    if not isinstance(node, Mapping):
        return Threshold(as_duration(node, problems) or UNKNOWN)
    fields = Fields(node, problems, ("default", "by_channel"))
    default = fields.need("default", "30 min")
    by_channel: dict[str, timedelta] = {}
    listed = fields.get("by_channel")
    for key, value in entries(listed, problems, of="channel: duration"):
        if key.text not in channels:
            problems.add(key, f"is not one of the channels: {did_you_mean(key.text, channels)}")
        by_channel[key.text] = as_duration(value, problems) or UNKNOWN
    length = as_duration(default, problems) if default else None
    return Threshold(length or UNKNOWN, by_channel)
