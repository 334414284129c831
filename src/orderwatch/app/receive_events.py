"""Receive what one sender delivers: judge it, store it, say what became of it.

Everything is stored in one transaction, the refused events as dead letters beside the trusted ones;
the answer is given after it committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.check_key import Keys
from orderwatch.app.throttle import Throttle
from orderwatch.core.ingest.batch import Batch, Receipt, RefusalCode, Rejection
from orderwatch.core.ingest.cloudevents import Headers, Unreadable
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.ingest.read_request import (
    keep_own_sources,
    read_request,
    unreadable_batch,
)
from orderwatch.core.model import TenantId
from orderwatch.core.tenants.keys import ApiKey


class Ledger(Protocol):
    """Where events become history."""

    async def record(self, tenant: TenantId, batch: Batch) -> Receipt:
        """Store a batch durably: its events, and its refusals as dead letters, or nothing of it.

        An event known by source and id already is a duplicate if it says the same; if not, it is
        rejected. Raises Unavailable or Overloaded, and then nothing was stored.
        """


class Door(Struct, frozen=True):
    """All that receiving needs. `now` is an aware clock."""

    ledger: Ledger
    keys: Keys
    throttle: Throttle
    now: Callable[[], datetime]
    limits: Limits = Limits()


class Delivery(Struct, frozen=True):
    """One authenticated request, decompressed. Header names are in lower case."""

    key: ApiKey
    content_type: str
    headers: Headers
    body: bytes


class Received(Struct, frozen=True):
    """What became of a delivery; `rejected` are the door's and the ledger's refusals, by index."""

    accepted: int
    duplicates: int
    parked: int
    rejected: list[Rejection]
    refusals: frozenset[RefusalCode] = frozenset()
    """Why, all in all."""

    @property
    def is_refused(self) -> bool:
        """Whether it brought events, and not one of them was good."""
        return bool(self.rejected) and not self.accepted + self.duplicates + self.parked


_LONG: Final = 512 * 1024
"""Bodies from this size on are read in a thread, so that they keep nobody waiting."""


async def receive_events(door: Door, delivery: Delivery) -> Received | Unreadable:
    """Judge and store one delivery. Raises Unavailable or Overloaded: nothing was stored."""
    parts = (delivery.content_type, delivery.headers, delivery.body, door.limits)
    if len(delivery.body) < _LONG:
        read = read_request(*parts)
    else:
        read = await asyncio.to_thread(read_request, *parts)
    key = delivery.key
    if isinstance(read, Unreadable):
        if read.code == "not_json":
            await door.ledger.record(key.tenant, unreadable_batch(delivery.body, read.error))
        return read
    batch = keep_own_sources(read, key.may_speak_for, key.source_prefix)
    number = len(batch.events) + len(batch.rejected)
    if not number:
        return Received(0, 0, 0, [])
    door.throttle.count(key.id, number)
    return _sum_up(batch, await door.ledger.record(key.tenant, batch))


def _sum_up(batch: Batch, receipt: Receipt) -> Received:
    """The ledger's receipt, with what never came as far as the ledger's judgement."""
    if not batch.rejected and not receipt.rejected:
        return Received(receipt.accepted, receipt.duplicates, receipt.parked, [])
    codes: set[RefusalCode] = {refused.code for refused in batch.rejected}
    by_index = {
        refused.index: Rejection(refused.index, refused.id, refused.errors)
        for refused in batch.rejected
    }
    if any(rejection.index not in by_index for rejection in receipt.rejected):
        codes.add("identity_conflict")
    by_index |= {rejection.index: rejection for rejection in receipt.rejected}
    rejected = [by_index[index] for index in sorted(by_index)]
    return Received(
        receipt.accepted, receipt.duplicates, receipt.parked, rejected, frozenset(codes)
    )
