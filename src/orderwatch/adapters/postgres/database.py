"""Connections and transactions: a pool that works as the application role, one tenant at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from orderwatch.adapters.postgres.migrate import APP_ROLE
from orderwatch.core.errors import Unavailable
from orderwatch.core.model import TenantId

SQL = Path(__file__).parent / "sql"
BIND = "select set_config('orderwatch.tenant', %s, true)"
_TAKE_SLOT = "select set_config('orderwatch.slot', %s, false)"
SLOTS = 8
_UNBOUND = "select set_config('orderwatch.tenant', '', true)"
_OPEN_DIRECTORY = "select set_config('orderwatch.directory', 'open', true)"
_PRESENT_KEY = "select set_config('orderwatch.key', %s, true)"
_PRESENT_HASH = "select set_config('orderwatch.token', %s, true)"

ABOUT_THE_STATEMENT = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.ProgramLimitExceeded,
)
"""Operational by their name, but the database answers: whoever asked decides what to do."""

SESSION = {
    "timezone": "UTC",
    # A machine that vanishes in mid-transaction holds its orders' rows until somebody ends it.
    "idle_in_transaction_session_timeout": "60s",
    # Whoever waits for such rows is told to come again, long before a sender gives up on us.
    "lock_timeout": "20s",
}

CANNOT_STORE = (
    psycopg.errors.DiskFull,
    psycopg.errors.OutOfMemory,
    psycopg.errors.ReadOnlySqlTransaction,  # a standby, or a primary that was switched off
)
"""The database answers, and will store again when somebody has seen to it."""

Connection = AsyncConnection[tuple[Any, ...]]


@cache
def statements(name: str) -> Mapping[str, str]:
    """The named statements of `sql/NAME.sql`: each begins with a line `-- name: WHAT`."""
    blocks = (SQL / f"{name}.sql").read_text().split("-- name: ")[1:]
    named = (block.split("\n", 1) for block in blocks)
    return {title.strip(): text.strip() for title, text in named}


class Database:
    """A pool of connections to one database, each working as the role that owns nothing."""

    def __init__(self, url: str, *, size: int = 10, first_slot: int = 0) -> None:
        """Prepare the pool; nothing is opened before `open`. `size` is the most connections.

        Their slots (see `writer_slot` in the schema) follow each other from `first_slot` on.
        """
        self._slots = count(first_slot)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=min(2, size),
            max_size=size,
            timeout=5,
            reconnect_timeout=2,  # then whoever asks next tries at once, however long it was away
            open=False,
            configure=self._configure,
            kwargs={"options": " ".join(f"-c {name}={value}" for name, value in SESSION.items())},
        )

    async def open(self) -> None:
        """Connect; raises Unavailable when the database does not answer in time."""
        try:
            await self._pool.open(wait=True, timeout=15)
        except PoolTimeout as error:
            raise Unavailable("The database does not answer.") from error

    async def close(self) -> None:
        """Give all connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def tenant(self, tenant: TenantId) -> AsyncIterator[Connection]:
        """A transaction in which only this tenant's rows exist; Unavailable when cut off."""
        async with self._transaction(BIND, str(tenant)) as connection:
            yield connection

    @asynccontextmanager
    async def directory(self) -> AsyncIterator[Connection]:
        """A transaction that sees who the tenants are, and none of their data."""
        async with self._transaction(_OPEN_DIRECTORY) as connection:
            yield connection

    @asynccontextmanager
    async def presented_key(self, key_id: str) -> AsyncIterator[Connection]:
        """A transaction that sees the one key whose id was presented."""
        async with self._transaction(_PRESENT_KEY, key_id) as connection:
            yield connection

    @asynccontextmanager
    async def presented_token(self, token_hash: bytes) -> AsyncIterator[Connection]:
        """A transaction that sees the one session or invitation whose token was presented."""
        async with self._transaction(_PRESENT_HASH, token_hash.hex()) as connection:
            yield connection

    @asynccontextmanager
    async def unbound(self) -> AsyncIterator[Connection]:
        """A transaction that sees no rows of anybody."""
        async with self._transaction(_UNBOUND) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, bind: str, *values: str) -> AsyncIterator[Connection]:
        """Begin and bind in one round trip; a connection that turns out dead costs a second try."""
        try:
            async with AsyncExitStack() as stack:
                yield await self._begin(stack, bind, values)
        except ABOUT_THE_STATEMENT:
            raise
        except CANNOT_STORE as error:
            raise Unavailable(f"The database cannot store: {error}".strip()) from error
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Unavailable("The database does not answer.") from error

    async def _begin(self, stack: AsyncExitStack, bind: str, values: tuple[str, ...]) -> Connection:
        """A connection of the pool in a bound transaction. Dead ones leave the pool on the way."""
        for _ in range(self._pool.max_size):
            async with AsyncExitStack() as attempt:
                connection = await attempt.enter_async_context(self._pool.connection())
                try:
                    async with connection.pipeline():
                        await connection.execute(bind, values)
                except psycopg.OperationalError:
                    if not connection.closed:
                        raise
                    continue
                stack.push_async_exit(attempt.pop_all())
                return connection
        raise Unavailable("The database does not answer.")

    async def _configure(self, connection: Connection) -> None:
        role = sql.SQL("set role {}").format(sql.Identifier(APP_ROLE))
        await connection.execute(role)
        await connection.execute(_TAKE_SLOT, [str(next(self._slots) % SLOTS)])
        await connection.commit()
