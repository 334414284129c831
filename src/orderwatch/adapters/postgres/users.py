"""Accounts in PostgreSQL, as an administrator looks after them; each change writes its deed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.app.manage_users import Outcome
from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import UserListing
from orderwatch.core.people.audit import Actor, Deed
from orderwatch.core.people.deeds import (
    password_changed,
    role_changed,
    session_revoked,
    user_disabled,
    user_made,
)
from orderwatch.core.people.roles import Role
from orderwatch.core.people.sessions import Lasting, SessionListing

_SQL: Final = statements("people")


class PostgresUsers:
    """Implements the port UserStore."""

    def __init__(self, database: Database, lasting: Lasting) -> None:
        """`database` must be open."""
        self._database = database
        self._lasting = lasting

    async def create_user(
        self, tenant: TenantId, name: str, role: Role, password_hash: str, by: Actor
    ) -> bool:
        """False when the name is taken."""
        new = {"name": name, "role": str(role), "password_hash": password_hash}
        async with self._database.tenant(tenant) as connection:
            made = await (await connection.execute(_SQL["create_user"], new)).fetchone()
            if made is not None:
                await write_deed(connection, by, user_made(name, role))
        return made is not None

    async def users(self, tenant: TenantId) -> list[UserListing]:
        """The tenant's accounts by name."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(_SQL["users"])).fetchall()
        return [UserListing(row[0], Role(row[1]), *row[2:]) for row in rows]

    async def set_password(
        self, tenant: TenantId, name: str, password_hash: str, by: Actor, at: datetime
    ) -> Outcome:
        """Another password; all sessions end."""
        values = {"name": name, "password_hash": password_hash, "at": at}
        async with self._database.tenant(tenant) as connection:
            if (await _locked(connection, name)).role is None:
                return Outcome.NO_SUCH
            await connection.execute(_SQL["set_password"], values)
            # Whoever chose it knows it; what was guessed at the old one does not count.
            await connection.execute(_SQL["forget_tries"], values)
            return await _end(connection, values, by, password_changed(name))

    async def set_role(
        self, tenant: TenantId, name: str, role: Role, by: Actor, at: datetime
    ) -> Outcome:
        """Another role; all sessions end."""
        values = {"name": name, "role": str(role), "at": at}
        async with self._database.tenant(tenant) as connection:
            locked = await _locked(connection, name)
            before = locked.role
            if before is None:
                return Outcome.NO_SUCH
            if before is role:
                return Outcome.DONE
            if locked.is_last_administrator:
                return Outcome.LAST_ADMINISTRATOR
            await connection.execute(_SQL["set_role"], values)
            return await _end(connection, values, by, role_changed(name, before, role))

    async def set_user_disabled(
        self, tenant: TenantId, name: str, disabled: bool, by: Actor, at: datetime
    ) -> Outcome:
        """Disable, which ends all sessions, or enable."""
        values = {"name": name, "disabled_at": at if disabled else None, "at": at}
        async with self._database.tenant(tenant) as connection:
            locked = await _locked(connection, name)
            if locked.role is None:
                return Outcome.NO_SUCH
            if disabled and locked.is_last_administrator:
                return Outcome.LAST_ADMINISTRATOR
            await connection.execute(_SQL["set_disabled"], values)
            return await _end(connection, values, by, user_disabled(name, disabled))

    async def sessions(
        self, tenant: TenantId, user: str | None, at: datetime
    ) -> list[SessionListing]:
        """Live sessions, of one person or of all, newest first."""
        values = {"user": user, "at": at, "seen_after": at - self._lasting.idle}
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(_SQL["sessions"], values)).fetchall()
        return [SessionListing(*row) for row in rows]

    async def revoke_session(
        self, tenant: TenantId, session_id: str, by: Actor, at: datetime
    ) -> bool:
        """False when there is no live session of this id."""
        values = {"session_id": session_id, "at": at}
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL["revoke_session"], values)).fetchone()
            if row is not None:
                await write_deed(connection, by, session_revoked(session_id, row[0]))
        return row is not None


class _Locked(Struct, frozen=True):
    """An account that nobody else changes until we are done; `role` None: there is none."""

    role: Role | None
    is_last_administrator: bool


async def _locked(connection: Connection, name: str) -> _Locked:
    rows = await (await connection.execute(_SQL["lock_user"], {"name": name})).fetchall()
    role = next((Role(role) for found, role in rows if found == name), None)
    return _Locked(role, role is Role.ADMINISTRATOR and len(rows) == 1)


async def _end(connection: Connection, values: Mapping[str, Any], by: Actor, deed: Deed) -> Outcome:
    await connection.execute(_SQL["end_sessions"], values)
    await write_deed(connection, by, deed)
    return Outcome.DONE
