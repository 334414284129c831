"""An outbox in memory that keeps the promises of the one in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.alerting.notice import Message, NewNotice, Notice, NoticeId
from orderwatch.core.alerting.sending import Claim, Delivered, GivenUp, PutOff, Result, Waiting
from orderwatch.core.alerting.telling import entry_of, failure_of, totals_of
from orderwatch.core.model import TenantId
from orderwatch.core.tracking.counting import Deltas


class Row(Struct, kw_only=True):
    """A row of `notices`."""

    id: NoticeId
    key: str
    channel: str
    message: Message
    incident: IncidentId | None
    created_at: datetime
    due_at: datetime
    state: str = "waiting"
    attempts: int = 0
    claimed_until: datetime | None = None
    ended_at: datetime | None = None
    merged_into: int | None = None
    thread: str | None = None
    problem: str | None = None


class FakeOutbox:
    """Notices of any number of tenants."""

    def __init__(self) -> None:
        self.kept: dict[TenantId, list[Row]] = defaultdict(list)
        self.failures: dict[TenantId, list[dict[str, Any]]] = defaultdict(list)
        self.lines: dict[TenantId, list[tuple[int, str, str]]] = defaultdict(list)
        self.totals: dict[TenantId, Deltas] = defaultdict(Deltas)
        self._ids = count(1)
        self._locks: dict[tuple[TenantId, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def add(self, tenant: TenantId, notice: NewNotice, at: datetime) -> NoticeId:
        """As the rules put one in."""
        row = Row(
            id=NoticeId(next(self._ids)),
            key=str(uuid4()),
            channel=notice.channel,
            message=notice.message,
            incident=notice.incident,
            created_at=at,
            due_at=notice.due_at,
        )
        self.kept[tenant].append(row)
        return row.id

    async def due(self, tenant: TenantId, now: datetime) -> list[str]:
        return sorted(
            {
                row.channel
                for row in self._waiting(tenant)
                if row.due_at <= now and (row.claimed_until is None or row.claimed_until <= now)
            }
        )

    @asynccontextmanager
    async def queue(self, tenant: TenantId, channel: str) -> AsyncIterator[FakeQueue | None]:
        lock = self._locks[tenant, channel]
        if lock.locked():
            yield None
            return
        async with lock:
            yield FakeQueue(self.kept[tenant], channel)

    async def record(self, tenant: TenantId, claim: Claim, result: Result) -> bool:
        mine = [
            row
            for row in self._waiting(tenant)
            if row.id in claim.ids and row.claimed_until == claim.until
        ]
        if not mine:
            return False
        for row in mine:
            row.claimed_until = None
            self._settle(row, claim, result)
        if isinstance(result, Delivered):
            self._wake(tenant, claim.channel.name, result.at)
        elif isinstance(result, GivenUp):
            cause = failure_of(claim)
            self.failures[tenant] += [] if cause is None else [cause["notice"]]
        if not isinstance(result, PutOff):
            kind = "told" if isinstance(result, Delivered) else "not_told"
            told = {one.incident for one in claim.notices if one.incident is not None}
            self.lines[tenant] += [(one, kind, entry_of(claim, result)) for one in sorted(told)]
        totals_of(self.totals[tenant], claim, result)
        return True

    def _settle(self, row: Row, claim: Claim, result: Result) -> None:
        leads = row.id == claim.lead
        match result:
            case Delivered(at, thread):
                row.state, row.ended_at = ("sent" if leads else "merged"), at
                row.merged_into = None if leads else claim.lead
                row.thread, row.problem = (thread if leads else None), None
            case PutOff(_, until, why, together):
                row.due_at, row.problem = until, why
                row.merged_into = row.merged_into if together else None
            case GivenUp(at, why):
                row.state, row.ended_at, row.problem = "failed", at, why
                row.merged_into = None if leads else claim.lead

    def _wake(self, tenant: TenantId, channel: str, at: datetime) -> None:
        for row in self._waiting(tenant):
            if row.channel == channel and row.attempts:
                row.due_at = min(row.due_at, at)

    def _waiting(self, tenant: TenantId) -> list[Row]:
        return [row for row in self.kept[tenant] if row.state == "waiting"]

    async def rows(self, tenant: TenantId) -> list[tuple[Any, ...]]:
        """Channel, state, attempts, what it was merged into, by id."""
        return [
            (row.id, row.channel, row.state, row.attempts, row.merged_into)
            for row in self.kept[tenant]
        ]

    async def noted(self, tenant: TenantId) -> list[dict[str, Any]]:
        """The failures the rules have still to look at."""
        return self.failures[tenant]

    async def timeline(self, tenant: TenantId) -> list[tuple[int, str, str]]:
        """The lines written into time lines."""
        return self.lines[tenant]

    async def counted(self, tenant: TenantId, metric: str) -> dict[tuple[str, ...], float]:
        """Totals by their labels and bucket."""
        return {
            (*key.labels, *((key.le,) if key.le else ())): by
            for key, by in self.totals[tenant].totals.items()
            if key.metric == metric
        }


class FakeQueue:
    """What of one channel waits."""

    def __init__(self, rows: list[Row], channel: str) -> None:
        self._rows = [row for row in rows if row.channel == channel]

    async def waiting(self, most: int) -> list[Waiting]:
        waits = [row for row in self._rows if row.state == "waiting"]
        return [
            Waiting(
                id=row.id,
                kind=row.message.kind,
                priority=row.message.priority,
                incident=row.incident,
                due_at=row.due_at,
                attempts=row.attempts,
                claimed_until=row.claimed_until,
                bound_to=NoticeId(row.merged_into) if row.merged_into else None,
            )
            for row in sorted(waits, key=lambda row: (row.due_at, row.id))[:most]
        ]

    async def sent_since(self, since: datetime) -> int:
        return sum(
            row.state == "sent" and row.ended_at is not None and row.ended_at > since
            for row in self._rows
        )

    async def claim(self, ids: Sequence[NoticeId], until: datetime) -> list[Notice]:
        taken = [row for row in self._rows if row.id in ids]
        for row in taken:
            row.claimed_until, row.merged_into = until, ids[0]
            row.attempts += 1
        threads = {row.incident: row.thread for row in reversed(self._rows) if row.thread}
        return [
            msgspec.convert(
                {
                    "id": row.id,
                    "key": row.key,
                    "channel": row.channel,
                    "message": row.message,
                    "incident": row.incident,
                    "created_at": row.created_at,
                    "due_at": row.due_at,
                    "attempts": row.attempts,
                    "thread": threads.get(row.incident) if row.incident else None,
                },
                Notice,
            )
            for row in taken
        ]
