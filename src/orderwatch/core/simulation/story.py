"""An order's life: its script with times, and what every system says about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from orderwatch.core.model import EVENT_TYPE, Amount, Event, Reason, Statement
from orderwatch.core.simulation.chance import Chance, lognormal
from orderwatch.core.simulation.faults import DAY, FaultRule
from orderwatch.core.simulation.order import Placed, until_open
from orderwatch.core.simulation.plan import Plan, paced
from orderwatch.core.simulation.script import Line

NEVER = -1.0


class Told(Struct, kw_only=True):
    """One message on its way: seconds after the placing at which it happened and is sent.

    `broken` replaces the event's text; `copies` are sent besides the first.
    """

    event: Event
    happened: float
    sent: float
    broken: bytes | None = None
    copies: tuple[float, ...] = ()


class Delay(Struct, frozen=True):
    """What a slow system cost at one line, in seconds."""

    line: int
    seconds: float


def timed(
    plan: Plan, placed: Placed, script: Sequence[Line], rng: Chance, slow: Sequence[FaultRule] = ()
) -> tuple[list[float], list[Delay]]:
    """When each line happens, in seconds after the placing (NEVER if something ended it before)."""
    times: list[float] = []
    delays: list[Delay] = []
    over = float("inf")
    for number, line in enumerate(script):
        step = line.step
        begun = max([times[at] for at in line.after], default=0.0)
        if step.staffed:
            begun += until_open(plan.hours, (placed.second + begun) % DAY)
        took = paced(lognormal(rng, step.takes), placed.pace)
        for rule in slow:
            if rule.concerns(step.system, step.status) and rule.covers(placed.second + begun):
                delays.append(Delay(number, took * (rule.factor - 1)))
                took *= rule.factor
        # A millisecond is the resolution of event times: no two steps share one.
        times.append(begun + max(took, 0.002) if line.after else 0.0)
        if step.ends:
            over = min(over, times[-1])
    if over < float("inf"):
        times = [
            at if at <= over or line.follows_end else NEVER
            for at, line in zip(times, script, strict=True)
        ]
    return times, delays


def told(
    plan: Plan,
    placed: Placed,
    script: Sequence[Line],
    times: Sequence[float],
    rng: Chance,
) -> list[Told]:
    """What the systems say, in the order of the script."""
    said: list[Told] = []
    for number, (line, at) in enumerate(zip(script, times, strict=True)):
        if at == NEVER:
            continue
        event = Event(
            specversion="1.0",
            id=f"{placed.seed}-{placed.order_id}-{number:02d}",
            source=line.source,
            type=EVENT_TYPE,
            order_id=placed.order_id,
            time=placed.at + timedelta(milliseconds=int(at * 1000)),
            data=_statement(plan, placed, line, at, rng),
        )
        said.append(Told(event=event, happened=at, sent=at + lognormal(rng, plan.transport)))
    return said


def _statement(plan: Plan, placed: Placed, line: Line, at: float, rng: Chance) -> Statement:
    step = line.step
    reason = _reason(plan, line, rng)
    due_at = _due_at(plan, placed, line, at)
    refs = {step.ref[0]: step.ref[1] + placed.order_id} if step.ref else {}
    if step.system != plan.meaning.oms:
        amount = None
        if step.amount is not None:
            amount = Amount(placed.amount.value, placed.amount.currency, step.amount)
        return Statement(
            step.system,
            step.status,
            amount=amount,
            due_at=due_at,
            attempt=step.attempt,
            reason=reason,
            refs=refs,
        )
    if not line.after:
        return Statement(
            step.system,
            step.status,
            placed.channel,
            placed.fulfilment,
            placed.delivery,
            placed.location,
            placed.amount,
            refs=refs,
            details=placed.basket,
        )
    return Statement(
        step.system,
        step.status,
        placed.channel,
        placed.fulfilment,
        placed.delivery,
        placed.location,
        placed.amount,
        due_at=due_at,
        reason=reason,
        refs=refs,
    )


def _due_at(plan: Plan, placed: Placed, line: Line, at: float) -> datetime | None:
    promise = line.promise
    if promise is None:
        return None
    wait = until_open(plan.hours, (placed.second + at) % DAY) if promise.from_opening else 0.0
    return placed.at + timedelta(seconds=int(at + wait + promise.within))


def _reason(plan: Plan, line: Line, rng: Chance) -> Reason | None:
    """The step's own reason, or for a setback one of its reasons."""
    if line.says_why:
        for setback in plan.setbacks.values():
            if line.step.name in setback.steps:
                return Reason(*setback.reasons[int(rng.random() * len(setback.reasons))])
    return Reason(*line.step.reason) if line.step.reason else None
