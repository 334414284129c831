"""Reading the ledger in PostgreSQL: the stores of `app/read_*.py`, on `sql/reading.sql`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from msgspec import Raw
from msgspec.structs import replace

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.ledger import decode_event, decode_state
from orderwatch.app.read_orders import FoundOrders, PageSpan, Told
from orderwatch.app.read_systems import HeardSystems
from orderwatch.core.model import Order, OrderId, ReceivedEvent, System, TenantId
from orderwatch.core.reading.tally import Cell
from orderwatch.core.reading.wanted import ANY_DEVIATION, CountFilter, OrderFilter, SeriesQuery
from orderwatch.core.spans import coarsest, cut
from orderwatch.core.tracking.counting import ORDER, Word
from orderwatch.core.tracking.state import OrderState

_WHEN: Final = re.compile(r"^(.*\S) +-- when (\w+)$")
_AT_MOST: Final = "select set_config('statement_timeout', %s, true)"
_LAST_LETTER: Final = "\U0010ffff"
"""Sorts after everything a text may go on with."""

Row = tuple[Any, ...]


def assemble(statement: str, asked: Collection[str]) -> str:
    """The statement without the lines nobody asked for."""
    lines = []
    for line in statement.splitlines():
        optional = _WHEN.match(line)
        if optional is None:
            lines.append(line)
        elif optional[2] in asked:
            lines.append(optional[1])
    return "\n".join(lines)


class PostgresReading:
    """Implements OrderStore, CountStore, SystemStore and StepStore."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("reading")

    async def find(self, tenant: TenantId, wanted: OrderFilter, span: PageSpan) -> FoundOrders:
        """Newest first; a text is looked for among order ids and among references."""
        async with self._database.tenant(tenant) as connection:
            narrow = await self._narrow(connection, wanted)
            if narrow is None:
                return FoundOrders([], {})
            values = _values(narrow) | _place(span) | {"most": span.most}
            states = await self._list(connection, values)
            if wanted.text is not None:
                states += await self._referred(connection, values)
            states = _newest(states, span)
            return FoundOrders(states, await self._last_received(connection))

    async def count(self, tenant: TenantId, wanted: OrderFilter, most: int) -> int:
        """How many orders a filter names, counted up to `most`; its text is not looked at."""
        async with self._database.tenant(tenant) as connection:
            narrow = await self._narrow(connection, replace(wanted, text=None))
            if narrow is None:
                return 0
            ((n,),) = await self._rows(connection, "count_listed", **_values(narrow), most=most)
        return int(n)

    async def count_within(
        self, tenant: TenantId, wanted: OrderFilter, most: int, time: timedelta
    ) -> int | None:
        """Each statement may take that long."""
        async with self._database.tenant(tenant) as connection:
            limit = f"{time / timedelta(milliseconds=1):.0f}ms"
            await connection.execute(_AT_MOST, [limit])
            try:
                narrow = await self._narrow(connection, replace(wanted, text=None))
                if narrow is None:
                    return 0
                values = _values(narrow)
                ((n,),) = await self._rows(connection, "count_listed", **values, most=most)
            except psycopg.errors.QueryCanceled:
                return None
        return int(n)

    async def related(
        self, tenant: TenantId, order: Order, most: int
    ) -> dict[OrderId, tuple[str, str]]:
        """Other orders with one of its references, each with the name and value they share."""
        values = {"names": list(order.refs), "values": list(order.refs.values()), "most": most}
        async with self._database.tenant(tenant) as connection:
            rows = await self._rows(connection, "related", order_id=order.order_id, **values)
        shared = {order_id: (name, value) for name, value, order_id in reversed(rows)}
        return {order_id: shared[order_id] for order_id in sorted(shared, reverse=True)[:most]}

    async def _narrow(self, connection: Connection, wanted: OrderFilter) -> OrderFilter | None:
        """The filter, bounded to days in which its channel and system had any orders.

        Neither has an index of its own: without this, a word nobody uses would pass all orders.
        """
        if wanted.channel is None and wanted.system is None:
            return wanted
        values: dict[str, object] = {"system": wanted.system or ORDER}
        if wanted.channel is not None:
            values["channel"] = wanted.channel
        ((first, last),) = await self._rows(connection, "days_with_orders", **values)
        if first is None:
            return None
        return replace(
            wanted,
            placed_from=max(first, wanted.placed_from or first),
            placed_to=min(last, wanted.placed_to or last),
        )

    async def _list(self, connection: Connection, values: dict[str, object]) -> list[OrderState]:
        statement = assemble(self._sql["list_orders"], values.keys())
        # Never a generic plan: it could not know that a partial index serves these values.
        cursor = await connection.execute(statement, values, prepare=False)
        return [decode_state(row[0]) for row in await cursor.fetchall()]

    async def _referred(
        self, connection: Connection, values: dict[str, object]
    ) -> list[OrderState]:
        cursor = await connection.execute(self._sql["referred"], values, prepare=False)
        referred = [row[0] for row in await cursor.fetchall()]
        if not referred:
            return []
        others = {name: value for name, value in values.items() if name != "text"}
        return await self._list(connection, others | {"referred": referred})

    async def get(self, tenant: TenantId, order_ids: Sequence[OrderId]) -> FoundOrders:
        """These orders by their key."""
        async with self._database.tenant(tenant) as connection:
            rows = await self._rows(connection, "get_orders", order_ids=list(order_ids))
            states = [decode_state(row[0]) for row in rows]
            return FoundOrders(states, await self._last_received(connection))

    async def told(self, tenant: TenantId, order_id: OrderId) -> Told:
        """All events of an order, and what is parked for it."""
        async with self._database.tenant(tenant) as connection:
            applied = await self._rows(connection, "applied_events", order_id=order_id)
            parked = await self._rows(connection, "parked_for", order_id=order_id)
        return Told([*map(_received, applied)], [*map(_received, parked)])

    async def heard(self, tenant: TenantId, systems: Sequence[System]) -> HeardSystems:
        """The systems' last words, and what is open at them."""
        async with self._database.tenant(tenant) as connection:
            words = await self._rows(connection, "last_words")
            open_ = await self._rows(connection, "open_by_system", systems=list(systems))
        return HeardSystems({row[0]: Word(*row[1:]) for row in words}, dict(open_))

    async def counts(
        self, tenant: TenantId, wanted: CountFilter, systems: Sequence[System]
    ) -> list[Cell]:
        """Sums over the window, from days as far as it has whole ones."""
        parts = cut(wanted.placed_from, wanted.placed_to)
        values: dict[str, object] = {
            "spans": [part.span for part in parts],
            "starts": [bound(part.starts, "-infinity") for part in parts],
            "ends": [bound(part.ends, "infinity") for part in parts],
            "systems": list(systems),
        }
        if wanted.channel is not None:
            values["channel"] = wanted.channel
        async with self._database.tenant(tenant) as connection:
            rows = await self._rows(connection, "count_orders", **values)
        return [Cell(*row) for row in rows]

    async def steps(self, tenant: TenantId, query: SeriesQuery) -> dict[datetime, dict[str, int]]:
        """Sums for each step that has any."""
        values: dict[str, object] = {
            "span": coarsest(query.placed_from, query.step),
            "step": query.step,
            "origin": query.placed_from,
            "starts": query.placed_from,
            "ends": query.placed_to,
            "system": query.system or ORDER,
        }
        if query.channel is not None:
            values["channel"] = query.channel
        counted: dict[datetime, dict[str, int]] = {}
        async with self._database.tenant(tenant) as connection:
            for at, bucket, n in await self._rows(connection, "count_steps", **values):
                counted.setdefault(at, {})[bucket] = n
        return counted

    async def _last_received(self, connection: Connection) -> dict[System, datetime]:
        rows = await self._rows(connection, "last_words")
        return {row[0]: row[2] for row in rows}

    async def _rows(self, connection: Connection, name: str, **values: object) -> list[Row]:
        statement = assemble(self._sql[name], values.keys())
        cursor = await connection.execute(statement, values, prepare=False)
        return await cursor.fetchall()


def _values(wanted: OrderFilter) -> dict[str, object]:
    """What was asked for by name, and nothing else: the names decide which lines are used."""
    deviating = wanted.deviation is not None
    values: dict[str, object] = {
        "class": wanted.class_.value if wanted.class_ is not None else None,
        "overdue": wanted.overdue,
        "status": wanted.status,
        "channel": wanted.channel,
        "system": wanted.system,
        "placed_from": wanted.placed_from,
        "placed_to": wanted.placed_to,
        "location": wanted.location,
        "amount_from": wanted.amount_from,
        "amount_to": wanted.amount_to,
        "deviating": True if deviating else None,
        "deviation": None if wanted.deviation == ANY_DEVIATION else wanted.deviation,
        "text": wanted.text,
        "text_end": None if wanted.text is None else wanted.text + _LAST_LETTER,
    }
    return {name: value for name, value in values.items() if value is not None}


def _place(span: PageSpan) -> dict[str, object]:
    """Where the page begins, or ends."""
    if span.after is not None:
        return {"after": True, "after_at": span.after.placed_at, "after_id": span.after.order_id}
    if span.before is not None:
        at, order_id = span.before.placed_at, span.before.order_id
        return {"before": True, "before_at": at, "before_id": order_id}
    return {}


def _newest(states: list[OrderState], span: PageSpan) -> list[OrderState]:
    """Each order once, newest first, as the list has them; those nearest to the page's place."""
    never = datetime.min.replace(tzinfo=UTC)
    by_id = {state.order_id: state for state in states}
    ordered = sorted(by_id.values(), key=lambda s: (s.placed_at or never, s.order_id), reverse=True)
    return ordered[: span.most] if span.before is None else ordered[-span.most :]


def _received(row: Row) -> ReceivedEvent:
    text, received_at = row
    return ReceivedEvent(decode_event(text), received_at, Raw(text))


def bound(at: datetime | None, otherwise: str) -> str:
    """The end of a window as a parameter."""
    return otherwise if at is None else at.isoformat()
