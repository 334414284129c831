"""Send what waits in the outbox: claim, send, record; a crash in between is taken up by others.

A notice arrives once, save where a sender dies, or an answer gets lost, between the channel's
taking it and our record of that: then the repeat has the same key and says the very same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.alerting.book import Book, Channel, ChannelKind
from orderwatch.core.alerting.digest import Parcel, parcel_of
from orderwatch.core.alerting.notice import Notice, NoticeId, NotSent, Outcome
from orderwatch.core.alerting.sending import (
    LEASE,
    SEND_WITHIN,
    Claim,
    Result,
    Waiting,
    choose,
    conclude,
)
from orderwatch.core.model import TenantId

MOST_AT_ONCE: Final = 1_000
"""Notices that are looked at, and merged into one digest, at a time."""


class Queue(Protocol):
    """The notices of one channel that wait; nobody else takes of them meanwhile."""

    async def waiting(self, most: int) -> list[Waiting]:
        """Those that are due first."""
        ...

    async def sent_since(self, since: datetime) -> int:
        """How many messages the channel took since then, but no tests."""
        ...

    async def claim(self, ids: Sequence[NoticeId], until: datetime) -> list[Notice]:
        """Take these, the first of which gives the parcel its key; counted as one more try."""
        ...


class Outbox(Protocol):
    """Where notices wait. Every call raises Unavailable when the database is away."""

    async def due(self, tenant: TenantId, now: datetime) -> list[str]:
        """The channels with something to send."""
        ...

    def queue(self, tenant: TenantId, channel: str) -> AbstractAsyncContextManager[Queue | None]:
        """Commits on leaving; None while another sender takes of this channel."""
        ...

    async def record(self, tenant: TenantId, claim: Claim, result: Result) -> bool:
        """Write down what became of a claim; False: the lease had ended, another has it now.

        What is given up is noted as a cause, in the same transaction, for the rules to look at.
        """
        ...


class Books(Protocol):
    """Where alert books are asked for."""

    async def of(self, tenant: TenantId) -> Book:
        """The tenant's book in force, as it was a moment ago; raises Unavailable."""
        ...

    def forget(self, tenant: TenantId) -> None:
        """Ask anew the next time."""
        ...


class Road(Protocol):
    """One kind of channel: how a parcel gets to it."""

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Never raises for what the channel or the network does: that is an outcome."""
        ...


class Sending(Struct, frozen=True):
    """All that sending needs. `within` is how long a channel may take to answer."""

    outbox: Outbox
    books: Books
    roads: Mapping[ChannelKind, Road]
    now: Callable[[], datetime]
    chance: Callable[[], float]
    within: timedelta = SEND_WITHIN


async def send_notices(sending: Sending, tenant: TenantId, name: str, channel: str) -> int:
    """Send what a channel of a tenant (`name`) may take now; how many parcels were tried."""
    tried = 0
    while await send_next(sending, tenant, name, channel):
        tried += 1
    return tried


async def send_next(sending: Sending, tenant: TenantId, name: str, channel: str) -> bool:
    """Send one parcel; False when there is nothing to send now."""
    known = await _channel(sending.books, tenant, channel)
    claim = await _claim(sending, tenant, known or _unknown(channel))
    if claim is None:
        return False
    if known is None:
        outcome: Outcome = NotSent(f"The alert book has no channel {channel}.", retryable=False)
    else:
        outcome = await carry(sending, known, parcel_of(name, claim.notices, sending.now()))
    result = conclude(claim, outcome, sending.now(), sending.chance())
    await sending.outbox.record(tenant, claim, result)
    return True


async def carry(sending: Sending, channel: Channel, parcel: Parcel) -> Outcome:
    """Hand a parcel to its road, and wait for the answer no longer than is good for the rest."""
    road = sending.roads.get(channel.kind)
    if road is None:
        return NotSent(f"Nothing here can send to a channel of kind {channel.kind}.", False)
    try:
        async with asyncio.timeout(sending.within.total_seconds()):
            return await road.send(channel, parcel)
    except TimeoutError:
        seconds = sending.within.total_seconds()
        return NotSent(f"It did not answer within {seconds:g} s.", True, maybe_taken=True)


async def _channel(books: Books, tenant: TenantId, name: str) -> Channel | None:
    """The channel as the book has it. A notice may be of a book that is newer than the one known
    here: before a channel is called unknown, the book is asked for anew.
    """
    known = (await books.of(tenant)).channels.get(name)
    if known is None:
        books.forget(tenant)
        known = (await books.of(tenant)).channels.get(name)
    return known


async def _claim(sending: Sending, tenant: TenantId, channel: Channel) -> Claim | None:
    async with sending.outbox.queue(tenant, channel.name) as queue:
        if queue is None:
            return None
        now = sending.now()
        waiting = await queue.waiting(MOST_AT_ONCE)
        if not waiting:
            return None
        ids = choose(waiting, channel, await queue.sent_since(now - channel.most_within), now)
        if not ids:
            return None
        until = now + LEASE
        notices = await queue.claim(ids, until)
    return Claim(channel=channel, lead=ids[0], notices=tuple(notices), until=until)


def _unknown(name: str) -> Channel:
    """A channel that is not in the book any more: what waits for it is given up."""
    return Channel(name=name, kind=ChannelKind.MAILBOX)
