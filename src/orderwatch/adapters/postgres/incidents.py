"""Incidents in PostgreSQL, as people see and handle them: IncidentStore, HandlingStore and
SilenceStore of the app, on `sql/incidents.sql`. What moves an incident by itself is in alerting.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import asdict
from psycopg.types.json import Json

from orderwatch.adapters.postgres.audit import write_deed
from orderwatch.adapters.postgres.database import Connection, Database, statements
from orderwatch.adapters.postgres.incident_rows import entry_of, incident_of, member_of, silence_of
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.app.order_notes import Author
from orderwatch.app.read_incidents import NoticeLine, Opened
from orderwatch.core.alerting.handle import Done, Handled, Handling, Refusal, Refused
from orderwatch.core.alerting.incident import (
    Entry,
    EntryKind,
    Incident,
    IncidentId,
    Member,
    Silence,
)
from orderwatch.core.alerting.incident_queries import (
    IncidentFilter,
    IncidentPlace,
    MemberFilter,
    MemberPlace,
)
from orderwatch.core.alerting.notice import NoticeKind, NoticeState
from orderwatch.core.alerting.quiet import NewSilence, named
from orderwatch.core.model import OrderId, TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.deeds import silence_ended, silence_made

MOST_CHILDREN: Final = 50
MOST_EPISODES: Final = 20
MOST_ENTRIES: Final = 500
MOST_NOTICES: Final = 200
_SQL: Final = statements("incidents")

Row = tuple[Any, ...]


class PostgresIncidents:
    """What people see of incidents, and what they do with them."""

    def __init__(self, database: Database) -> None:
        """`database` must be open."""
        self._database = database

    async def incidents(
        self, tenant: TenantId, wanted: IncidentFilter, most: int, after: IncidentPlace | None
    ) -> list[Incident]:
        """Newest first by (fired_at, id), those after a place."""
        values = _wanted(wanted) | _after(after) | {"most": most}
        asked = [*values, *(["folded"] if wanted.is_folded else [])]
        if after is not None:
            asked.append("after")
        async with self._database.tenant(tenant) as connection:
            # Planned anew each time: the partial index of the firing ones serves only some.
            statement = assemble(_SQL["list_incidents"], asked)
            found = await connection.execute(statement, values, prepare=False)
            return [incident_of(row) for row in await found.fetchall()]

    async def children(
        self, tenant: TenantId, parents: Sequence[IncidentId]
    ) -> Mapping[IncidentId, list[Incident]]:
        """What stands under each of these, newest first."""
        async with self._database.tenant(tenant) as connection:
            return await _children(connection, parents)

    async def opened(self, tenant: TenantId, incident: IncidentId) -> Opened | None:
        """One incident; None when there is none."""
        async with self._database.tenant(tenant) as connection:
            one = await _one(connection, incident)
            if one is None:
                return None
            group = {"rule": one.rule, "group": one.group, "most": MOST_EPISODES}
            episodes = [incident_of(row) for row in await _rows(connection, "episodes", **group)]
            log = {"incident": incident, "most": MOST_ENTRIES}
            notices = {"incident": incident, "most": MOST_NOTICES}
            return Opened(
                incident=one,
                parent=await _one(connection, one.parent) if one.parent else None,
                children=(await _children(connection, [incident])).get(incident, []),
                episodes=[each for each in episodes if each.id != incident],
                entries=[entry_of(row) for row in await _rows(connection, "entries", **log)][::-1],
                notices=[
                    notice_line(row) for row in await _rows(connection, "notices_of", **notices)
                ],
                customers=(await _rows(connection, "customers", incident=incident))[0][0],
            )

    async def members(
        self, tenant: TenantId, wanted: MemberFilter, most: int, after: MemberPlace | None
    ) -> list[Member] | None:
        """Its orders, the dearest first, those after a place; None: there is no such incident."""
        values: dict[str, Any] = {"incident": wanted.incident, "most": most}
        asked = ["open"] if wanted.open else []
        if after is not None:
            asked.append("after")
            values |= {"after_amount": after.amount, "after_id": after.order_id}
        async with self._database.tenant(tenant) as connection:
            found = await connection.execute(assemble(_SQL["members"], asked), values)
            members = [member_of(row) for row in await found.fetchall()]
            if not members and not await _rows(connection, "is_there", incident=wanted.incident):
                return None
            return members

    async def of_order(self, tenant: TenantId, order: OrderId, most: int) -> list[Incident]:
        """The incidents an order is or was in, newest first."""
        values = {"order_id": order, "most": most}
        async with self._database.tenant(tenant) as connection:
            return [
                incident_of(row) for row in await _rows(connection, "incidents_of_order", **values)
            ]

    async def firing(self, tenant: TenantId) -> int:
        """How many go on; what stands under another counts with it."""
        async with self._database.tenant(tenant) as connection:
            ((count,),) = await _rows(connection, "firing")
        return int(count)

    async def handle(
        self, tenant: TenantId, incident: IncidentId, handling: Handling, by: Actor
    ) -> Handled:
        """Decide of the incident while nobody else can, and keep what came of it, whole."""
        async with self._database.tenant(tenant) as connection:
            rows = await _rows(connection, "lock_incident", incident=incident)
            if not rows:
                return Refused(Refusal.NO_SUCH)
            handled = handling(incident_of(rows[0]))
            if isinstance(handled, Done) and handled.entry and handled.deed:
                await connection.execute(_SQL["keep_handled"], _kept(handled.incident))
                await _note(connection, incident, handled.entry)
                await write_deed(connection, by, handled.deed)
        return handled

    async def silences(self, tenant: TenantId, at: datetime, past: int) -> list[Silence]:
        """Those that hold or will, and the last few that are over."""
        async with self._database.tenant(tenant) as connection:
            rows = await _rows(connection, "silences_on", at=at)
            rows += await _rows(connection, "silences_past", at=at, most=past)
        return [silence_of(row) for row in rows]

    async def make_silence(
        self, tenant: TenantId, new: NewSilence, author: Author, at: datetime, note: str
    ) -> int | None:
        """Keep it; one of an incident is noted in its time line. None: no such incident."""
        incident = new.matches.get("incident")
        values = asdict(new) | {"matches": Json(new.matches), "author": author.name, "at": at}
        async with self._database.tenant(tenant) as connection:
            if incident is not None and not await _is_there(connection, incident):
                return None
            ((made,),) = await _rows(connection, "make_silence", **values)
            if incident is not None:
                entry = Entry(at, EntryKind.SILENCED, note, author.name)
                await _note(connection, IncidentId(int(incident)), entry)
            deed = silence_made(new.kind, named(new.matches), new.ends_at, new.why)
            await write_deed(connection, author.actor, deed)
        return int(made)

    async def end_silence(self, tenant: TenantId, silence: int, at: datetime, by: Actor) -> bool:
        """End one that is not over; False when there is none."""
        async with self._database.tenant(tenant) as connection:
            rows = await _rows(connection, "end_silence", silence=silence, at=at)
            if rows:
                await write_deed(connection, by, silence_ended(rows[0][0], silence))
        return bool(rows)


async def _rows(connection: Connection, name: str, **values: object) -> list[Row]:
    return await (await connection.execute(_SQL[name], values)).fetchall()


async def _one(connection: Connection, incident: IncidentId) -> Incident | None:
    rows = await _rows(connection, "incident", incident=incident)
    return incident_of(rows[0]) if rows else None


async def _children(
    connection: Connection, parents: Sequence[IncidentId]
) -> dict[IncidentId, list[Incident]]:
    under: dict[IncidentId, list[Incident]] = {}
    values = {"parents": list(parents), "most": MOST_CHILDREN}
    for row in await _rows(connection, "children", **values):
        child = incident_of(row)
        assert child.parent is not None
        under.setdefault(child.parent, []).append(child)
    return under


async def _is_there(connection: Connection, typed: str) -> bool:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 18):
        return False
    return bool(await _rows(connection, "is_there", incident=int(typed)))


async def _note(connection: Connection, incident: IncidentId, entry: Entry) -> None:
    values = {
        "incident": incident,
        "at": entry.at,
        "kind": str(entry.kind),
        "actor": entry.actor,
        "entry": entry.text,
    }
    await connection.execute(_SQL["note_entry"], values)


def _wanted(wanted: IncidentFilter) -> dict[str, Any]:
    given = {name: value for name, value in asdict(wanted).items() if value is not None}
    return {name: str(one) if name in {"state", "priority"} else one for name, one in given.items()}


def _after(after: IncidentPlace | None) -> dict[str, Any]:
    return {} if after is None else {"after_at": after.fired_at, "after_id": after.id}


def _kept(incident: Incident) -> dict[str, Any]:
    return {
        "incident": incident.id,
        "acknowledged_at": incident.acknowledged_at,
        "acknowledged_by": incident.acknowledged_by,
        "assigned_to": incident.assigned_to,
    }


def notice_line(row: Row) -> NoticeLine:
    """A notice from the columns every list of notices selects."""
    names = (
        "id", "channel", "kind", "title", "state", "created_at", "due_at", "ended_at", "attempts",
        "problem", "incident", "merged_into",
    )  # fmt: skip
    values = dict(zip(names, row, strict=True))
    return NoticeLine(
        **values | {"kind": NoticeKind(values["kind"]), "state": NoticeState(values["state"])}
    )
