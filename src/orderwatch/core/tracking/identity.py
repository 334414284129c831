"""Which event is which: `source` and `id` name it; its content tells a repeat from a conflict."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

from msgspec import UNSET

from orderwatch.core.model import Event


def identity(event: Event) -> UUID:
    """The 128-bit name of an event: a hash over `source` and `id`, the same wherever it arrives."""
    return UUID(bytes=blake2b(f"{event.source}\0{event.id}".encode(), digest_size=16).digest())


def content(event: Event) -> int:
    """A signed 64-bit hash over what the event states: two with one identity must agree on it.

    Only what decides an order counts, and instants rather than their spelling, so a sender that
    serialises anew when it retries is not taken for a liar.
    """
    said = event.data
    money = (
        ""
        if said.amount is None
        else f"{said.amount.decimal.normalize()} {said.amount.currency} {said.amount.kind or ''}"
    )
    sequence = "" if event.sequence is UNSET else event.sequence
    text = "\0".join(
        (
            event.order_id,
            str(event.time.timestamp()),
            sequence,
            said.system,
            said.status,
            money,
        )
    )
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
