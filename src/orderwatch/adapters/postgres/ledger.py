"""The ledger in PostgreSQL: implements `LedgerStore` of `app/record_events.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.passing import count_activity, count_passing
from orderwatch.app.rebuild_state import Verdict
from orderwatch.app.record_events import Loaded, NotStorable, Outrun
from orderwatch.app.sweep_parked import Expired
from orderwatch.core.ingest.batch import Refused
from orderwatch.core.model import Event, OrderId, ReceivedEvent, TenantId
from orderwatch.core.tracking.changes import Changes, StoredOrder
from orderwatch.core.tracking.counting import Standing
from orderwatch.core.tracking.state import OrderState

_encode = msgspec.json.Encoder(decimal_format="string").encode
decode_event = msgspec.json.Decoder(Event).decode
decode_state = msgspec.json.Decoder(OrderState).decode
decode_standing = msgspec.json.Decoder(Standing).decode
_SEPARATOR = "\x1f"


class PostgresLedger:
    """Opens transactions on the ledger."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    @asynccontextmanager
    async def transaction(self, tenant: TenantId) -> AsyncIterator[PostgresLedgerTransaction]:
        """One transaction; Unavailable, Outrun and NotStorable come out as the port says."""
        try:
            async with self._database.tenant(tenant) as connection:
                yield PostgresLedgerTransaction(connection)
        except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as error:
            raise Outrun("Another writer was in the way.") from error
        except (psycopg.DataError, psycopg.errors.ProgramLimitExceeded) as error:
            raise NotStorable(str(error)) from error

    @asynccontextmanager
    async def rehearsal(self, tenant: TenantId) -> AsyncIterator[PostgresLedgerTransaction]:
        """One transaction that is rolled back."""
        async with self.transaction(tenant) as transaction:
            yield transaction
            await transaction.forget()

    async def forget_activity(self, tenant: TenantId, before: datetime) -> None:
        """Drop what was counted for minutes before then."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(statements("ledger")["forget_activity"], {"before": before})

    watching = transaction
    sweeping = transaction
    rebuilding = transaction


class PostgresLedgerTransaction:
    """The statements of `sql/ledger.sql` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """The connection is in a transaction bound to a tenant."""
        self._connection = connection
        self._sql = statements("ledger")

    async def forget(self) -> None:
        """Nothing of this transaction happened."""
        await self._connection.rollback()

    async def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        cursor = await self._connection.execute(self._sql[name], values, binary=True)
        return await cursor.fetchall()

    async def claim(
        self,
        contents: Mapping[UUID, int],
        order_ids: Collection[OrderId],
        announced: Collection[OrderId],
        now: datetime,
    ) -> Loaded:
        """All in one round trip: new identities, locked orders, what was parked for them."""
        identities = sorted(contents)
        async with self._connection.pipeline():
            claimed = await self._connection.execute(
                self._sql["claim"],
                {
                    "identities": identities,
                    "contents": [contents[one] for one in identities],
                    "now": now,
                },
            )
            loaded = await self._connection.execute(
                self._sql["load"], {"order_ids": list(order_ids)}
            )
            taken = await self._connection.execute(
                self._sql["unpark"], {"order_ids": list(announced)}
            )
            new = {row[0] for row in await claimed.fetchall()}
            orders = {row[0]: _stored(row) for row in await loaded.fetchall()}
            unparked = _by_order((row[2], row[1]) for row in await taken.fetchall())
        known = await self._contents([one for one in identities if one not in new])
        if len(new) + len(known) < len(identities):
            raise Outrun("An event that had waited in vain was freed this very moment.")
        return Loaded(new, known, orders, unparked)

    async def _contents(self, identities: list[UUID]) -> dict[UUID, int]:
        if not identities:
            return {}
        return dict(await self._rows("known_contents", identities=identities))

    async def history(self, order_ids: Collection[OrderId]) -> dict[OrderId, list[ReceivedEvent]]:
        """Every stored event of the orders, in one query."""
        return _by_order(await self._rows("history", order_ids=list(order_ids)))

    async def locked(self, order_ids: Collection[OrderId]) -> dict[OrderId, StoredOrder]:
        """Lock and load orders."""
        rows = await self._rows("load", order_ids=list(order_ids))
        return {row[0]: _stored(row) for row in rows}

    async def next_orders(self, after: OrderId, most: int) -> list[OrderId]:
        """The next order ids that have events."""
        return [row[0] for row in await self._rows("next_orders", after=after, most=most)]

    async def verdicts(self, order_ids: Collection[OrderId]) -> dict[OrderId, Verdict]:
        """The verdicts as stored."""
        rows = await self._rows("verdicts", order_ids=list(order_ids))
        return {row[0]: Verdict(*row[1:]) for row in rows}

    async def due(self, now: datetime, most: int) -> list[StoredOrder]:
        """Lock and load orders whose deadline has passed and that nobody else holds."""
        return [_stored(row) for row in await self._rows("due", now=now, most=most)]

    async def left_parked(self, since: datetime) -> list[OrderId]:
        """Existing orders with events parked since then."""
        return [row[0] for row in await self._rows("left_parked", since=since)]

    async def take(
        self, order_ids: Collection[OrderId]
    ) -> tuple[dict[OrderId, StoredOrder], dict[OrderId, list[ReceivedEvent]]]:
        """Lock the orders, then take their parked events."""
        orders = await self.locked(order_ids)
        rows = await self._rows("unpark", order_ids=list(orders))
        return orders, _by_order((row[2], row[1]) for row in rows)

    async def expire(self, before: datetime, most: int) -> list[Expired]:
        """Take events parked before then and free their identities."""
        rows = await self._rows("expired", before=before, most=most)
        if rows:
            await self._connection.execute(
                self._sql["unclaim"], {"identities": [row[0] for row in rows]}
            )
        expired = []
        for _, order_id, system, text in rows:
            event = decode_event(text)
            expired.append(Expired(order_id, system, event.id, event.source, text.encode()))
        return expired

    async def save(self, changes: Changes) -> None:
        """Everything in one round trip, each table's rows sorted by key."""
        async with self._connection.pipeline():
            await self._store("store_events", changes.events)
            await self._store(
                "park", sorted(changes.parked, key=lambda r: (r.order_id, r.identity))
            )
            written = await self._store(
                "store_orders", sorted(changes.orders, key=lambda row: row.order_id)
            )
            await self._drop_legs(changes)
            await self._store(
                "store_legs", sorted(changes.legs, key=lambda row: (row.order_id, row.system))
            )
            await self._store_refs(changes)
            for one in sorted(changes.dead_letters, key=lambda one: (one.payload, one.code)):
                await self._bury(one, changes.now)
            await self._move_counters(changes)
            await self._move_totals(changes)
            await count_passing(self._connection, self._sql, changes.deltas.passing)
            await count_activity(self._connection, self._sql, changes.deltas.activity)
            await self._hear(changes)
            await self._note_causes(changes)
        if written is not None and written.rowcount != len(changes.orders):
            raise Outrun("Another writer announced one of the orders first.")

    async def _store(self, name: str, rows: list[Any]) -> psycopg.AsyncCursor[Any] | None:
        if not rows:
            return None
        return await self._connection.execute(self._sql[name], {"rows": _encode(rows).decode()})

    async def _drop_legs(self, changes: Changes) -> None:
        if changes.dropped_legs:
            orders, systems = zip(*sorted(changes.dropped_legs), strict=True)
            await self._connection.execute(
                self._sql["drop_legs"], {"order_ids": list(orders), "systems": list(systems)}
            )

    async def _store_refs(self, changes: Changes) -> None:
        if changes.refs:
            await self._connection.execute(
                self._sql["store_refs"],
                {
                    "values": [one.value for one in changes.refs],
                    "names": [one.name for one in changes.refs],
                    "order_ids": [one.order_id for one in changes.refs],
                },
            )

    async def _bury(self, one: Refused, now: datetime) -> None:
        await self._connection.execute(
            self._sql["bury"],
            {
                "code": one.code,
                "errors": Jsonb(msgspec.to_builtins(one.errors)),
                "source": one.source,
                "event_id": one.id,
                "order_id": one.order_id,
                "system": one.system,
                "payload": one.payload,
                "digest": sha256(one.payload).digest(),
                "now": now,
            },
        )

    async def _move_counters(self, changes: Changes) -> None:
        moved = sorted((key, by) for key, by in changes.deltas.counts.items() if by[0] or by[1])
        if moved:
            await self._connection.execute(
                self._sql["move_counters"],
                {
                    "minutes": [key.minute for key, _ in moved],
                    "systems": [key.system for key, _ in moved],
                    "channels": [key.channel for key, _ in moved],
                    "buckets": [key.bucket for key, _ in moved],
                    "ns": [by[0] for _, by in moved],
                    "values": [by[1] for _, by in moved],
                },
            )

    async def _move_totals(self, changes: Changes) -> None:
        moved = sorted((key, by) for key, by in changes.deltas.totals.items() if by)
        if moved:
            await self._connection.execute(
                self._sql["move_totals"],
                {
                    "metrics": [key.metric for key, _ in moved],
                    "labels": [_joined(key.labels) for key, _ in moved],
                    "les": [key.le for key, _ in moved],
                    "values": [by for _, by in moved],
                },
            )

    async def _hear(self, changes: Changes) -> None:
        if changes.words:
            words = sorted(changes.words.items(), key=lambda item: item[0])
            await self._connection.execute(
                self._sql["hear_systems"],
                {
                    "systems": [system for system, _ in words],
                    "event_ats": [word.last_event_at for _, word in words],
                    "received_ats": [word.last_received_at for _, word in words],
                    "events": [word.events for _, word in words],
                },
            )

    async def _note_causes(self, changes: Changes) -> None:
        if changes.causes:
            await self._connection.execute(
                self._sql["note_causes"],
                {"now": changes.now, "causes": [_encode(one).decode() for one in changes.causes]},
            )


def _joined(labels: tuple[str, ...]) -> str:
    """One text for all; a label that a sender may choose cannot become two."""
    return _SEPARATOR.join(label.replace(_SEPARATOR, " ") for label in labels)


def _stored(row: tuple[Any, ...]) -> StoredOrder:
    return StoredOrder(row[1], decode_state(row[2]), decode_standing(row[3]))


def _by_order(rows: Any) -> dict[OrderId, list[ReceivedEvent]]:
    events: dict[OrderId, list[ReceivedEvent]] = {}
    for text, received_at in rows:
        event = decode_event(text)
        events.setdefault(event.order_id, []).append(
            ReceivedEvent(event, received_at, msgspec.Raw(text))
        )
    return events
