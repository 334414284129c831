"""The simulator: a plan and a seed in, the messages of a whole day out, as they would be sent.

Lazy and in the order of sending: memory holds the orders that are under way and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush, heapreplace

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.model import Event
from orderwatch.core.simulation.arrivals import arrivals
from orderwatch.core.simulation.chance import STORY, chance_of
from orderwatch.core.simulation.faults import FaultPlan
from orderwatch.core.simulation.luck import Luck
from orderwatch.core.simulation.order import Customers, Placed
from orderwatch.core.simulation.plan import Plan
from orderwatch.core.simulation.script import Scripts
from orderwatch.core.simulation.story import Told, timed, told
from orderwatch.core.simulation.truth import Arrived, Fault, Truth, conclude

_SWALLOWS = ("lost", "malformed")
_encode = msgspec.json.Encoder().encode


class SimulatedMessage(Struct, frozen=True, gc=False):
    """One message as some system sends it: when, its bytes (one line of JSON, or worse)."""

    send_at: datetime
    body: bytes
    order_id: str


class Story(Struct, frozen=True):
    """One order from beginning to end: its messages in the order of sending, and the truth."""

    truth: Truth
    messages: list[SimulatedMessage]


def simulate(
    plan: Plan,
    seed: int,
    start: datetime,
    faults: FaultPlan = (),
    note: Callable[[Truth], object] | None = None,
) -> Iterator[SimulatedMessage]:
    """Every message in the order of sending; `note` is given each order's truth as it is placed."""
    under_way: list[_Waiting] = []
    for number, story in enumerate(stories(plan, seed, start, faults)):
        if note is not None:
            note(story.truth)
        while under_way and under_way[0][0] < story.truth.placed_at:
            yield _next(under_way)
        if story.messages:
            heappush(under_way, (story.messages[0].send_at, number, story.messages[::-1]))
    while under_way:
        yield _next(under_way)


_Waiting = tuple[datetime, int, list[SimulatedMessage]]
"""An order under way: when its next message leaves, its number, its messages, the next one last."""


def _next(under_way: list[_Waiting]) -> SimulatedMessage:
    """The message that leaves first; what is sent is let go of."""
    _, number, messages = under_way[0]
    message = messages.pop()
    if messages:
        heapreplace(under_way, (messages[-1].send_at, number, messages))
    else:
        heappop(under_way)
    return message


def stories(plan: Plan, seed: int, start: datetime, faults: FaultPlan = ()) -> Iterator[Story]:
    """Every order's whole story, in the order of placing."""
    if seed < 0:
        raise ValueError("the seed is a whole number from 0 up")
    customers, scripts = Customers(plan, seed), Scripts(plan)
    for number, seconds in enumerate(arrivals(plan, seed, start)):
        rng = chance_of(seed, number, STORY)
        at = start + timedelta(milliseconds=int(seconds * 1000))
        placed = customers.order(number, at, plan.pace if seconds >= 0 else 1.0, rng)
        luck = Luck(plan, placed, faults)
        change = luck.change(scripts)
        script = scripts.of(luck.traits, change)
        times, delays = timed(plan, placed, script, rng, luck.rules("slow"))
        messages = told(plan, placed, script, times, rng)
        faulted = luck.befall(script, times, delays, messages)
        yield _story(plan, placed, messages, luck.natural, faulted)


def _story(
    plan: Plan,
    placed: Placed,
    messages: Sequence[Told],
    natural: str | None,
    faults: Sequence[Fault],
) -> Story:
    """The messages as they are sent, and the truth about them."""
    sent: list[SimulatedMessage] = []
    understood: list[Event] = []
    duplicates = broken = 0
    for each in messages:
        body = _encode(each.event) if each.broken is None else each.broken
        sent += [
            SimulatedMessage(placed.at + timedelta(seconds=at), body, placed.order_id)
            for at in (each.sent, *each.copies)
        ]
        duplicates += len(each.copies)
        if each.broken is None:
            understood.append(each.event)
        else:
            broken += 1
    sent.sort(key=lambda message: message.send_at)
    oms = plan.meaning.oms
    missing = any(
        fault.system == oms and (fault.kind in _SWALLOWS or fault.how == "lost") for fault in faults
    )
    arrived = Arrived(understood, missing, duplicates, broken)
    truth = Truth(
        order_id=placed.order_id,
        placed_at=placed.at,
        natural=natural,
        channel=placed.channel,
        fulfilment=placed.fulfilment,
        delivery=placed.delivery,
        payment=placed.payment,
        location=placed.location,
        amount=replace(placed.amount, kind=msgspec.UNSET),
        faults=tuple(faults),
        expected=conclude(arrived, faults, placed.amount, plan.meaning),
    )
    return Story(truth, sent)
