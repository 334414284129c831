"""Evaluation in PostgreSQL: implements `AlertStore` of `app/evaluate_alerts.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.incident_rows import (
    entry_of,
    incident_of,
    incident_row,
    member_of,
    member_row,
    silence_of,
)
from orderwatch.app.evaluate_alerts import Stirring, Taken
from orderwatch.core.alerting.incident import Entry, Incident, IncidentId, Member, Silence
from orderwatch.core.alerting.notice import NewNotice
from orderwatch.core.alerting.situation import FailedNotice, GroupKey, Round
from orderwatch.core.model import OrderId, System, TenantId
from orderwatch.core.tracking.causes import Cause

_SQL: Final = statements("alerting")
_encode = msgspec.json.Encoder(decimal_format="string").encode


class _Noted(msgspec.Struct):
    """A row of `alert_causes` that a sender wrote."""

    notice: FailedNotice


_decode_cause = msgspec.json.Decoder(Cause).decode
_decode_notice = msgspec.json.Decoder(_Noted).decode
_NOTICE: Final = '{"notice"'


class PostgresAlerting:
    """Opens evaluations."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def stirring(self, tenant: TenantId) -> Stirring:
        """Three probes of indexes."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL["stirring"])).fetchone()
        assert row is not None
        return Stirring(*row)

    @asynccontextmanager
    async def evaluating(self, tenant: TenantId) -> AsyncIterator[PostgresEvaluation | None]:
        """One transaction that holds the tenant's lock, or None."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL["lock"])).fetchone()
            yield PostgresEvaluation(connection) if row is not None and row[0] else None


class PostgresEvaluation:
    """The statements of `sql/alerting.sql` on one connection."""

    def __init__(self, connection: Connection) -> None:
        """The connection is in a transaction bound to a tenant, whose lock it holds."""
        self._connection = connection

    async def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        return await (await self._connection.execute(_SQL[name], values)).fetchall()

    async def rounds(self) -> Mapping[str, datetime]:
        """When each kind of round was last done."""
        return dict(await self._rows("rounds"))

    async def take(self, most: int) -> Taken:
        """Take what was noted, in its order; it is gone when this commits."""
        rows = sorted(await self._rows("take_causes", most=most))
        noted = [text for _, text in rows]
        return Taken(
            [_decode_cause(text) for text in noted if not text.startswith(_NOTICE)],
            [_decode_notice(text).notice for text in noted if text.startswith(_NOTICE)],
        )

    async def firing(self) -> list[Incident]:
        """The incidents that go on."""
        return [incident_of(row) for row in await self._rows("firing")]

    async def members(self, order_ids: Collection[OrderId]) -> list[Member]:
        """The places of these orders in incidents that go on."""
        return [member_of(row) for row in await self._rows("members", order_ids=list(order_ids))]

    async def pending(self) -> dict[GroupKey, datetime]:
        """Conditions that are true, not yet for long enough."""
        return {(rule, group): since for rule, group, since in await self._rows("pending")}

    async def silences(self, now: datetime) -> list[Silence]:
        """The silences and maintenance windows that are on."""
        return [silence_of(row) for row in await self._rows("silences", now=now)]

    async def delivered(self, channels: Collection[str]) -> Mapping[str, datetime]:
        """When each of these channels last took a notice."""
        return dict(await self._rows("delivered", channels=list(channels)))

    async def last_words(self) -> Mapping[System, datetime]:
        """When each system was last heard."""
        return dict(await self._rows("last_words"))

    async def save(self, round_: Round, pending_before: Mapping[GroupKey, datetime]) -> None:
        """Write incidents, members, time lines and what is pending."""
        await self._save_incidents(round_)
        if round_.joined:
            rows = [member_row(incident.id, member) for incident, member in round_.joined.values()]
            await self._connection.execute(_SQL["set_members"], {"rows": _text(rows)})
        if round_.entries:
            entries = [
                {
                    "incident_id": incident.id,
                    "at": entry.at,
                    "kind": entry.kind,
                    "actor": entry.actor,
                    "entry": entry.text[:4000],
                }
                for incident, entry in round_.entries
            ]
            await self._connection.execute(_SQL["log"], {"rows": _text(entries)})
        await self._save_pending(round_.pending, pending_before)
        if round_.broken:
            faults = _text(list(round_.broken.values()))
            await self._connection.execute(_SQL["note_faults"], {"rows": faults, "now": round_.now})

    async def _save_incidents(self, round_: Round) -> None:
        for incident in round_.opened:
            ((id_, previous),) = await self._rows("new_incident", row=_text(incident_row(incident)))
            incident.id, incident.previous = IncidentId(id_), previous
        for token, parent in round_.parents.items():
            round_.incidents[token].parent = parent.id
        new = {id(one) for one in round_.opened} - round_.parents.keys()
        moved = [one for token, one in round_.touched.items() if token not in new]
        if moved:
            rows = [incident_row(one) for one in sorted(moved, key=lambda one: one.id)]
            await self._connection.execute(_SQL["move_incidents"], {"rows": _text(rows)})

    async def _save_pending(
        self, after: Mapping[GroupKey, datetime], before: Mapping[GroupKey, datetime]
    ) -> None:
        for rule, group in before.keys() - after.keys():
            values = {"rule": rule, "group": group}
            await self._connection.execute(_SQL["drop_pending"], values)
        for rule, group in after.keys() - before.keys():
            since = after[rule, group]
            new = {"rule": rule, "group": group, "since": since}
            await self._connection.execute(_SQL["set_pending"], new)

    async def worst(self, incidents: Sequence[IncidentId], most: int) -> list[Member]:
        """Of each incident the orders worth most, those in trouble first."""
        rows = await self._rows("worst", incident_ids=list(incidents), most=most)
        return [member_of(row) for row in rows]

    async def customers(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, int]:
        """How many customers each touched, as far as orders name them."""
        return dict(await self._rows("customers", incident_ids=list(incidents)))

    async def timelines(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, list[Entry]]:
        """What happened in each."""
        told: dict[IncidentId, list[Entry]] = {}
        for id_, *row in await self._rows("timeline", incident_ids=list(incidents)):
            told.setdefault(id_, []).append(entry_of(row))
        return told

    async def tell(self, notices: Sequence[NewNotice], now: datetime) -> None:
        """Put notices into the outbox, and wake who sends them after the commit."""
        rows = [
            {
                "channel": one.channel,
                "incident_id": one.incident,
                "kind": one.message.kind,
                "rule": one.message.rule,
                "message": one.message,
                "created_at": now,
                "due_at": one.due_at,
            }
            for one in notices
        ]
        await self._connection.execute(_SQL["tell"], {"rows": _text(rows)})
        await self._connection.execute(_SQL["wake_senders"])

    async def done(self, rounds: Collection[str], now: datetime) -> None:
        """Remember that these rounds were done."""
        for name in sorted(rounds):
            await self._connection.execute(_SQL["round_done"], {"round": name, "now": now})


def _text(rows: object) -> str:
    return _encode(rows).decode()
