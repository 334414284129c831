"""Stories nobody would tell: any system, any word, any time, in any order. For Hypothesis."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from tests.story import DAY, HOUR, MINUTE, Moment, lotus, restaurant, said

from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent

UNBELIEVABLE: list[Moment] = [
    datetime(1948, 1, 1, tzinfo=UTC),
    datetime(1948, 1, 2, tzinfo=UTC),
    datetime(2199, 12, 31, tzinfo=UTC),
]
MOMENTS: list[Moment] = [
    *(0, 1, 1, 2, 5, 29, 30, 31, 60, 61),
    *(15 * MINUTE, 30 * MINUTE, 31 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY),
]
RECEIVED = 3 * DAY
"""All of it had happened when it arrived, save what claims to be of the far future."""


def flows() -> st.SearchStrategy[Template]:
    """One of the templates that ship."""
    return st.sampled_from([lotus(), restaurant()])


@st.composite
def words(draw: st.DrawFn, flow: Template, systems: tuple[str, ...] = ()) -> tuple[str, str]:
    """A system and something it says: mostly its own words, sometimes nobody's."""
    system = draw(st.sampled_from([*(systems or (flow.oms, flow.oms, *flow.legs)), "stranger"]))
    known: list[str] = ["WAT", "wat now", "ß"]
    if system == flow.oms:
        known += flow.status_words
    elif system in flow.legs:
        known += flow.leg_words[system]
    return system, draw(st.sampled_from(known))


@st.composite
def facts(draw: st.DrawFn, flow: Template) -> dict[str, Any]:
    """Further members of an event's data; mostly none."""
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "channel": st.sampled_from(["app", "website", "table_qr", "another"]),
                "fulfilment": st.sampled_from(["store", "warehouse"]),
                "delivery": st.sampled_from(["express", "scheduled"]),
                "amount": st.fixed_dictionaries(
                    {"value": st.sampled_from(["0", "1.50", "-3", "999999999999.9999"])},
                    optional={
                        "kind": st.sampled_from(["order_total", "refunded", "captured"]),
                    },
                ).map(lambda amount: {**amount, "currency": "THB"}),
                "due_at": st.sampled_from([-5, 40, 10 * MINUTE, DAY]),
                "attempt": st.integers(1, 4),
                "reason": st.just({"code": "PRICING", "text": "no such price"}),
                "refs": st.dictionaries(
                    st.sampled_from(["awb", "invoice"]), st.sampled_from(["A", "B"])
                ),
            },
        )
        if draw(st.integers(0, 2)) == 0
        else st.just({})
    )


@st.composite
def events(draw: st.DrawFn, flow: Template, order: str = "o-1") -> ReceivedEvent:
    """One word about one order, with an id of its own."""
    system, word = draw(words(flow))
    at = draw(st.sampled_from([*MOMENTS, *MOMENTS, *UNBELIEVABLE]))
    sequence = draw(st.sampled_from([None, None, None, "9", "10", "a"]))
    more = draw(facts(flow))
    number = draw(st.integers(0, 10**6))
    return said(
        system, word, at, order=order, id=f"e{number}", sequence=sequence, received=RECEIVED, **more
    )


@st.composite
def histories(
    draw: st.DrawFn, flow: Template, order: str = "o-1", most: int = 12
) -> list[ReceivedEvent]:
    """All there is to hear of one order that the OMS has announced, each event once."""
    told = draw(st.lists(events(flow, order), max_size=most))
    word = draw(st.sampled_from([next(iter(flow.statuses)), *flow.statuses, "WAT"]))
    at = draw(st.sampled_from([0, 0, 0, 5, 60, UNBELIEVABLE[0]]))
    told.append(said(flow.oms, word, at, order=order, id="announced", received=RECEIVED))
    return list({one.event.ref: one for one in told}.values())


@st.composite
def arrivals(
    draw: st.DrawFn, history: list[ReceivedEvent], most_batches: int = 5
) -> list[list[ReceivedEvent]]:
    """The same history as it might come in: shuffled, partly repeated, in batches of any size."""
    repeated = draw(st.lists(st.sampled_from(history), max_size=4))
    shuffled = draw(st.permutations([*history, *repeated]))
    cuts = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=most_batches - 1)))
    edges = [0, *cuts, len(shuffled)]
    pieces = [shuffled[a:b] for a, b in pairwise(edges)]
    return [piece for piece in pieces if piece]
