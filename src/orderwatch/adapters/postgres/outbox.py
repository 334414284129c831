"""The outbox in PostgreSQL: implements `Outbox` of `app/send_notices.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec

from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import EntryKind, IncidentId
from orderwatch.core.alerting.notice import Message, Notice, NoticeId, NoticeKind, NotSent, Outcome
from orderwatch.core.alerting.sending import (
    Claim,
    Delivered,
    GivenUp,
    PutOff,
    Result,
    Waiting,
)
from orderwatch.core.alerting.telling import entry_of, failure_of, totals_of
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.counting import Deltas

_SQL: Final = statements("outbox")
_MOVE_TOTALS: Final = statements("ledger")["move_totals"]
_LABEL_SEPARATOR: Final = "\x1f"
_decode_message = msgspec.json.Decoder(Message).decode


class PostgresOutbox:
    """The table `notices`, as its senders see it."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def due(self, tenant: TenantId, now: datetime) -> list[str]:
        """The channels with something to send."""
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(_SQL["due"], {"now": now})).fetchall()
        return sorted(name for (name,) in rows)

    @asynccontextmanager
    async def queue(self, tenant: TenantId, channel: str) -> AsyncIterator[PostgresQueue | None]:
        """One transaction that holds the channel's lock, or None."""
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL["lock"], {"channel": channel})).fetchone()
            yield PostgresQueue(connection, channel) if row is not None and row[0] else None

    async def record(self, tenant: TenantId, claim: Claim, result: Result) -> bool:
        """Write down what became of a claim, unless it is another's by now."""
        async with self._database.tenant(tenant) as connection:
            if not await _settle(connection, claim, result):
                return False
            await _log(connection, claim, result)
            await _count(connection, claim, result)
        return True

    async def add_tested(
        self, tenant: TenantId, channel: str, key: str, message: Message, outcome: Outcome
    ) -> NoticeId:
        """Write down a test that was sent at the message's `starts_at`."""
        problem = outcome.why if isinstance(outcome, NotSent) else None
        values = {
            "key": key,
            "channel": channel,
            "message": msgspec.json.encode(message).decode(),
            "state": "failed" if problem else "sent",
            "at": message.starts_at,
            "ended_at": message.starts_at,
            "problem": problem,
        }
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_SQL["add_tested"], values)).fetchone()
        assert row is not None
        return NoticeId(row[0])

    async def on_fire(self, tenant: TenantId, channel: str) -> list[Message]:
        """What the channel was last told of each incident that goes on."""
        async with self._database.tenant(tenant) as connection:
            rows = await connection.execute(_SQL["on_fire"], {"channel": channel})
            return [_decode_message(row[0]) for row in await rows.fetchall()]


class PostgresQueue:
    """The statements of `sql/outbox.sql` on one connection, for one channel."""

    def __init__(self, connection: Connection, channel: str) -> None:
        """The connection is in a transaction that holds the channel's lock."""
        self._connection = connection
        self._channel = channel

    async def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        asked = {"channel": self._channel} | values
        return await (await self._connection.execute(_SQL[name], asked)).fetchall()

    async def waiting(self, most: int) -> list[Waiting]:
        """Those that are due first."""
        return [
            Waiting(
                id=NoticeId(id_),
                kind=NoticeKind(kind),
                priority=Priority(priority),
                incident=incident,
                due_at=due_at,
                attempts=attempts,
                claimed_until=claimed_until,
                bound_to=bound_to,
            )
            for id_, kind, priority, incident, due_at, attempts, claimed_until, bound_to in (
                await self._rows("waiting", most=most)
            )
        ]

    async def sent_since(self, since: datetime) -> int:
        """How many messages the channel took since then."""
        ((count,),) = await self._rows("sent_since", since=since)
        return int(count)

    async def claim(self, ids: Sequence[NoticeId], until: datetime) -> list[Notice]:
        """Take these; the first leads."""
        rows = await self._rows("claim", ids=list(ids), lead=ids[0], until=until)
        return sorted((_notice_of(row) for row in rows), key=lambda one: one.id)


def _notice_of(row: tuple[Any, ...]) -> Notice:
    id_, key, channel, message, incident, created_at, due_at, attempts, thread = row
    return Notice(
        id=NoticeId(id_),
        key=key,
        channel=channel,
        message=_decode_message(message),
        incident=IncidentId(incident) if incident is not None else None,
        created_at=created_at,
        due_at=due_at,
        attempts=attempts,
        thread=thread,
    )


async def _settle(connection: Connection, claim: Claim, result: Result) -> bool:
    """Whether the claim still held, and is now settled."""
    name, values = _statement(result)
    mine = {"ids": claim.ids, "lead": claim.lead, "until": claim.until}
    settled = await connection.execute(_SQL[name], mine | values)
    if not settled.rowcount:
        return False
    if isinstance(result, Delivered):
        awake = {"at": result.at, "channel": claim.channel.name}
        await connection.execute(_SQL["wake_others"], awake)
    elif isinstance(result, GivenUp) and (cause := failure_of(claim)) is not None:
        noted = {"at": result.at, "cause": msgspec.json.encode(cause).decode()}
        await connection.execute(_SQL["note_failure"], noted)
    return True


def _statement(result: Result) -> tuple[str, dict[str, Any]]:
    match result:
        case Delivered(at, thread):
            return "delivered", {"at": at, "thread": thread}
        case PutOff(_, until, why, together):
            return "put_off", {"next": until, "why": why, "together": together}
        case GivenUp(at, why):
            return "given_up", {"at": at, "why": why}


async def _log(connection: Connection, claim: Claim, result: Result) -> None:
    """A line in the time line of every incident of which people were told, or were not."""
    incidents = sorted({one.incident for one in claim.notices if one.incident is not None})
    if not incidents or isinstance(result, PutOff):
        return
    kind = EntryKind.TOLD if isinstance(result, Delivered) else EntryKind.NOT_TOLD
    values = {"incidents": incidents, "kind": kind, "entry": entry_of(claim, result)}
    await connection.execute(_SQL["log"], values | {"at": result.at})


async def _count(connection: Connection, claim: Claim, result: Result) -> None:
    deltas = Deltas()
    totals_of(deltas, claim, result)
    moved = sorted(deltas.totals.items())
    values = {
        "metrics": [key.metric for key, _ in moved],
        "labels": [_LABEL_SEPARATOR.join(key.labels) for key, _ in moved],
        "les": [key.le for key, _ in moved],
        "values": [by for _, by in moved],
    }
    await connection.execute(_MOVE_TOTALS, values)
