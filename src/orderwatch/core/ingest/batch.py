"""What the door hands to the ledger, and what the ledger answers.

A batch holds everything one request brought, in its order: the events that can be trusted and the
ones that cannot, so that both are stored in one transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from msgspec import Struct

from orderwatch.core.errors import OrderwatchError
from orderwatch.core.model import Event, FieldError

RefusalCode = Literal[
    "not_json",
    "invalid",
    "too_large",
    "too_deep",
    "unsupported_type",
    "foreign_source",
    "identity_conflict",
    "not_storable",
    "never_announced",
]
"""Why an event was refused. The last three are the ledger's."""


class Candidate(Struct, frozen=True):
    """A trusted event that has not been stored: its place in the request and its JSON text."""

    index: int
    event: Event
    text: bytes


class Refused(Struct, frozen=True, kw_only=True):
    """What could not be trusted, whole, with every reason. Names are given as far as legible."""

    index: int
    code: RefusalCode
    errors: tuple[FieldError, ...]
    payload: bytes
    id: str | None = None
    source: str | None = None
    order_id: str | None = None
    system: str | None = None


class Batch(Struct, frozen=True):
    """One request's events: the trusted ones and the refused ones, each in order of index."""

    events: list[Candidate]
    rejected: list[Refused]


class Rejection(Struct, frozen=True):
    """What the sender is told about one refused event."""

    index: int
    id: str | None
    errors: tuple[FieldError, ...]


class Receipt(Struct, frozen=True):
    """What became of a batch once it was committed. `rejected` are the ledger's own refusals."""

    accepted: int
    duplicates: int
    parked: int
    rejected: list[Rejection]


class Overloaded(OrderwatchError):
    """More events wait to be stored than can be kept in memory; send again after `retry_after`."""

    retryable = True

    def __init__(self, message: str = "", retry_after: timedelta = timedelta(seconds=1)) -> None:
        super().__init__(message or "too many events wait to be stored")
        self.retry_after = retry_after
