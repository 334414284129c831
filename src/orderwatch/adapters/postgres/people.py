"""People signing in, in PostgreSQL: tries, sessions and the first administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import BIND, Connection, Database, statements
from orderwatch.app.sign_in import Client, NewSession, Try
from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import User, UserId
from orderwatch.core.people.audit import THE_PRODUCT, Actor, ActorKind, Deed
from orderwatch.core.people.deeds import administrator_welcomed
from orderwatch.core.people.guessing import (
    FORGOTTEN_AFTER,
    Failures,
    Of,
    counted_address,
    one_more,
    wait_for,
)
from orderwatch.core.people.roles import Role
from orderwatch.core.people.sessions import NewToken, Session

_SQL: Final = statements("people")
_STARTING: Final = (
    *("forget_tries", "uncount_address", "forget_old_tries"),
    *("note_sign_in", "start_session"),
)
Values = Mapping[str, Any]


class PostgresPeople:
    """Implements the port People."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def tenant_named(self, name: str | None) -> TenantId | None:
        """The enabled tenant of a name; without a name `default`, or the first there is."""
        async with self._database.directory() as connection:
            row = await _one(connection, "tenant_named", {"name": name})
        return TenantId(row[0]) if row else None

    async def tenant_count(self) -> int:
        """How many enabled tenants there are."""
        async with self._database.directory() as connection:
            row = await _one(connection, "tenant_count", {})
        return row[0] if row else 0

    async def begin_try(
        self, tenant: TenantId, name: str, address: str, at: datetime
    ) -> Try | timedelta:
        """Count the try as failed beforehand; how long to wait when there were too many."""
        subjects = {"name": name, "address": address}
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_SQL["expect_tries"], subjects | {"at": at})
            rows = await connection.execute(_SQL["tries"], subjects)
            before = {Of(row[0]): Failures(*row[1:]) for row in await rows.fetchall()}
            wait = max(wait_for(failures, at) for failures in before.values())
            if wait:
                return wait
            for of, subject in ((Of.ACCOUNT, name), (Of.ADDRESS, address)):
                now = one_more(before[of], of, at)
                await connection.execute(_SQL["count_try"], _failed(of, subject, now))
            found = await _one(connection, "user", {"name": name})
            return Try(_user(found) if found else None, before[Of.ACCOUNT].count + 1)

    async def write(self, tenant: TenantId, actor: Actor, deed: Deed) -> None:
        """Append a deed that nothing else is stored of to the audit log."""
        async with self._database.tenant(tenant) as connection:
            await write_deed(connection, actor, deed)

    async def start_session(self, session: NewSession, deed: Deed) -> None:
        """Keep it, forget the account's failures, and write the deed."""
        user, client = session.user, session.client
        values = {
            "user_id": user.id,
            "name": user.name,
            "at": session.at,
            "password_hash": session.new_hash,
            "session_id": session.token.id,
            "token_hash": session.token.hash,
            "expires_at": session.expires_at,
            "address": counted_address(client.address),
            "agent": client.agent,
            "before": session.at - FORGOTTEN_AFTER,
        }
        async with self._database.tenant(user.tenant) as connection:
            for name in _STARTING:
                await connection.execute(_SQL[name], values)
            await write_deed(connection, Actor(ActorKind.PERSON, user.name, client.address), deed)

    async def find_session(self, token_hash: bytes) -> Session | None:
        """The session of a token, with its person as they are now; ended or not."""
        async with self._database.presented_token(token_hash) as connection:
            row = await _one(connection, "presented_session", {})
            if row is None:
                return None
            tenant, session_id, user_id, seen_at, expires_at, ended = row
            await connection.execute(BIND, [str(tenant)])
            person = await _one(connection, "person", {"user_id": user_id})
        assert person is not None
        name, role, disabled = person
        return Session(
            tenant=TenantId(tenant),
            id=session_id,
            user=UserId(user_id),
            name=name,
            role=Role(role),
            seen_at=seen_at,
            expires_at=expires_at,
            ended=ended or disabled,
        )

    async def note_use(self, session: Session, at: datetime) -> None:
        """The session was used at this instant."""
        async with self._database.tenant(session.tenant) as connection:
            await connection.execute(_SQL["note_use"], {"session_id": session.id, "at": at})

    async def end_session(
        self, session: Session, at: datetime, everywhere: bool, by: Actor, deed: Deed
    ) -> None:
        """End it, or all sessions of its person."""
        values = {"session_id": session.id, "name": session.name, "at": at}
        async with self._database.tenant(session.tenant) as connection:
            name = "end_sessions" if everywhere else "end_session"
            await connection.execute(_SQL[name], values)
            await write_deed(connection, by, deed)

    async def anybody(self, tenant: TenantId) -> bool:
        """Whether the tenant has any account."""
        async with self._database.tenant(tenant) as connection:
            return await _anybody(connection)

    async def invite(
        self, tenant: TenantId, token: NewToken, at: datetime, expires_at: datetime, deed: Deed
    ) -> bool:
        """Keep an invitation; False when somebody has an account already."""
        del at
        values = {"token_hash": token.hash, "expires_at": expires_at}
        async with self._database.tenant(tenant) as connection:
            if await _anybody(connection):
                return False
            await connection.execute(_SQL["invite"], values)
            await write_deed(connection, THE_PRODUCT, deed)
        return True

    async def is_invited(self, token_hash: bytes, at: datetime) -> bool:
        """Whether an invitation is still good."""
        async with self._database.presented_token(token_hash) as connection:
            return await _one(connection, "presented_invitation", {"at": at}) is not None

    async def welcome(
        self, token_hash: bytes, name: str, password_hash: str, client: Client, at: datetime
    ) -> User | None:
        """The first administrator, made with an invitation, which is used up; None: it was."""
        new = {"name": name, "role": str(Role.ADMINISTRATOR), "password_hash": password_hash}
        async with self._database.presented_token(token_hash) as connection:
            invited = await _one(connection, "presented_invitation", {"at": at})
            if invited is None:
                return None
            await connection.execute(BIND, [str(invited[0])])
            await connection.execute(_SQL["first_only"])
            if await _anybody(connection):
                return None
            await connection.execute(_SQL["use_invitations"], {"at": at})
            made = await _one(connection, "create_user", new)
            assert made is not None
            actor = Actor(ActorKind.PERSON, name, client.address)
            await write_deed(connection, actor, administrator_welcomed(name))
        return _user(made)


async def _one(connection: Connection, name: str, values: Values) -> tuple[Any, ...] | None:
    return await (await connection.execute(_SQL[name], values)).fetchone()


async def _anybody(connection: Connection) -> bool:
    row = await _one(connection, "anybody", {})
    return row is not None and bool(row[0])


def _user(row: tuple[Any, ...]) -> User:
    tenant, user_id, name, role, password_hash, disabled_at = row
    return User(
        tenant=TenantId(tenant),
        id=UserId(user_id),
        name=name,
        role=Role(role),
        password_hash=password_hash,
        disabled_at=disabled_at,
    )


def _failed(of: Of, subject: str, failures: Failures) -> dict[str, Any]:
    return {
        "of": str(of),
        "subject": subject,
        "count": failures.count,
        "last_at": failures.last_at,
        "next_at": failures.next_at,
    }
