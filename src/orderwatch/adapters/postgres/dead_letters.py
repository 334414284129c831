"""Dead letters in PostgreSQL: implements `DeadLetterDesk` of `app/retry_dead_letters.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.read_dead_letters import (
    NO_SYSTEM,
    DeadLetter,
    DeadLetterFilter,
    DeadLetterKind,
)
from orderwatch.app.retry_dead_letters import Closing
from orderwatch.core.model import FieldError, TenantId


class PostgresDeadLetters:
    """The table of dead letters."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("dead_letters")

    async def dead_letters(
        self, tenant: TenantId, wanted: DeadLetterFilter, most: int, *, whole: bool = True
    ) -> list[DeadLetter]:
        """Newest first."""
        values = _asked(wanted) | {"most": most, "whole": whole}
        return [_dead_letter(row) for row in await self._rows(tenant, "list", values)]

    async def kinds(self, tenant: TenantId, wanted: DeadLetterFilter) -> list[DeadLetterKind]:
        """By reason and system."""
        rows = await self._rows(tenant, "kinds", _asked(wanted))
        return [_kind(*row) for row in rows]

    async def dead_letter(self, tenant: TenantId, id_: int) -> DeadLetter | None:
        """One by its id."""
        rows = await self._rows(tenant, "show", {"id": id_})
        return _dead_letter(rows[0]) if rows else None

    async def count_dead_letters(self, tenant: TenantId, wanted: DeadLetterFilter) -> int:
        """How many there are, whatever the place to go on from."""
        ((count,),) = await self._rows(tenant, "count", _asked(wanted))
        return int(count)

    async def close(self, tenant: TenantId, id_: int, closing: Closing) -> bool:
        """False when somebody else closed it first."""
        return bool(
            await self._rows(tenant, "close", msgspec.structs.asdict(closing) | {"id": id_})
        )

    async def reopen(self, tenant: TenantId, by: str, at: datetime) -> int:
        """How many are open again."""
        return len(await self._rows(tenant, "reopen", {"by": by, "at": at}))

    async def amend(self, tenant: TenantId, id_: int, errors: Sequence[FieldError]) -> None:
        """Only what is open is amended."""
        async with self._database.tenant(tenant) as connection:
            values = {"id": id_, "errors": Jsonb(msgspec.to_builtins(list(errors)))}
            await connection.execute(self._sql["amend"], values)

    async def _rows(
        self, tenant: TenantId, name: str, values: dict[str, Any]
    ) -> list[tuple[Any, ...]]:
        statement = assemble(self._sql[name], values.keys())
        async with self._database.tenant(tenant) as connection:
            return await (await connection.execute(statement, values)).fetchall()


def _asked(wanted: DeadLetterFilter) -> dict[str, Any]:
    asked = {name: v for name, v in msgspec.structs.asdict(wanted).items() if v is not None}
    if asked.get("system") == NO_SYSTEM:
        asked["no_system"] = asked.pop("system")
    return asked


def _dead_letter(row: tuple[Any, ...]) -> DeadLetter:
    names = DeadLetter.__struct_fields__
    values = dict(zip(names, row, strict=True))
    values["errors"] = _errors(values["errors"])
    values["payload"] = bytes(values["payload"])
    return DeadLetter(**values)


def _kind(*columns: Any) -> DeadLetterKind:
    code, system, count, times, first_at, last_at, errors = columns
    return DeadLetterKind(code, system, count, times, first_at, last_at, _errors(errors))


def _errors(stored: Any) -> tuple[FieldError, ...]:
    return tuple(msgspec.convert(stored, list[FieldError]))
