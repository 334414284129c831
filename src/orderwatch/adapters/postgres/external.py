"""What others raise, in PostgreSQL: implements `ExternalStore` of `app/take_alerts.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.incident_rows import incident_of, incident_row
from orderwatch.core.alerting.external import RULE, Taken
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.read_alerts import Alert
from orderwatch.core.model import TenantId

_SQL: Final = statements("external")
_ALERTING: Final = statements("alerting")
_encode = msgspec.json.Encoder(decimal_format="string").encode


class PostgresExternal:
    """Opens transactions on them."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    @asynccontextmanager
    async def taking(self, tenant: TenantId) -> AsyncIterator[PostgresTaking]:
        """One transaction that holds the tenant's lock."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(_SQL["lock"])
            yield PostgresTaking(connection)


class PostgresTaking:
    """The statements of `sql/external.sql` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """The connection is in a transaction that holds the tenant's lock."""
        self._connection = connection

    async def episodes(self, alerts: Sequence[Alert]) -> list[Incident]:
        """What is known of these alerts."""
        values = {
            "rules": [RULE + one.name[:200] for one in alerts],
            "groups": [one.fingerprint for one in alerts],
            "starts": [one.starts_at for one in alerts],
        }
        rows = await self._connection.execute(_SQL["episodes"], values)
        return [incident_of(row) for row in await rows.fetchall()]

    async def save(self, taken: Taken) -> None:
        """The ended ones first: a group has one episode at a time."""
        if taken.moved:
            rows = [incident_row(one) for one in sorted(taken.moved, key=lambda one: one.id)]
            await self._connection.execute(_ALERTING["move_incidents"], {"rows": _text(rows)})
        for incident in taken.opened:
            values = {"row": _text(incident_row(incident))}
            made = await self._connection.execute(_ALERTING["new_incident"], values)
            row = await made.fetchone()
            assert row is not None
            incident.id, incident.previous = IncidentId(row[0]), row[1]
        if taken.entries:
            lines = [
                {
                    "incident_id": incident.id,
                    "at": entry.at,
                    "kind": entry.kind,
                    "actor": entry.actor,
                    "entry": entry.text,
                }
                for incident, entry in taken.entries
            ]
            await self._connection.execute(_ALERTING["log"], {"rows": _text(lines)})


def _text(rows: object) -> str:
    return _encode(rows).decode()
