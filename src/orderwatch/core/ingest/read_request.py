"""The door's decision about one request: which of its events can be trusted, which cannot and why.

Pure: the bytes are here already, and whoever sent them is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from orderwatch.core.ingest.batch import Batch, Candidate, Refused
from orderwatch.core.ingest.cloudevents import (
    BATCH,
    STRUCTURED,
    Envelope,
    Headers,
    Unreadable,
    read_cloudevents,
)
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.ingest.media_type import parse_media_type
from orderwatch.core.model import FieldError

_DATA_IS_JSON: Final = FieldError(
    "content-type", "the data of an order event must be application/json"
)


def read_request(
    content_type: str, headers: Headers, body: bytes, limits: Limits
) -> Batch | Unreadable:
    """Take one HTTP request apart and judge each of its events by itself."""
    envelopes = read_cloudevents(content_type, headers, body, limits.events)
    if isinstance(envelopes, Unreadable):
        return envelopes
    if not _may_hold_orders(content_type):
        return Unreadable("unsupported_media_type", _DATA_IS_JSON)
    batch = Batch([], [])
    for index, envelope in enumerate(envelopes):
        _put(batch, _judge(index, envelope, limits))
    return batch


def keep_own_sources(batch: Batch, may_speak_for: Callable[[str], bool], prefix: str) -> Batch:
    """The batch without the events of sources that the sender may not speak for."""
    if all(may_speak_for(candidate.event.source) for candidate in batch.events):
        return batch
    kept = Batch([], list(batch.rejected))
    error = FieldError("source", f"must begin with {prefix}: this key may not speak for others")
    for candidate in batch.events:
        own = may_speak_for(candidate.event.source)
        _put(kept, candidate if own else _foreign(candidate, error))
    kept.rejected.sort(key=lambda refused: refused.index)
    return kept


def unreadable_batch(body: bytes, error: FieldError) -> Batch:
    """A body that holds no events at all, as one refused whole, so that it is kept."""
    return Batch([], [Refused(index=0, code="not_json", errors=(error,), payload=body)])


def _may_hold_orders(content_type: str) -> bool:
    """Whether a body of this type can be an order event's; nothing said is taken for JSON."""
    return parse_media_type(content_type).name in {STRUCTURED, BATCH, "application/json", ""}


def _judge(index: int, envelope: Envelope, limits: Limits) -> Candidate | Refused:
    judged = judge_event(index, envelope.text, limits)
    if not envelope.faults:
        return judged
    if isinstance(judged, Candidate):
        return Refused(index=index, code="invalid", errors=envelope.faults, payload=envelope.text)
    named = {fault.field for fault in envelope.faults}
    others = tuple(error for error in judged.errors if error.field not in named)
    return Refused(
        index=index,
        code=judged.code,
        errors=(*envelope.faults, *others)[: limits.errors_per_event],
        payload=envelope.text,
        id=judged.id,
        source=judged.source,
        order_id=judged.order_id,
        system=judged.system,
    )


def _foreign(candidate: Candidate, error: FieldError) -> Refused:
    event = candidate.event
    return Refused(
        index=candidate.index,
        code="foreign_source",
        errors=(error,),
        payload=candidate.text,
        id=event.id,
        source=event.source,
        order_id=event.order_id,
        system=event.data.system,
    )


def _put(batch: Batch, judged: Candidate | Refused) -> None:
    if isinstance(judged, Candidate):
        batch.events.append(judged)
    else:
        batch.rejected.append(judged)
