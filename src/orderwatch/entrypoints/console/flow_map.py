"""The flow map: the systems where the layout has them, with how they are, and how many go where.

Drawn on the server, twice: across, and down for a phone. A line is as thick as the square root of
how many orders took it; within it, as thick as their share, those that failed or are overdue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

from msgspec import Struct

from orderwatch.app.read_flow import SystemFlow
from orderwatch.core.flow.template import Template
from orderwatch.core.model import System
from orderwatch.core.tracking.counting import OVERDUE, WAITING
from orderwatch.entrypoints.console import words
from orderwatch.entrypoints.console.flow_layout import Box, Layout, Link, across, down
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.languages import number

THICKEST: Final = {"across": 15.0, "down": 7.0}
_THINNEST: Final = 1.5
_WORTH_SEEING: Final = 0.25
_SEEN: Final = 0.8
_LETTER: Final = 7.6
"""How wide a letter of a name is, on the average, at 14 pixels."""
STATES: Final = ("success", WAITING, OVERDUE, "failed")


class Part(Struct, frozen=True):
    """A part of the bar of a node."""

    state: str
    x: float
    width: float
    n: int


class Node(Struct, frozen=True):
    """One system on the map."""

    box: Box
    flow: SystemFlow
    title: str
    parts: tuple[Part, ...]
    is_oms: bool
    wait: str
    wait_width: float


class Edge(Struct, frozen=True):
    """One way on the map: how many took it, how thick it is, and how thick its trouble."""

    link: Link
    n: int
    width: float
    late_width: float
    failed_width: float
    said: str


class Drawing(Struct, frozen=True):
    """One of the two drawings."""

    how: str
    layout: Layout
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class FlowMap(Struct, frozen=True):
    """Both drawings of the same flow."""

    across: Drawing
    down: Drawing
    flows: tuple[SystemFlow, ...]


def draw(flows: Sequence[SystemFlow], template: Template) -> FlowMap:
    """Both drawings, from the figures of each system."""
    return FlowMap(
        _draw("across", across(template), flows, template),
        _draw("down", down(template), flows, template),
        tuple(flows),
    )


def _draw(how: str, layout: Layout, flows: Sequence[SystemFlow], template: Template) -> Drawing:
    by_system = {flow.view.system: flow for flow in flows}
    volumes = {(link.start, link.end): _volume(link, by_system, template) for link in layout.links}
    most = max(volumes.values(), default=0)
    edges = [
        _edge(link, volumes[link.start, link.end], most, by_system, THICKEST[how])
        for link in layout.links
    ]
    nodes = tuple(
        _node(box, by_system[box.system], template, narrow=how == "across") for box in layout.boxes
    )
    return Drawing(how, layout, nodes, tuple(edges))


def _volume(link: Link, flows: Mapping[System, SystemFlow], template: Template) -> int:
    """How many orders took this way.

    Where any one of several systems is enough nobody says which it was: they are thought to have
    come from each in proportion to how many it finished.
    """
    total = flows[link.end].tally.total
    rule = template.legs[link.end]
    if rule.starts_on == "all" or len(rule.starts) == 1:
        return total
    done = {start: flows[start].tally.success for start in rule.starts if start in flows}
    return round(total * done.get(link.start, 0) / sum(done.values())) if any(done.values()) else 0


def _edge(
    link: Link, n: int, most: int, flows: Mapping[System, SystemFlow], thickest: float
) -> Edge:
    end = flows[link.end]
    tally = end.tally
    width = max(_THINNEST, thickest * sqrt(n / most)) if n else _THINNEST
    share = tally.failed / tally.total if tally.total else 0.0
    late = (tally.failed + tally.overdue) / tally.total if tally.total else 0.0
    said = _(
        "%(start)s to %(end)s: %(n)s orders",
        start=flows[link.start].view.title,
        end=end.view.title,
        n=number(n),
    )
    if share or late:
        failed, overdue = number(100 * share, 1), number(100 * (late - share), 1)
        said = _(
            "%(said)s, %(failed)s %% failed, %(overdue)s %% overdue",
            said=said,
            failed=failed,
            overdue=overdue,
        )
    return Edge(link, n, round(width, 2), _strand(width, late), _strand(width, share), said)


def _strand(width: float, share: float) -> float:
    """As thick as its share, but not too thin to be seen; what is too little is left out."""
    return round(max(_SEEN, width * share), 2) if width * share >= _WORTH_SEEING else 0.0


def _node(box: Box, flow: SystemFlow, template: Template, *, narrow: bool) -> Node:
    inner = box.width - 24
    tally = flow.tally
    numbers = (tally.success, tally.waiting, tally.overdue, tally.failed)
    counts = dict(zip(STATES, numbers, strict=True))
    is_oms = box.system == template.oms
    wait = "" if is_oms or not flow.open else words.short(flow.open)
    return Node(
        box=box,
        flow=flow,
        title=_fitting(flow.view.title, inner if narrow else inner - 90),
        parts=_parts(counts, box.x + 12, inner),
        is_oms=is_oms,
        wait=wait,
        wait_width=18 + 7.5 * len(wait),
    )


def _parts(counts: Mapping[str, int], left: float, width: float) -> tuple[Part, ...]:
    total = sum(counts.values())
    parts: list[Part] = []
    x = left
    for state, n in counts.items():
        if n:
            part = width * n / total
            parts.append(Part(state, round(x, 2), round(part, 2), n))
            x += part
    return tuple(parts)


def _fitting(title: str, width: float) -> str:
    """As much of a name as there is room for."""
    letters = int(width / _LETTER)
    return title if len(title) <= letters else title[: letters - 1].rstrip() + "…"
