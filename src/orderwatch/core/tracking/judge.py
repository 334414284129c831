"""The verdict: a state, the template and an instant in; the order as it stands at that instant out.

Nothing here is stored knowledge: class, deadlines and overdue follow from the state alone, so the
watcher, the API, `rebuild` and the tests all ask the same function (D1 to D3 of the product page).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orderwatch.core.flow.template import PLACED, Condition, LegRule, Template
from orderwatch.core.model import Class, Leg, Money, Order, Why
from orderwatch.core.tracking.mismatches import mismatches_of
from orderwatch.core.tracking.state import LegState, OrderState

NOTHING_SAID: Mapping[str, datetime] = {}


def judge(state: OrderState, template: Template, at: datetime) -> Order:
    """The announced order as it stands at `at`, each verdict with the rule that gave it."""
    assert state.status is not None
    assert state.placed_at is not None
    assert state.since is not None
    status = template.statuses.get(state.understood or "")
    settled = status is not None and status.class_ is not Class.DELAYED
    legs = _legs(state, template, settled, at)
    allowed = status.threshold.of(state.channel) if status and status.threshold else None
    deadline = None
    if status is not None and status.class_ is Class.DELAYED:
        deadline = state.due_at or (state.since + allowed if allowed else None)
    late = deadline is not None and at >= deadline
    class_, why = Class.DELAYED, None
    if status is not None and settled:
        class_ = status.class_
        why = Why(rule=f"status.{status.name}.class", events=(state.status_event,))
    elif (failed := _first_failed(legs)) is not None:
        class_, why = Class.FAILED, failed.why
    elif status is None:
        why = Why(rule="status.unknown", events=(state.status_event,))
    elif late and status.when_overdue is Class.FAILED:
        class_ = Class.FAILED
        why = Why(
            rule=f"status.{status.name}.when_overdue",
            threshold_s=allowed.total_seconds() if allowed else None,
            deadline=deadline,
            events=(state.status_event,),
        )
    late_leg = None if late or class_ is not Class.DELAYED else _first_late(legs)
    if late_leg is not None:
        why = late_leg.why
    if why is None:
        assert status is not None
        by = "due_at" if state.due_at else "threshold"
        why = Why(
            rule=f"status.{status.name}.{by}",
            threshold_s=allowed.total_seconds() if allowed and not state.due_at else None,
            deadline=deadline,
            events=(state.status_event,),
        )
    return Order(
        order_id=state.order_id,
        status=state.status,
        class_=class_,
        overdue=class_ is Class.DELAYED and (late or late_leg is not None),
        channel=state.channel,
        fulfilment=state.fulfilment,
        delivery=state.delivery,
        location=state.location,
        amount=state.amount,
        amounts=tuple(_money(name, *stated) for name, stated in state.amounts.items()),
        refunded=state.refunded,
        placed_at=state.placed_at,
        status_since=state.since,
        deadline=deadline,
        updated_at=state.updated_at or state.since,
        next_deadline=_next_deadline(legs, deadline, settled, at),
        why=why,
        refs=state.refs,
        legs=legs,
        deviations=tuple(state.deviations),
        deviation_count=state.deviation_count,
        event_count=state.event_count,
        mismatches=mismatches_of(state, legs, template),
    )


def _money(name: str, value: str, currency: str) -> Money:
    system, _, kind = name.rpartition("/")
    return Money(system, kind, value, currency)


def _legs(state: OrderState, template: Template, settled: bool, at: datetime) -> tuple[Leg, ...]:
    """The legs that have started, in the order of the flow.

    One that never spoke is there while it is awaited (what should have happened and did not);
    once the OMS has settled the order nobody awaits it any more.
    """
    succeeded: dict[str, datetime] = {}
    if state.placed_at is not None:
        succeeded[PLACED] = state.placed_at
    legs: list[Leg] = []
    for rule in template.legs.values():
        told = state.legs.get(rule.system)
        if told is not None and told.class_ is Class.SUCCESS and told.ended_at is not None:
            succeeded[rule.system] = told.ended_at
        started = _start(rule, succeeded)
        if told is not None:
            started = told.first_at if started is None else min(started, told.first_at)
            legs.append(_told_leg(rule, told, started, state, settled, at))
        elif started is not None and not settled and _required(rule.required, state):
            legs.append(_awaited_leg(rule, started, state, at))
    return tuple(legs)


def _start(rule: LegRule, succeeded: Mapping[str, datetime]) -> datetime | None:
    """When the leg starts: with the last, or the first, of the things it waits for."""
    starts = rule.starts
    if len(starts) == 1:
        return succeeded.get(starts[0])
    known = [succeeded[name] for name in starts if name in succeeded]
    if rule.starts_on == "any":
        return min(known, default=None)
    return max(known, default=None) if len(known) == len(starts) else None


def _required(condition: Condition | None, state: OrderState) -> bool:
    """Whether an order of this kind needs the leg, even if its system never speaks."""
    return (
        condition is not None
        and condition.fulfilment in (None, state.fulfilment)
        and condition.delivery in (None, state.delivery)
        and condition.channel in (None, state.channel)
    )


def _concerned(condition: Condition | None, state: OrderState) -> bool:
    """Whether a leg that spoke decides over the order: unless that is known to be of another kind.

    A store order whose warehouse says that it failed did not fail.
    """
    return condition is None or (
        _agree(condition.fulfilment, state.fulfilment)
        and _agree(condition.delivery, state.delivery)
        and _agree(condition.channel, state.channel)
    )


def _agree(asked: str | None, known: str | None) -> bool:
    return asked is None or known is None or asked == known


def _told_leg(
    rule: LegRule,
    told: LegState,
    started: datetime,
    state: OrderState,
    settled: bool,
    at: datetime,
) -> Leg:
    allowed = rule.threshold.of(state.channel)
    deadline = told.due_at or (told.reopened_at or started) + allowed
    open_ = told.class_ is Class.DELAYED
    if open_:
        by = "due_at" if told.due_at else "threshold"
        why = Why(
            rule=f"leg.{rule.system}.{by}",
            threshold_s=None if told.due_at else allowed.total_seconds(),
            deadline=deadline,
            events=(told.event,),
        )
    else:
        outcome = "failed" if told.class_ is Class.FAILED else "success"
        why = Why(rule=f"leg.{rule.system}.{outcome}", events=(told.event,), reason=told.reason)
    seconds = None if told.ended_at is None else (told.ended_at - started).total_seconds()
    return Leg(
        system=rule.system,
        status=told.status,
        class_=told.class_,
        overdue=open_ and not settled and at >= deadline,
        required=_concerned(rule.required, state),
        started_at=started,
        ended_at=told.ended_at,
        deadline=deadline,
        duration_s=seconds,
        attempts=told.attempts,
        reason=told.reason,
        blind_since=None,
        why=why,
    )


def _awaited_leg(rule: LegRule, started: datetime, state: OrderState, at: datetime) -> Leg:
    allowed = rule.threshold.of(state.channel)
    deadline = started + allowed
    return Leg(
        system=rule.system,
        status=None,
        class_=Class.DELAYED,
        overdue=at >= deadline,
        required=True,
        started_at=started,
        ended_at=None,
        deadline=deadline,
        duration_s=None,
        attempts=0,
        reason=None,
        blind_since=None,
        why=Why(
            rule=f"leg.{rule.system}.threshold",
            threshold_s=allowed.total_seconds(),
            deadline=deadline,
            events=(state.status_event,),
        ),
    )


def _first_failed(legs: tuple[Leg, ...]) -> Leg | None:
    failed = [leg for leg in legs if leg.class_ is Class.FAILED and leg.required and leg.ended_at]
    return min(failed, key=lambda leg: (leg.ended_at, leg.system)) if failed else None


def _first_late(legs: tuple[Leg, ...]) -> Leg | None:
    late = [leg for leg in legs if leg.overdue and leg.required and leg.deadline]
    return min(late, key=lambda leg: (leg.deadline, leg.system)) if late else None


def _next_deadline(
    legs: tuple[Leg, ...], deadline: datetime | None, settled: bool, at: datetime
) -> datetime | None:
    """The next instant at which this verdict can change by the clock alone."""
    if settled:
        return None
    coming = [
        leg.deadline
        for leg in legs
        if leg.class_ is Class.DELAYED and leg.deadline is not None and leg.deadline > at
    ]
    if deadline is not None and deadline > at:
        coming.append(deadline)
    return min(coming, default=None)


def blind_since(
    leg: Leg, rule: LegRule, last_words: Mapping[str, datetime], at: datetime
) -> datetime | None:
    """Since when an open leg cannot be seen (D7): its system's last word, if too long ago."""
    if leg.class_ is not Class.DELAYED or rule.silent_after is None:
        return None
    last = last_words.get(leg.system, leg.started_at)
    if last is None or at - last < rule.silent_after:
        return None
    return last
