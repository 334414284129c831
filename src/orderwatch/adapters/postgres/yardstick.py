"""Yardsticks for the benchmarks: the bare database doing one part of the ledger's work.

Works as the owner of the tables, whom row-level security does not ask; nothing of the product does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Self

import psycopg
from msgspec import Struct
from psycopg import sql

from orderwatch.adapters.postgres.database import statements
from orderwatch.core.model import Event, OrderId, TenantId

_COPY_EVENTS = "copy events (tenant_id, order_id, event_time, received_at, event) from stdin"
_COPY_CHUNK = 256 * 1024
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class EventLine(Struct, frozen=True):
    """One event as a row of `events`."""

    order_id: OrderId
    event_time: datetime
    event: str


class Size(Struct, frozen=True):
    """How much a database holds."""

    orders: int
    events: int
    legs: int
    bytes: int


def event_line(event: Event, text: bytes) -> EventLine:
    """The row of an event."""
    return EventLine(event.order_id, event.time, text.decode())


def create_database(server_url: str, name: str, template: str | None = None) -> None:
    """A new database on a server, empty or like another one."""
    statement = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(template or "template0")
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def drop_database(server_url: str, name: str) -> None:
    """Gone, whoever is still connected."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


class Yardstick:
    """One connection to one database, as its owner."""

    def __init__(self, url: str) -> None:
        """Connects."""
        self._connection = psycopg.connect(url, autocommit=True)
        self._sql = statements("yardstick")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def version(self) -> str:
        """The server's version."""
        return str(self._connection.execute("show server_version").fetchall()[0][0])

    def checkpoint(self) -> None:
        """Begin on clean pages, so that no run pays for the one before it."""
        self._connection.execute("checkpoint")

    def analyze(self) -> None:
        """Tidy up as autovacuum would in time."""
        self._connection.execute("vacuum analyze")

    def copy_events(self, tenant: TenantId, events: Sequence[EventLine], now: datetime) -> float:
        """COPY all of them in one transaction; seconds. The rows' text is made before."""
        chunks = list(_copy_text(tenant, events, now))
        begin = time.perf_counter()
        with self._connection.cursor().copy(_COPY_EVENTS) as copy:
            for chunk in chunks:
                copy.write(chunk)
        return time.perf_counter() - begin

    def insert_events(self, tenant: TenantId, events: Sequence[EventLine], now: datetime) -> float:
        """INSERT and commit them one by one; seconds."""
        rows = [
            {
                "tenant": tenant,
                "order_id": one.order_id,
                "event_time": one.event_time,
                "received_at": now,
                "event": one.event,
            }
            for one in events
        ]
        statement = self._sql["insert_event"]
        begin = time.perf_counter()
        for row in rows:
            self._connection.execute(statement, row)
        return time.perf_counter() - begin

    def read_events(self, at_once: int = 10_000) -> tuple[int, float]:
        """Read every event once to this process; how many, and seconds."""
        begin, count = time.perf_counter(), 0
        with (
            self._connection.transaction(),
            self._connection.cursor("events", binary=True) as cursor,
        ):
            cursor.itersize = at_once
            cursor.execute(self._sql["read_events"])
            while rows := cursor.fetchmany(at_once):
                count += len(rows)
        return count, time.perf_counter() - begin

    def size(self) -> Size:
        """How much there is."""
        return Size(*self._rows("size")[0])

    def unsettled(self) -> int:
        """Orders whose deadline has passed and that nobody has looked at since."""
        return int(self._rows("unsettled")[0][0])

    def _rows(self, name: str, **values: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(self._sql[name], values).fetchall()


def _copy_text(tenant: TenantId, events: Sequence[EventLine], now: datetime) -> Iterator[bytes]:
    """The rows in COPY's text form, in pieces of a size that sockets like."""
    at, lines, size = now.isoformat(), [], 0
    for one in events:
        lines.append(
            f"{tenant}\t{one.order_id.translate(_ESCAPES)}\t{one.event_time.isoformat()}\t{at}\t"
            f"{one.event.translate(_ESCAPES)}\n"
        )
        size += len(lines[-1])
        if size >= _COPY_CHUNK:
            yield "".join(lines).encode()
            lines, size = [], 0
    yield "".join(lines).encode()
