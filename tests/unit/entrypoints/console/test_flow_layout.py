"""Where systems stand on the flow map: for the flows that ship, and for any flow there can be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.story import lotus, restaurant

from orderwatch.core.flow.template import PLACED, LegRule, Template
from orderwatch.entrypoints.console.flow_layout import Box, Layout, across, down
from orderwatch.entrypoints.console.flow_order import chains_of, columns_of, starts_of

Draw = Callable[[Template], Layout]
WAYS = pytest.mark.parametrize("draw", [across, down], ids=["across", "down"])


@st.composite
def any_flow(draw: st.DrawFn) -> Template:
    """Up to twelve systems, each after any of those before it, in any stage or none."""
    pattern = lotus().legs["checkout"]
    legs: dict[str, LegRule] = {}
    for number in range(draw(st.integers(0, 12))):
        name = f"s{number}"
        before = st.sampled_from([PLACED, *legs])
        legs[name] = replace(
            pattern,
            system=name,
            title=name * draw(st.integers(1, 12)),
            stage=draw(st.sampled_from(["", "one", "two", "three"])),
            starts=tuple(draw(st.lists(before, min_size=1, max_size=4, unique=True))),
        )
    return replace(lotus(), legs=legs)


flows = st.one_of(any_flow(), st.sampled_from([lotus(), restaurant()]))


def touch(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def badge(box: Box) -> Box:
    """The ground the number of those that wait takes, at its widest."""
    x, y = box.badge
    return Box(box.system, x - 26, y - 10, 52, 20, box.badge)


@WAYS
@given(flow=flows)
def test_no_two_systems_overlap_and_all_are_in_the_picture(draw: Draw, flow: Template) -> None:
    layout = draw(flow)
    assert {box.system for box in layout.boxes} == {flow.oms, *flow.legs}
    badges = [badge(box) for box in layout.boxes if box.system != flow.oms]
    for one, other in combinations([*layout.boxes, *badges], 2):
        assert not touch(one, other), (one, other)
    for box in [*layout.boxes, *badges]:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height


@WAYS
@given(flow=flows)
def test_every_way_is_drawn_and_leads_around_other_systems(draw: Draw, flow: Template) -> None:
    layout = draw(flow)
    ways = {(link.start, link.end) for link in layout.links}
    legs = flow.legs.values()
    wanted = {(start, rule.system) for rule in legs for start in starts_of(rule, flow)}
    assert ways == wanted
    for link in layout.links:
        others = [box for box in layout.boxes if box.system not in (link.start, link.end)]
        for (x0, y0), (x1, y1) in pairwise(link.points):
            assert 0 <= min(x0, x1) <= max(x0, x1) <= layout.width
            if y0 != y1 and x0 != x1:
                continue  # a curve between two columns, where nothing stands
            line = Box("", min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0), (0, 0))
            assert not [box for box in others if touch(box, line)]


@WAYS
@given(flow=flows)
def test_the_same_flow_always_looks_the_same(draw: Draw, flow: Template) -> None:
    assert draw(flow) == draw(replace(flow))


@given(flow=flows)
def test_a_system_stands_right_of_what_it_waits_for_or_below_it(flow: Template) -> None:
    columns, chains = columns_of(flow), chains_of(flow)
    places = {box.system: box for box in across(flow).boxes}
    for rule in flow.legs.values():
        for start in starts_of(rule, flow):
            if chains.get(rule.system) == start and columns[start] == columns[rule.system]:
                assert places[rule.system].y > places[start].y
            else:
                assert columns[rule.system] > columns[start]


def test_the_flow_of_lotus_reads_as_its_orders_travel() -> None:
    columns = columns_of(lotus())
    by_column = [{name for name, n in columns.items() if n == column} for column in range(5)]
    assert by_column == [
        {"phoenix_oms"},
        {"commerce_engine"},
        {"checkout", "invoice", "stock"},
        {"instore_app", "highjump"},
        {"rider_app", "loginext"},
    ]
    assert chains_of(lotus()) == {"invoice": "checkout"}


def test_a_restaurants_flow_begins_in_kitchen_and_till_at_once() -> None:
    columns = columns_of(restaurant())
    assert columns["kitchen_display"] == columns["card_terminal"] == 1
    assert columns["courier"] == 2
    assert columns["loyalty"] == 3


def test_on_a_phone_each_system_has_a_line_of_its_own_in_the_order_of_the_flow() -> None:
    boxes = sorted(down(lotus()).boxes, key=lambda box: box.y)
    assert [box.system for box in boxes] == [
        *("phoenix_oms", "commerce_engine", "checkout", "invoice", "stock"),
        *("instore_app", "highjump", "rider_app", "loginext"),
    ]
    assert len({box.x for box in boxes}) == 1
