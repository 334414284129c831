"""The audit log in PostgreSQL: a deed is written in the transaction that does it."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from msgspec.structs import asdict
from psycopg.types.json import Json

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.audit import Wanted
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import (
    BEFORE_THE_FIRST,
    Actor,
    ActorKind,
    Deed,
    Head,
    Row,
    append,
)

_SQL: Final = statements("audit")
_LAST_LETTER: Final = chr(0x10FFFF)


async def write_deed(connection: Connection, actor: Actor, deed: Deed) -> None:
    """Append to the log of the tenant bound to this transaction: the last thing it does."""
    await connection.execute(_SQL["lock"])
    found = await (await connection.execute(_SQL["head"])).fetchone()
    assert found is not None
    tenant, seq, hash_, now = found
    head = Head(seq, BEFORE_THE_FIRST if hash_ is None else bytes(hash_))
    row = append(head, TenantId(tenant), actor, deed, now)
    await connection.execute(_SQL["append"], _values(row))


def _values(row: Row) -> dict[str, Any]:
    return {
        "tenant": row.tenant,
        "seq": row.seq,
        "at": row.at,
        "kind": str(row.actor.kind),
        "actor": row.actor.name,
        "address": row.actor.address,
        "action": row.deed.action,
        "subject": row.deed.subject,
        "details": Json(dict(row.deed.details)),
        "previous": row.previous,
        "hash": row.hash,
    }


class PostgresAudit:
    """Implements the port AuditLog."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def write(self, tenant: TenantId, actor: Actor, deed: Deed) -> None:
        """Append a deed that nothing else is stored of."""
        async with self._database.tenant(tenant) as connection:
            await write_deed(connection, actor, deed)

    async def rows(self, tenant: TenantId, after: int, most: int) -> list[Row]:
        """Rows in their order, those after a number."""
        values = {"after": after, "most": most}
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(_SQL["rows"], values)
            return [_row(*one) for one in await found.fetchall()]

    async def newest(self, tenant: TenantId, wanted: Wanted) -> list[Row]:
        """Rows, newest first."""
        asked = {name: value for name, value in asdict(wanted).items() if value is not None}
        values = asked | {"after_action": f"{wanted.action}{_LAST_LETTER}"}
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(assemble(_SQL["newest"], asked), values)
            return [_row(*one) for one in await found.fetchall()]

    async def actors(self, tenant: TenantId) -> list[str]:
        """Names, as they are sorted."""
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(_SQL["actors"])
            return [name for (name,) in await found.fetchall()]


def _row(*columns: Any) -> Row:
    tenant, seq, at, kind, actor, address, action, subject, details, previous, hash_ = columns
    return Row(
        tenant=TenantId(tenant),
        seq=seq,
        at=at.astimezone(UTC),
        actor=Actor(ActorKind(kind), actor, address),
        # Whoever forged the row may have put anything there; it will not fit the hash.
        deed=Deed(action, subject, details if isinstance(details, dict) else {"": str(details)}),
        previous=bytes(previous),
        hash=bytes(hash_),
    )
