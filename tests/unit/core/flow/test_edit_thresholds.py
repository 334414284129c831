"""Thresholds are changed in a template's text, and nothing else of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.story import TEMPLATES

from orderwatch.core.flow.differences import differences, refolds
from orderwatch.core.flow.edit_thresholds import Owner, edit_thresholds, thresholds_of
from orderwatch.core.flow.parse import parse_template
from orderwatch.core.flow.template import Template, Threshold

NAMES = ("lotus-o2o", "restaurant")
BLOCK = """\
template: small
version: 7   # the seventh
title: "Small"
currency: THB
time_zone: UTC
clock: {earliest: 2000-01-01, ahead: 1 d, skew: 2 s}
channels: {app: {title: App}, "web shop": {title: Web}}
oms:
  system: oms
  statuses:
    NEW:   # where it begins
      class: delayed
      threshold:
        default: '15 min'  # agreed in May
        by_channel:
          app: 10 min
      # after the threshold

      initial: true
      next: [DONE]
    DONE: {class: success, final: true}
legs: {}
"""
NEW: Owner = ("oms", "statuses", "NEW")
LENGTHS = st.integers(1, 100_000).map(lambda seconds: timedelta(seconds=seconds))


def read(source: str) -> Template:
    template = parse_template(source)
    assert isinstance(template, Template), template
    return template


def shipped(name: str) -> str:
    return (TEMPLATES / f"{name}.yaml").read_text()


def minutes(default: int, **channels: int) -> Threshold:
    return Threshold(
        timedelta(minutes=default), {name: timedelta(minutes=n) for name, n in channels.items()}
    )


def edited(source: str, **thresholds: Threshold) -> str:
    wanted: dict[Owner, Threshold] = {
        ("oms", "statuses", name): threshold for name, threshold in thresholds.items()
    }
    return edit_thresholds(source, read(source), wanted)


def test_one_figure_is_replaced_where_it_stands_and_the_version_with_it() -> None:
    source = shipped("lotus-o2o")
    after = edited(source, PENDING=minutes(45))
    changed = [
        pair
        for pair in zip(source.split("\n"), after.split("\n"), strict=True)
        if pair[0] != pair[1]
    ]
    assert changed == [
        ("version: 1", "version: 2"),
        ("      threshold: 15 min", "      threshold: 45 min"),
    ]


def test_a_block_keeps_its_comments_when_only_figures_change() -> None:
    after = edited(BLOCK, NEW=minutes(20, app=5))
    assert "default: 20 min  # agreed in May" in after
    assert "app: 5 min" in after
    assert "version: 8   # the seventh" in after
    assert thresholds_of(read(after))[NEW] == minutes(20, app=5)


def test_a_channel_gets_and_loses_a_figure_of_its_own() -> None:
    after = edited(shipped("lotus-o2o"), PENDING=minutes(15, app=10))
    assert "threshold: {default: 15 min, by_channel: {app: 10 min}}" in after
    assert thresholds_of(read(edited(after, PENDING=minutes(15))))[
        ("oms", "statuses", "PENDING")
    ] == minutes(15)
    for wanted in (minutes(15), minutes(15, **{"web shop": 3})):
        changed = edited(BLOCK, NEW=wanted)
        assert thresholds_of(read(changed))[NEW] == wanted
        assert "# after the threshold" in changed


def test_the_same_thresholds_leave_the_text_as_it_is() -> None:
    assert edit_thresholds(BLOCK, read(BLOCK), thresholds_of(read(BLOCK))) == BLOCK


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=40)  # reading a whole template takes its time
@given(st.data())
def test_any_thresholds_are_what_the_new_text_says_and_nothing_else_differs(
    name: str, data: st.DataObject
) -> None:
    source = shipped(name)
    before = read(source)
    channels = st.dictionaries(st.sampled_from([*before.channels]), LENGTHS)
    owners = data.draw(st.lists(st.sampled_from([*thresholds_of(before)]), unique=True, max_size=4))
    wanted = {owner: Threshold(data.draw(LENGTHS), data.draw(channels)) for owner in owners}
    text = edit_thresholds(source, before, wanted)
    after = read(text)
    assert thresholds_of(after) == thresholds_of(before) | wanted
    assert set(differences(before, after).other) <= {"version"}
    assert not refolds(before, after)
    assert comments(text) == comments(source)


def comments(source: str) -> list[str]:
    return [line for line in source.split("\n") if line.lstrip().startswith("#")]
