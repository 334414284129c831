"""Reading what happened when, and the worst trouble, in PostgreSQL: on `sql/flow.sql`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderwatch.adapters.postgres.database import Database, statements
from orderwatch.adapters.postgres.ledger import decode_state
from orderwatch.adapters.postgres.reading import assemble, bound
from orderwatch.app.read_flow import StepQuery
from orderwatch.app.read_orders import FoundOrders
from orderwatch.app.read_system import FailureReason, Unhandled
from orderwatch.core.model import System, TenantId
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.spans import coarsest, cut

Row = tuple[Any, ...]


class PostgresFlow:
    """Implements FlowStore, TroubleStore and OneSystemStore."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database
        self._sql = statements("flow")

    async def durations(
        self, tenant: TenantId, systems: Sequence[System], wanted: CountFilter
    ) -> dict[System, list[int]]:
        """Sums over the window, from days as far as it has whole ones."""
        values = _parts(wanted) | {"systems": list(systems)}
        rows = await self._rows(tenant, "durations", values)
        return {row[0]: [*row[1:]] for row in rows}

    async def duration_steps(self, tenant: TenantId, query: StepQuery) -> dict[datetime, list[int]]:
        """Sums for each step that has any."""
        rows = await self._rows(tenant, "duration_steps", _steps(query))
        return {row[0]: [*row[1:]] for row in rows}

    async def happened(
        self, tenant: TenantId, what: str, systems: Sequence[System], wanted: CountFilter
    ) -> dict[System, int]:
        """Sums over the window."""
        values = _parts(wanted) | {"systems": list(systems), "what": what}
        return dict(await self._rows(tenant, "happened", values))

    async def happening_steps(
        self, tenant: TenantId, what: str, query: StepQuery
    ) -> dict[datetime, int]:
        """Sums for each step."""
        return dict(await self._rows(tenant, "happening_steps", _steps(query) | {"what": what}))

    async def standing(
        self, tenant: TenantId, systems: Sequence[System], channel: str | None
    ) -> dict[tuple[System, str], int]:
        """Sums over all days with anything open."""
        values: dict[str, object] = {"systems": list(systems)}
        if channel is not None:
            values["channel"] = channel
        rows = await self._rows(tenant, "standing", values)
        return {(system, bucket): n for system, bucket, n in rows}

    async def weighed_steps(
        self, tenant: TenantId, query: StepQuery
    ) -> dict[datetime, dict[str, tuple[int, Decimal]]]:
        """Sums for each step that has any, by bucket."""
        steps: dict[datetime, dict[str, tuple[int, Decimal]]] = {}
        for at, bucket, n, value in await self._rows(tenant, "weighed_steps", _steps(query)):
            steps.setdefault(at, {})[bucket] = (n, value)
        return steps

    async def worst(self, tenant: TenantId, wanted: CountFilter, most: int) -> FoundOrders:
        """Of all orders, or of those in trouble at one system."""
        values: dict[str, object] = {
            "placed_from": wanted.placed_from,
            "placed_to": wanted.placed_to,
            "channel": wanted.channel,
            "system": wanted.system,
        }
        values = {name: value for name, value in values.items() if value is not None}
        name = "worst_orders" if wanted.system is None else "worst_orders_at"
        rows = await self._rows(tenant, name, values | {"most": most})
        return FoundOrders([decode_state(row[0]) for row in rows], {})

    async def failures(
        self, tenant: TenantId, system: System, starts: datetime | None, ends: datetime | None
    ) -> list[FailureReason]:
        """By the code the system gave, the most frequent first."""
        window = {"starts": starts, "ends": ends}
        values: dict[str, object] = {k: at for k, at in window.items() if at is not None}
        rows = await self._rows(tenant, "failures_by_reason", values | {"system": system})
        return [FailureReason(code or None, n, last) for code, n, last in rows]

    async def unhandled(self, tenant: TenantId, system: System) -> Unhandled:
        """What of the system nobody could use yet."""
        ((letters, parked),) = await self._rows(tenant, "letters_and_parked", {"system": system})
        return Unhandled(letters, parked)

    async def _rows(self, tenant: TenantId, name: str, values: dict[str, object]) -> list[Row]:
        statement = assemble(self._sql[name], values.keys())
        async with self._database.tenant(tenant) as connection:
            # Never a generic plan: it could not know that a partial index serves these values.
            cursor = await connection.execute(statement, values, prepare=False)
            return await cursor.fetchall()


def _parts(wanted: CountFilter) -> dict[str, object]:
    parts = cut(wanted.placed_from, wanted.placed_to)
    values: dict[str, object] = {
        "spans": [part.span for part in parts],
        "starts": [bound(part.starts, "-infinity") for part in parts],
        "ends": [bound(part.ends, "infinity") for part in parts],
    }
    return values if wanted.channel is None else values | {"channel": wanted.channel}


def _steps(query: StepQuery) -> dict[str, object]:
    values: dict[str, object] = {
        "span": coarsest(query.starts, query.step),
        "step": query.step,
        "origin": query.starts,
        "starts": query.starts,
        "ends": query.ends,
        "system": query.system,
    }
    return values if query.channel is None else values | {"channel": query.channel}
