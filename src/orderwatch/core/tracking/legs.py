"""Downstream systems: each word moves the leg of its system, and no other."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, DeviationKind, Event, Statement
from orderwatch.core.tracking.deviations import deviate, remember_early
from orderwatch.core.tracking.state import LegState, OrderState


def hear_leg(
    state: OrderState, event: Event, at: datetime, trusted: bool, template: Template
) -> None:
    """Move the leg of the system that speaks."""
    said = event.data
    if trusted and not state.initial_seen:
        remember_early(state, event, at)
    class_ = template.leg_words[said.system].get(said.status.upper())
    leg = state.legs.get(said.system)
    if leg is not None and trusted and not leg.trusted:
        leg = None  # the first believable word starts the leg anew
    if class_ is None:
        deviate(
            state, DeviationKind.UNKNOWN_STATUS, event, leg.status if leg else None, said.status
        )
    elif leg is not None and leg.class_ is Class.SUCCESS and class_ is Class.DELAYED:
        deviate(state, DeviationKind.REGRESSION, event, leg.status, said.status)
    if leg is None:
        state.legs[said.system] = _first_word(event, at, class_, trusted)
    else:
        state.legs[said.system] = _next_word(leg, event, at, class_)


def _first_word(event: Event, at: datetime, class_: Class | None, trusted: bool) -> LegState:
    said = event.data
    known = class_ or Class.DELAYED
    return LegState(
        status=said.status,
        class_=known,
        first_at=at,
        event=event.ref,
        ended_at=None if known is Class.DELAYED else at,
        due_at=promise(said),
        attempts=said.attempt or 1,
        reason=said.reason,
        trusted=trusted,
    )


def _next_word(leg: LegState, event: Event, at: datetime, class_: Class | None) -> LegState:
    """A word of the class the leg already has moves neither its end nor what decided it."""
    said = event.data
    due_at = promise(said) or leg.due_at
    attempts = max(leg.attempts, said.attempt or 1)
    if class_ is None or class_ is leg.class_:
        return replace(
            leg,
            status=said.status,
            due_at=due_at,
            attempts=attempts,
            reason=said.reason or (leg.reason if class_ is not Class.SUCCESS else None),
        )
    reopened = class_ is Class.DELAYED
    if leg.class_ is Class.FAILED and said.attempt is None:
        attempts = leg.attempts + 1
    return replace(
        leg,
        status=said.status,
        class_=class_,
        event=event.ref,
        ended_at=None if reopened else at,
        reopened_at=at if reopened else leg.reopened_at,
        due_at=due_at,
        attempts=attempts,
        reason=said.reason,
    )


def promise(said: Statement) -> datetime | None:
    """The sender's own deadline, in UTC."""
    return None if said.due_at is None else said.due_at.astimezone(UTC)
