"""The fold: events and template in, the state of their order out. Pure, and blind to arrival.

`fold` sorts by `position`, so any order of arrival, any repetition and any batching ends in the
same state, which is also what `rebuild` finds. A new event that belongs before the state's last
one cannot be added: `fits` says so, and the caller folds the order again from its history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from orderwatch.core.flow.template import HELD_FROM, Status, Template
from orderwatch.core.model import Deviation, DeviationKind, Event, ReceivedEvent
from orderwatch.core.tracking.deviations import deviate, record, remember_early
from orderwatch.core.tracking.facts import take_facts
from orderwatch.core.tracking.legs import hear_leg, promise
from orderwatch.core.tracking.position import position
from orderwatch.core.tracking.state import OrderState, Position

LONGEST_PROMISE = timedelta(days=400)


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
    at = (event.time if trusted else received.received_at).astimezone(UTC)
    state.last = max(state.last, place)
    state.event_count += 1
    state.updated_at = at
    if not trusted:
        deviate(state, DeviationKind.IMPOSSIBLE_TIME, event)
    if event.data.due_at is not None and not _can_be_promised(event.data.due_at, at, template):
        deviate(state, DeviationKind.IMPOSSIBLE_TIME, event, to=f"due_at {event.data.due_at:%Y}")
        event = replace(event, data=replace(event.data, due_at=None))
    if event.data.system == template.oms:
        _hear_oms(state, event, at, trusted, template)
    elif event.data.system in template.legs:
        hear_leg(state, event, at, trusted, template)
    else:
        deviate(state, DeviationKind.UNKNOWN_SYSTEM, event, to=event.data.status)
    take_facts(state, event, template)


def _can_be_promised(due_at: datetime, at: datetime, template: Template) -> bool:
    """A promise for the year 2199 would silence an order for ever, so it is not believed."""
    return template.clock.earliest <= due_at <= at + LONGEST_PROMISE


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
        deviate(state, DeviationKind.UNKNOWN_STATUS, event, state.status, word)
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
        state.due_at = promise(event.data) or state.due_at


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
                record(
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
        remember_early(state, event, at)


def _enter(state: OrderState, status: Status, event: Event, at: datetime) -> None:
    state.status = state.understood = status.name
    state.since = at
    state.status_event = event.ref
    state.due_at = promise(event.data)


def _move(state: OrderState, before: Status, after: Status, event: Event, at: datetime) -> None:
    kind = transition(before, after, state.held_from)
    if kind is not None:
        deviate(state, kind, event, before.name, after.name)
    if kind is DeviationKind.EVENT_AFTER_FINAL:
        return
    state.held_from = before.name if after.hold else None
    _enter(state, after, event, at)


def transition(before: Status, after: Status, held_from: str | None) -> DeviationKind | None:
    """What is irregular about going from one status to another; None: the template allows it."""
    if before.final:
        return DeviationKind.EVENT_AFTER_FINAL
    back = before.hold and HELD_FROM in before.next and after.name == held_from
    if back or after.name in before.next:
        return None
    if before.step is None or after.step is None or after.step == before.step:
        return DeviationKind.UNEXPECTED_TRANSITION
    return DeviationKind.REGRESSION if after.step < before.step else DeviationKind.SKIPPED_STEP
