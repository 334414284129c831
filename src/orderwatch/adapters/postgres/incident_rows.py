"""Incidents, their orders, time lines and silences as rows, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import (
    Entry,
    EntryKind,
    Incident,
    IncidentId,
    IncidentState,
    Member,
    Silence,
    SilenceKind,
)

Row = Sequence[Any]
_decode = msgspec.json.decode


def incident_of(row: Row) -> Incident:
    """An incident of the columns of `firing` in `sql/alerting.sql`."""
    return Incident(
        id=IncidentId(row[0]),
        rule=row[1],
        group=row[2],
        priority=Priority(row[3]),
        team=row[4],
        title=row[5],
        about=_decode(row[6]),
        labels=_decode(row[7]),
        runbook=row[8],
        state=IncidentState(row[9]),
        cause_at=row[10],
        fired_at=row[11],
        last_joined_at=row[12],
        well_since=row[13],
        resolved_at=row[14],
        orders=row[15],
        still_open=row[16],
        money=row[17],
        currency=row[18],
        tally=_decode(row[19]),
        common=row[20],
        told_at=row[21],
        told_orders=row[22],
        quiet=row[23],
        acknowledged_at=row[24],
        acknowledged_by=row[25],
        assigned_to=row[26],
        escalated_at=row[27],
        parent=row[28],
        previous=row[29],
        external=_decode(row[30]),
    )


def incident_row(one: Incident) -> dict[str, Any]:
    """The columns of an incident that evaluation writes, by their names."""
    row: dict[str, Any] = msgspec.structs.asdict(one)
    row["incident_id"] = row.pop("id")
    row["group_key"] = row.pop("group")
    return row


def member_of(row: Row) -> Member:
    """A member of the columns of `members`."""
    return Member(
        incident=IncidentId(row[0]),
        order_id=row[1],
        joined_at=row[2],
        cause_at=row[3],
        system=row[4],
        reason=row[5],
        status=row[6],
        channel=row[7],
        location=row[8],
        payment=row[9],
        customer=row[10],
        amount=row[11],
        marks=tuple(row[12]),
        recovered_at=row[13],
    )


def member_row(incident: IncidentId, one: Member) -> dict[str, Any]:
    """The columns of a member by their names; its incident may have got its id just now."""
    row: dict[str, Any] = msgspec.structs.asdict(one)
    del row["incident"]
    return row | {"incident_id": incident}


def entry_of(row: Row) -> Entry:
    """A line of a time line of the columns at, kind, entry, actor."""
    return Entry(row[0], EntryKind(row[1]), row[2], row[3])


def silence_of(row: Row) -> Silence:
    """A silence of the columns of `silences`."""
    return Silence(
        id=row[0],
        kind=SilenceKind(row[1]),
        matches=_decode(row[2]),
        starts_at=row[3],
        ends_at=row[4],
        why=row[5],
        author=row[6],
        made_at=row[7],
        ended_at=row[8],
    )
