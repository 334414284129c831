"""What the senders of a transaction's batches are told, and what is counted at the door."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from orderwatch.core.flow.template import Template
from orderwatch.core.ingest.batch import Batch, Receipt, Refused, Rejection
from orderwatch.core.model import FieldError, OrderId, System
from orderwatch.core.tracking.changes import Changes
from orderwatch.core.tracking.counting import count_event, count_lag, count_words, last_words
from orderwatch.core.tracking.settle import Claim, Sorted

OTHER = "other"
"""The label of systems the template does not know: a sender must not be able to make labels."""


def conflict(claim: Claim) -> Refused:
    """The dead letter of an event under a name that another event has."""
    event = claim.candidate.event
    return Refused(
        index=claim.candidate.index,
        code="identity_conflict",
        errors=(
            FieldError(
                "id",
                f"{event.ref} was used before by an event with another subject, time, status or "
                "amount; give every event an id of its own",
            ),
        ),
        payload=claim.candidate.text,
        id=event.id,
        source=event.source,
        order_id=event.order_id,
        system=event.data.system,
    )


def count_arrivals(
    changes: Changes,
    sorted_: Sorted,
    parked: Collection[OrderId],
    refused: Iterable[Refused],
    template: Template,
) -> None:
    """Count what came through the door, each event once under its result."""
    for claim in sorted_.fresh:
        event = claim.candidate.event
        result = "parked" if event.order_id in parked else "accepted"
        system = _label(event.data.system, template)
        count_event(changes.deltas, system, result)
        count_lag(changes.deltas, system, event, changes.now)
    for claim in sorted_.repeated:
        count_event(
            changes.deltas, _label(claim.candidate.event.data.system, template), "duplicate"
        )
    for one in refused:
        count_event(changes.deltas, _label(one.system or OTHER, template), "rejected")
    fresh = (claim.candidate.event for claim in sorted_.fresh)
    said = ((_label(event.data.system, template), event) for event in fresh)
    changes.words = last_words(said, changes.now)
    count_words(changes.deltas, changes.words, changes.now)


def _label(system: System, template: Template) -> str:
    return system if system == template.oms or system in template.legs else OTHER


def receipts(
    batches: Sequence[Batch], sorted_: Sorted, parked: Collection[OrderId]
) -> list[Receipt]:
    """What each batch's sender is told."""
    accepted, duplicates, waiting = ([0] * len(batches) for _ in range(3))
    rejections: list[list[Rejection]] = [[] for _ in batches]
    for claim in sorted_.fresh:
        tally = waiting if claim.candidate.event.order_id in parked else accepted
        tally[claim.batch] += 1
    for claim in sorted_.repeated:
        duplicates[claim.batch] += 1
    for claim in sorted_.conflicting:
        refused = conflict(claim)
        rejections[claim.batch].append(Rejection(refused.index, refused.id, refused.errors))
    return [
        Receipt(accepted[n], duplicates[n], waiting[n], rejections[n]) for n in range(len(batches))
    ]
