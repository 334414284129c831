"""One transaction's decisions: which events are new, which orders they move, what is written.

Pure: `app/record_events.py` brings what the database knows and carries out what comes back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Raw, Struct, field

from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Batch, Candidate
from orderwatch.core.model import OrderId, ReceivedEvent, System
from orderwatch.core.tracking.activity import active_minute, move_activity
from orderwatch.core.tracking.causes import causes_of
from orderwatch.core.tracking.changes import (
    Changed,
    Changes,
    EventRow,
    ParkedRow,
    Reference,
    StoredOrder,
    leg_row,
    order_row,
)
from orderwatch.core.tracking.counting import (
    count_change,
    standing,
)
from orderwatch.core.tracking.fold import fits, fold, in_order
from orderwatch.core.tracking.identity import content, identity
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.state import OrderState

OTHER = "other"
"""The label of systems the template does not know: a sender must not be able to make labels."""
LONGEST_NAME = 200
"""Of a reference: an index entry has to fit a third of a page."""


class Claim(Struct, frozen=True, gc=False):
    """One event of one batch, with its identity and what it states."""

    batch: int
    candidate: Candidate
    identity: UUID
    content: int


class Sorted(Struct):
    """The claims by what they turned out to be."""

    fresh: list[Claim] = field(default_factory=list)
    repeated: list[Claim] = field(default_factory=list)
    conflicting: list[Claim] = field(default_factory=list)


def claims_of(batches: Sequence[Batch]) -> list[Claim]:
    """Every trusted event of the batches, named."""
    return [
        Claim(number, candidate, identity(candidate.event), content(candidate.event))
        for number, batch in enumerate(batches)
        for candidate in batch.events
    ]


def announced_by(claims: Iterable[Claim], template: Template) -> set[OrderId]:
    """The orders of which the OMS speaks in these events."""
    return {
        claim.candidate.event.order_id
        for claim in claims
        if claim.candidate.event.data.system == template.oms
    }


def sort_claims(
    claims: Iterable[Claim], new: Collection[UUID], known: Mapping[UUID, int]
) -> Sorted:
    """Which events are new, repeats, or another event under a used name.

    `new` are the identities nobody had claimed; `known` the contents of those somebody had.
    Within the batches the first of an identity is the event, the rest are held against it.
    """
    sorted_ = Sorted()
    first: dict[UUID, int] = dict(known)
    unclaimed = set(new)
    for claim in claims:
        if claim.identity in unclaimed:
            unclaimed.discard(claim.identity)
            first[claim.identity] = claim.content
            sorted_.fresh.append(claim)
        elif first[claim.identity] == claim.content:
            sorted_.repeated.append(claim)
        else:
            sorted_.conflicting.append(claim)
    return sorted_


def received(claims: Iterable[Claim], now: datetime) -> dict[OrderId, list[ReceivedEvent]]:
    """The events by order, as received now."""
    events: dict[OrderId, list[ReceivedEvent]] = {}
    for claim in claims:
        candidate = claim.candidate
        events.setdefault(candidate.event.order_id, []).append(
            ReceivedEvent(candidate.event, now, Raw(candidate.text))
        )
    return events


def needs_history(
    events: Mapping[OrderId, list[ReceivedEvent]],
    stored: Mapping[OrderId, StoredOrder],
    template: Template,
) -> list[OrderId]:
    """The orders for which an event came that belongs before what was folded already."""
    return [
        order_id
        for order_id, arrived in events.items()
        if (known := stored.get(order_id)) is not None
        and not fits(known.state, in_order(arrived, template))
    ]


def move_order(
    changes: Changes,
    events: Sequence[ReceivedEvent],
    stored: StoredOrder | None,
    history: Sequence[ReceivedEvent] | None,
    template: Template,
) -> None:
    """Fold events of one order into it. With `history` it is folded anew from all its events.

    Retention may have ended some of those: then the late word is folded on as if it came last.
    """
    known = stored.state if stored else None
    if history is None or (known is not None and len(history) < known.event_count):
        state = fold(known, in_order(events, template), template)
    else:
        state = fold(None, in_order([*history, *events], template), template)
    if known is not None:
        state.last = max(state.last, known.last)
    all_legs = history is not None or (known is not None and _shifted(known, state))
    spoke = None if all_legs else {one.event.data.system for one in events}
    stated = known.refs if known is not None else {}
    for one in events:
        for name, value in one.event.data.refs.items():
            if stated.get(name) != value:
                changes.refs.append(Reference(value, name[:LONGEST_NAME], one.event.order_id))
    write_order(changes, state, stored, template, spoke)


def _shifted(before: OrderState, after: OrderState) -> bool:
    """Whether legs may have moved of which nobody spoke: their start, or what they may take."""
    if before.placed_at != after.placed_at or before.channel != after.channel:
        return True
    for system, leg in after.legs.items():
        known = before.legs.get(system)
        if not leg.trusted or (known and known.ended_at and known.ended_at != leg.ended_at):
            return True
    return False


def write_order(
    changes: Changes,
    state: OrderState,
    stored: StoredOrder | None,
    template: Template,
    spoke: Collection[System] | None,
) -> None:
    """Judge the state now, and write what differs from what is stored and counted.

    `spoke` are the systems whose legs may differ in more than their verdict; None: any of them.
    """
    order = judge(state, template, changes.now)
    before = stored.standing if stored else None
    after = standing(order, active_minute(order, state, changes.now))
    changes.orders.append(order_row(order, state, after, stored.revision + 1 if stored else 1))
    counted = before.legs if before else {}
    for leg in order.legs:
        moved = counted.get(leg.system) != after.legs[leg.system]
        if spoke is None or moved or leg.system in spoke:
            changes.legs.append(leg_row(state.order_id, leg))
    for system in counted:
        if system not in after.legs:
            changes.dropped_legs.append((state.order_id, system))
    count_change(changes.deltas, before, order, after)
    causes = causes_of(before, order, after, template)
    changes.causes.extend(causes)
    move_activity(changes.deltas, before, after, changes.now)
    changes.changed.append(
        Changed(
            order_id=state.order_id,
            bucket=after.bucket,
            before=before.bucket if before else None,
            status=order.status,
            order=order,
            stirs=bool(causes),
        )
    )


def park(changes: Changes, claims: Iterable[Claim]) -> None:
    """Keep events whose order nobody has announced."""
    for claim in claims:
        event = claim.candidate.event
        changes.parked.append(
            ParkedRow(
                event.order_id,
                claim.identity,
                event.data.system,
                changes.now,
                Raw(claim.candidate.text),
            )
        )


def park_again(changes: Changes, events: Iterable[ReceivedEvent]) -> None:
    """Let parked events wait on, as they were: their order was not announced after all."""
    for one in events:
        event = one.event
        changes.parked.append(
            ParkedRow(event.order_id, identity(event), event.data.system, one.received_at, one.text)
        )


def store(changes: Changes, events: Iterable[ReceivedEvent]) -> None:
    """Keep applied events for good."""
    changes.events.extend(
        EventRow(one.event.order_id, one.event.time.astimezone(UTC), one.received_at, one.text)
        for one in events
    )
