"""Export the audit log as CSV: all that a filter names, with memory for one page of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from orderwatch.app.audit import AuditLog, Wanted
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Row
from orderwatch.core.reading.csv_text import csv_line

AT_ONCE: Final = 500


async def export_audit(
    log: AuditLog, tenant: TenantId, wanted: Wanted, zone: str
) -> AsyncIterator[str]:
    """The file, some hundred lines at a time, newest row first; `wanted.most` does not count."""
    times = ZoneInfo(zone)
    lines = [csv_line(_header(zone))]
    asked = replace(wanted, most=AT_ONCE, before=None)
    while True:
        rows = await log.newest(tenant, asked)
        lines += [csv_line(_cells(row, times)) for row in rows]
        yield "".join(lines)
        lines.clear()
        if len(rows) < AT_ONCE:
            return
        asked = replace(asked, before=rows[-1].seq)


def _header(zone: str) -> tuple[str, ...]:
    return (
        *("row", f"at ({zone})", "kind", "actor", "address", "action", "subject"),
        *("details", "hash", "previous"),
    )


def _cells(row: Row, zone: ZoneInfo) -> tuple[str | int, ...]:
    return (
        row.seq,
        row.at.astimezone(zone).isoformat(sep=" ", timespec="milliseconds"),
        str(row.actor.kind),
        row.actor.name,
        row.actor.address,
        row.deed.action,
        row.deed.subject,
        json.dumps(dict(row.deed.details), ensure_ascii=False, sort_keys=True),
        row.hash.hex(),
        row.previous.hex(),
    )
