"""Notes and views in PostgreSQL: implements NoteStore and ViewStore of the app."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import psycopg

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.app.order_notes import Note
from orderwatch.app.saved_views import MOST_VIEWS, Kept, SavedView
from orderwatch.core.model import OrderId, TenantId
from orderwatch.core.people.audit import Actor, Deed
from orderwatch.core.people.deeds import (
    order_noted,
    view_deleted,
    view_renamed,
    view_saved,
)

_SQL: Final = statements("notes")


class PostgresNotes:
    """What people write down about orders."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def notes_of(self, tenant: TenantId, order_id: OrderId) -> list[Note]:
        """The notes of one order, the oldest first."""
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(_SQL["notes_of"], {"order_id": order_id})
            return [Note(*row) for row in await found.fetchall()]

    async def add_note(self, tenant: TenantId, order_id: OrderId, note: Note, by: Actor) -> bool:
        """Keep a note on an order that was announced, and who wrote it."""
        values = {
            "order_id": order_id,
            "at": note.written_at,
            "author": note.author,
            "note": note.text,
        }
        return await self._change(tenant, "add_note", values, by, order_noted(order_id)) is not None

    async def views(self, tenant: TenantId) -> list[SavedView]:
        """All views that were not deleted, by name."""
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(_SQL["views"])
            return [SavedView(*row) for row in await found.fetchall()]

    async def save_view(
        self, tenant: TenantId, view: SavedView, at: datetime, by: Actor
    ) -> tuple[Kept, int]:
        """Keep a new view."""
        values = {
            "name": view.name,
            "query": view.query,
            "author": view.author,
            "at": at,
            "most": MOST_VIEWS,
        }
        deed = view_saved(view.name, view.query)
        try:
            saved = await self._change(tenant, "save_view", values, by, deed)
        except psycopg.errors.UniqueViolation:
            return Kept.NAME_TAKEN, 0
        return (Kept.TOO_MANY, 0) if saved is None else (Kept.DONE, saved[0])

    async def rename_view(self, tenant: TenantId, view_id: int, name: str, by: Actor) -> Kept:
        """Give a view another name."""
        deed = view_renamed(view_id, name)
        return await self._change_view(
            tenant, "rename_view", {"view_id": view_id, "name": name}, by, deed
        )

    async def delete_view(
        self, tenant: TenantId, view_id: int, at: datetime | None, by: Actor
    ) -> Kept:
        """Delete a view, or take that back."""
        deed = view_deleted(view_id, taken_back=at is None)
        values = {"view_id": view_id, "at": at}
        return await self._change_view(tenant, "delete_view", values, by, deed)

    async def _change_view(
        self, tenant: TenantId, name: str, values: dict[str, Any], by: Actor, deed: Deed
    ) -> Kept:
        try:
            changed = await self._change(tenant, name, values, by, deed)
        except psycopg.errors.UniqueViolation:
            return Kept.NAME_TAKEN
        return Kept.NO_SUCH if changed is None else Kept.DONE

    async def _change(
        self, tenant: TenantId, name: str, values: dict[str, Any], by: Actor, deed: Deed
    ) -> tuple[Any, ...] | None:
        """The row a statement returned, with its deed in the audit log; None: nothing changed."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL[name], values)).fetchone()
            if row is not None:
                await write_deed(connection, by, deed)
            return row
