"""Notes that people leave on an order for their colleagues. Written once, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.core.model import OrderId, TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.writing import clean_note


class Note(Struct, frozen=True):
    """What somebody wrote, and when. `author` is their name at that time."""

    written_at: datetime
    author: str
    text: str


class NoteStore(Protocol):
    """Where notes are kept. Every call raises Unavailable when the database is away."""

    async def notes_of(self, tenant: TenantId, order_id: OrderId) -> list[Note]:
        """The notes of one order, the oldest first."""
        ...

    async def add_note(self, tenant: TenantId, order_id: OrderId, note: Note, by: Actor) -> bool:
        """Keep a note, and who wrote it in the audit log; False: nobody announced the order."""
        ...


class Author(Struct, frozen=True):
    """Who writes: the name to show, and who that is in the audit log."""

    name: str
    actor: Actor


async def add_note(
    store: NoteStore, tenant: TenantId, order_id: OrderId, typed: str, author: Author, at: datetime
) -> bool:
    """Leave a note on an order; False when there is nothing to leave, or no order to leave it on.

    `typed` may be anything; it is cleaned.
    """
    text = clean_note(typed)
    if not text:
        return False
    return await store.add_note(tenant, order_id, Note(at, author.name, text), author.actor)
