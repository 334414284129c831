"""The recorded past in PostgreSQL: implements `Past` of `app/backtest_rules.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.ledger import decode_event
from orderwatch.core.model import OrderId, ReceivedEvent, TenantId

_STRETCH: Final = timedelta(hours=1)
"""What is asked at a time, so that no transaction lasts as long as a replay does."""
_AT_ONCE: Final = 2_000


class PostgresPast:
    """Reads events by their arrival."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("past")

    async def count(self, tenant: TenantId, since: datetime, until: datetime) -> int:
        """How many events arrived in [since, until)."""
        values = {"since": since, "until": until}
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(self._sql["count"], values)).fetchone()
        assert row is not None
        return int(row[0])

    async def arrived(
        self, tenant: TenantId, since: datetime, until: datetime
    ) -> AsyncIterator[list[ReceivedEvent]]:
        """Those events in the order of their arrival; what arrived together comes together."""
        together: list[ReceivedEvent] = []
        while since < until:
            ends = min(since + _STRETCH, until)
            async for event in self._stretch(tenant, since, ends):
                if together and together[0].received_at != event.received_at:
                    yield together
                    together = []
                together.append(event)
            since = ends
        if together:
            yield together

    async def _stretch(
        self, tenant: TenantId, since: datetime, until: datetime
    ) -> AsyncIterator[ReceivedEvent]:
        values = {"since": since, "until": until}
        async with (
            self._database.tenant(tenant) as connection,
            connection.cursor(name="past") as cursor,
        ):
            cursor.itersize = _AT_ONCE
            await cursor.execute(self._sql["arrived"], values)
            async for text, received_at in cursor:
                yield ReceivedEvent(decode_event(text), received_at, msgspec.Raw(text))

    async def history(
        self, tenant: TenantId, order_ids: Collection[OrderId], before: datetime
    ) -> Mapping[OrderId, Sequence[ReceivedEvent]]:
        """All that arrived earlier of these orders, in one query."""
        values = {"order_ids": list(order_ids), "before": before}
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(self._sql["history"], values)).fetchall()
        earlier: dict[OrderId, list[ReceivedEvent]] = {}
        for text, received_at in rows:
            event = decode_event(text)
            found = ReceivedEvent(event, received_at, msgspec.Raw(text))
            earlier.setdefault(event.order_id, []).append(found)
        return earlier
