"""The fold: events and template in, the state of their order out. Pure, and blind to arrival.

`fold` sorts by `position`, so any order of arrival, any repetition and any batching ends in the
same state, which is also what `rebuild` finds. A new event that belongs before the state's last
one cannot be added: `fits` says so, and the caller folds the order again from its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET
from msgspec.structs import replace

from orderwatch.core.flow.template import HELD_FROM, Status, Template
from orderwatch.core.model import (
    Class,
    Deviation,
    DeviationKind,
    Event,
    Money,
    ReceivedEvent,
)
from orderwatch.core.tracking.position import position
from orderwatch.core.tracking.state import LegState, Mention, OrderState, Position

MOST_DEVIATIONS = 100
"""Kept in full per order; further ones are counted (a runaway sender must not fill the row)."""
MOST_EARLY = 50
MOST_REFS = 50


def in_order(
    events: Iterable[ReceivedEvent], template: Template
) -> list[tuple[Position, ReceivedEvent]]:
    """The events of one order, each once, in the order in which they decide."""
    placed = {position(received, template.clock): received for received in events}
    return sorted(placed.items(), key=lambda item: item[0])


def fits(state: OrderState, ordered: Sequence[tuple[Position, ReceivedEvent]]) -> bool:
    """Whether all of them come after what the state has seen, so that folding them on is right."""
    return ordered[0][0] > state.last


def fold(
    state: OrderState | None,
    ordered: Sequence[tuple[Position, ReceivedEvent]],
    template: Template,
) -> OrderState:
    """The state after these events of one order, sorted by `in_order` and fitting `state`."""
    folded = (
        OrderState(order_id=ordered[0][1].event.order_id, last=ordered[0][0])
        if state is None
        else _copy(state)
    )
    for place, received in ordered:
        _step(folded, place, received, template)
    return folded


def _copy(state: OrderState) -> OrderState:
    return replace(
        state,
        legs=dict(state.legs),
        refs=dict(state.refs),
        amounts=dict(state.amounts),
        deviations=list(state.deviations),
    )


def _step(state: OrderState, place: Position, received: ReceivedEvent, template: Template) -> None:
    event = received.event
    trusted = place[0]
    at = event.time if trusted else received.received_at
    state.last = max(state.last, place)
    state.event_count += 1
    state.updated_at = at
    if not trusted:
        _deviate(state, DeviationKind.IMPOSSIBLE_TIME, event)
    if event.data.system == template.oms:
        _hear_oms(state, event, at, trusted, template)
    elif event.data.system in template.legs:
        _hear_leg(state, event, at, trusted, template)
    else:
        _deviate(state, DeviationKind.UNKNOWN_SYSTEM, event, to=event.data.status)
    _take_facts(state, event, template)


# --- the OMS: the order's own status ---------------------------------------------------------


def _hear_oms(
    state: OrderState, event: Event, at: datetime, trusted: bool, template: Template
) -> None:
    if trusted and not state.trusted:
        _forget_unbelievable(state)
    word = event.data.status
    status = template.status_words.get(word.upper())
    _place(state, event, at, status, template)
    if status is None:
        _deviate(state, DeviationKind.UNKNOWN_STATUS, event, state.status, word)
        state.status = word
        state.status_event = state.status_event or event.ref
        state.since = state.since or at
        return
    before = template.statuses.get(state.understood or "")
    if before is None:
        _enter(state, status, event, at)
    elif before.name != status.name:
        _move(state, before, status, event, at)
    else:
        state.status = status.name
        state.due_at = event.data.due_at or state.due_at


def _forget_unbelievable(state: OrderState) -> None:
    """The first believable word starts the order anew; the unbelievable stay as deviations."""
    state.trusted = True
    state.status = state.understood = None
    state.placed_at = state.since = state.due_at = None
    state.held_from = None
    state.status_event = ""
    state.initial_seen = False


def _place(
    state: OrderState, event: Event, at: datetime, status: Status | None, template: Template
) -> None:
    """Placed is when the OMS first gave an initial status, or else when it first spoke.

    Whatever was said earlier than that, beyond the allowed skew, is recorded as impossible.
    """
    initial = status is not None and status.initial and not state.initial_seen
    if initial:
        before = template.statuses.get(state.understood or "")
        initial = before is None or not before.final  # what comes after the end moves nothing
    if state.placed_at is None or initial:
        state.placed_at = at
        for mention in state.early:
            if mention.at < at - template.clock.skew:
                _record(
                    state,
                    Deviation(
                        kind=DeviationKind.IMPOSSIBLE_TIME,
                        system=mention.system,
                        at=mention.at,
                        event=mention.event,
                    ),
                )
        state.early = ()
    if initial:
        state.initial_seen = True
    elif not state.initial_seen:
        _remember_early(state, event, at)


def _remember_early(state: OrderState, event: Event, at: datetime) -> None:
    if len(state.early) < MOST_EARLY:
        state.early = (*state.early, Mention(event.data.system, at, event.ref))


def _enter(state: OrderState, status: Status, event: Event, at: datetime) -> None:
    state.status = state.understood = status.name
    state.since = at
    state.status_event = event.ref
    state.due_at = event.data.due_at


def _move(state: OrderState, before: Status, after: Status, event: Event, at: datetime) -> None:
    kind = transition(before, after, state.held_from)
    if kind is not None:
        _deviate(state, kind, event, before.name, after.name)
    if kind is DeviationKind.EVENT_AFTER_FINAL:
        return
    state.held_from = before.name if after.hold else None
    _enter(state, after, event, at)


def transition(before: Status, after: Status, held_from: str | None) -> DeviationKind | None:
    """What is irregular about going from one status to another; None when the template allows it."""
    if before.final:
        return DeviationKind.EVENT_AFTER_FINAL
    if after.name in before.next:
        return None
    if before.hold and HELD_FROM in before.next and after.name == held_from:
        return None
    if before.step is None or after.step is None:
        return DeviationKind.UNEXPECTED_TRANSITION
    if after.step < before.step:
        return DeviationKind.REGRESSION
    if after.step > before.step:
        return DeviationKind.SKIPPED_STEP
    return DeviationKind.UNEXPECTED_TRANSITION


# --- downstream systems: the legs ------------------------------------------------------------


def _hear_leg(
    state: OrderState, event: Event, at: datetime, trusted: bool, template: Template
) -> None:
    said = event.data
    if trusted and not state.initial_seen:
        _remember_early(state, event, at)
    class_ = template.leg_words[said.system].get(said.status.upper())
    leg = state.legs.get(said.system)
    if leg is not None and trusted and not leg.trusted:
        leg = None  # the first believable word starts the leg anew
    if class_ is None:
        _deviate(state, DeviationKind.UNKNOWN_STATUS, event, leg.status if leg else None, said.status)
    elif leg is not None and leg.class_ is Class.SUCCESS and class_ is Class.DELAYED:
        _deviate(state, DeviationKind.REGRESSION, event, leg.status, said.status)
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
        due_at=said.due_at,
        attempts=said.attempt or 1,
        reason=said.reason,
        trusted=trusted,
    )


def _next_word(leg: LegState, event: Event, at: datetime, class_: Class | None) -> LegState:
    """A word of the class the leg already has moves neither its end nor what decided it."""
    said = event.data
    due_at = said.due_at or leg.due_at
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


# --- facts any system may state --------------------------------------------------------------


def _take_facts(state: OrderState, event: Event, template: Template) -> None:
    said = event.data
    state.channel = said.channel or state.channel
    state.fulfilment = said.fulfilment or state.fulfilment
    state.delivery = said.delivery or state.delivery
    state.location = said.location or state.location
    if said.refs:
        for name, value in said.refs.items():
            if name in state.refs or len(state.refs) < MOST_REFS:
                state.refs[name] = value
    if said.amount is not None:
        _take_amount(state, event, template)


def _take_amount(state: OrderState, event: Event, template: Template) -> None:
    amount = event.data.amount
    assert amount is not None
    by_oms = event.data.system == template.oms
    kind = amount.kind if amount.kind is not UNSET else "order_total" if by_oms else "stated"
    state.amounts[f"{event.data.system}/{kind}"] = Money(
        event.data.system, kind, amount.value, amount.currency
    )
    if by_oms and kind == "order_total":
        state.amount = replace(amount, kind=UNSET)
    if kind == "refunded" and amount.decimal > 0:
        state.refunded = True


# --- deviations ------------------------------------------------------------------------------


def _deviate(
    state: OrderState,
    kind: DeviationKind,
    event: Event,
    from_: str | None = None,
    to: str | None = None,
) -> None:
    _record(state, Deviation(kind, event.data.system, event.time, event.ref, from_, to))


def _record(state: OrderState, deviation: Deviation) -> None:
    state.deviation_count += 1
    if len(state.deviations) < MOST_DEVIATIONS:
        state.deviations.append(deviation)
