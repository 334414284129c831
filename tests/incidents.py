"""Incidents as the evaluation would have kept them, for tests about what people see and do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from psycopg.types.json import Json

from orderwatch.adapters.postgres.database import Database
from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import (
    Entry,
    EntryKind,
    Incident,
    IncidentId,
    IncidentState,
    Member,
)
from orderwatch.core.alerting.notice import Message, NoticeKind
from orderwatch.core.model import OrderId, TenantId


def an_incident(at: datetime, **more: Any) -> Incident:
    """Orders that failed at the engine's price check, since a minute."""
    usual: dict[str, Any] = {
        "id": IncidentId(0),
        "rule": "order_failed",
        "group": "commerce_engine",
        "priority": Priority.HIGH,
        "team": "operations",
        "title": "3 orders failed at Commerce Engine: pricing",
        "cause_at": at - timedelta(minutes=1),
        "fired_at": at,
        "about": {"look": "order", "system": "commerce_engine", "reason": "pricing"},
        "orders": 3,
        "still_open": 2,
        "money": Decimal("3750.00"),
        "currency": "THB",
        "tally": {"location": {"TH-0412": 2, "TH-0007": 1}},
        "common": "67 % of them: store TH-0412, usually 3 %",
    }
    made = Incident(**usual | more)
    if made.resolved_at is not None:
        made.state = IncidentState.RESOLVED
    return made


def a_member(order_id: str, at: datetime, **more: Any) -> Member:
    """An order that failed at the price check and still does."""
    usual: dict[str, Any] = {
        "incident": IncidentId(0),
        "order_id": OrderId(order_id),
        "joined_at": at,
        "cause_at": at,
        "system": "commerce_engine",
        "reason": "pricing",
        "status": "PENDING",
        "channel": "app",
        "location": "TH-0412",
        "payment": "prepaid",
        "customer": "",
        "amount": Decimal("1250.00"),
        "marks": ("status", "leg:commerce_engine"),
    }
    return Member(**usual | more)


def fired(at: datetime) -> Entry:
    """The first line of every time line."""
    return Entry(at, EntryKind.FIRED, "3 orders failed at Commerce Engine: pricing")


def a_message(at: datetime, **more: Any) -> Message:
    """What a notice of such an incident says."""
    usual: dict[str, Any] = {
        "kind": NoticeKind.FIRING,
        "title": "3 orders failed at Commerce Engine: pricing",
        "text": "3 orders failed at Commerce Engine since 10:02: price check.",
        "priority": Priority.HIGH,
        "team": "operations",
        "rule": "order_failed",
        "starts_at": at,
        "cause_at": at,
        "figures": (("Orders", "3"), ("Money", "3,750.00 THB")),
        "common": "67 % of them: store TH-0412, usually 3 %",
    }
    return Message(**usual | more)


async def keep(
    database: Database,
    tenant: TenantId,
    incident: Incident,
    members: Sequence[Member] = (),
    entries: Sequence[Entry] = (),
) -> IncidentId:
    """Keep an incident with its orders and its time line, as the evaluation does."""
    values = msgspec.structs.asdict(incident)
    values["group_key"] = values.pop("group")
    del values["id"]
    values |= {"priority": str(incident.priority), "state": str(incident.state)}
    values |= {name: Json(values[name]) for name in ("about", "labels", "tally", "external")}
    async with database.tenant(tenant) as connection:
        made = IncidentId(await _insert(connection, "incidents", values, "incident_id"))
        for member in members:
            facts = msgspec.structs.asdict(member) | {"marks": list(member.marks)}
            facts = {"incident_id": made} | {k: v for k, v in facts.items() if k != "incident"}
            await _insert(connection, "incident_orders", facts, "1")
        for entry in entries or [fired(incident.fired_at)]:
            line = {"incident_id": made, "at": entry.at, "kind": str(entry.kind)}
            line |= {"actor": entry.actor, "entry": entry.text}
            await _insert(connection, "incident_log", line, "1")
    return made


async def keep_notice(
    database: Database,
    tenant: TenantId,
    message: Message,
    at: datetime,
    **more: Any,
) -> int:
    """Keep a notice in the outbox; one that was sent, unless `state` says otherwise."""
    values: dict[str, Any] = {
        "channel": "mailbox",
        "kind": str(message.kind),
        "rule": message.rule,
        "message": Json(msgspec.to_builtins(message)),
        "state": "sent",
        "created_at": at,
        "due_at": at,
        "attempts": 1,
        "ended_at": at,
        "problem": None,
    }
    async with database.tenant(tenant) as connection:
        return await _insert(connection, "notices", values | more, "notice_id")


async def _insert(connection: Any, table: str, values: dict[str, Any], returning: str) -> int:
    names = ", ".join(values)
    places = ", ".join(f"%({name})s" for name in values)
    statement = (
        f"insert into {table} (tenant_id, {names}) values (bound_tenant(), {places}) "
        f"returning {returning}"
    )
    row = await (await connection.execute(statement, values)).fetchone()
    assert row is not None
    return int(row[0])
