"""Views of the orders list under a name: a filter that everybody of the tenant can open again."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.writing import clean_name

MOST_VIEWS: Final = 100
LONGEST_QUERY: Final = 2_000


class SavedView(Struct, frozen=True):
    """A view: `query` is that of its address, without the question mark."""

    id: int
    name: str
    query: str
    author: str


class Kept(Enum):
    """What became of a change to the views."""

    DONE = auto()
    NO_NAME = auto()
    NAME_TAKEN = auto()
    TOO_MANY = auto()
    NO_SUCH = auto()


class ViewStore(Protocol):
    """Where views are kept. Every call raises Unavailable when the database is away.

    A change is written to the audit log in the same transaction.
    """

    async def views(self, tenant: TenantId) -> list[SavedView]:
        """All views that were not deleted, by name."""
        ...

    async def save_view(
        self, tenant: TenantId, view: SavedView, at: datetime, by: Actor
    ) -> tuple[Kept, int]:
        """Keep a new view, whose id is not looked at; DONE with its id, NAME_TAKEN or TOO_MANY."""
        ...

    async def rename_view(self, tenant: TenantId, view_id: int, name: str, by: Actor) -> Kept:
        """DONE, NAME_TAKEN or NO_SUCH."""
        ...

    async def delete_view(
        self, tenant: TenantId, view_id: int, at: datetime | None, by: Actor
    ) -> Kept:
        """Delete a view, or take that back with `at` None: DONE, NO_SUCH or NAME_TAKEN."""
        ...


async def save_view(
    store: ViewStore, tenant: TenantId, view: SavedView, at: datetime, by: Actor
) -> tuple[Kept, int]:
    """Keep a filter under a name, with whatever anybody typed as one; its id when DONE."""
    name = clean_name(view.name)
    if not name or len(view.query) > LONGEST_QUERY:
        return Kept.NO_NAME, 0
    return await store.save_view(tenant, SavedView(0, name, view.query, view.author), at, by)


async def rename_view(
    store: ViewStore, tenant: TenantId, view_id: int, typed: str, by: Actor
) -> Kept:
    """Give a view another name."""
    name = clean_name(typed)
    return await store.rename_view(tenant, view_id, name, by) if name else Kept.NO_NAME
