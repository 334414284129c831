"""Check a tenant's audit log beside the running business. That it was checked is a row of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from orderwatch.app.audit import AuditLog, Wanted, verify_audit
from orderwatch.app.run_jobs import Job, Jobs
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, Break, Head
from orderwatch.core.people.deeds import audit_checked

CHECKED = "audit.checked"


class AuditDesk(Struct, frozen=True):
    """Somebody who has the log of their tenant checked."""

    log: AuditLog
    jobs: Jobs
    tenant: TenantId
    actor: Actor


class LastCheck(Struct, frozen=True):
    """What the newest check found: so many rows were whole, and the first that is not, if any."""

    at: datetime
    by: str
    rows: int
    seq: int
    broken: Break | None = None


def begin_check(desk: AuditDesk, remembered: Head | None) -> Job | None:
    """Check every row against the one before it, and that of a head kept elsewhere.

    None while that is being done.
    """

    async def work(job: Job) -> None:
        newest = await desk.log.newest(desk.tenant, Wanted(most=1))
        job.total = newest[0].seq if newest else 0

        def reached(rows: int) -> None:
            job.done = rows

        job.found = checked = await verify_audit(desk.log, desk.tenant, remembered, reached)
        deed = audit_checked(checked.rows, checked.broken)
        await desk.log.write(desk.tenant, desk.actor, deed)

    return desk.jobs.begin(desk.tenant, "audit", None, desk.actor.name, work)


async def last_check(log: AuditLog, tenant: TenantId) -> LastCheck | None:
    """What the newest check found; None when there was none."""
    found = await log.newest(tenant, Wanted(most=1, action=CHECKED))
    if not found:
        return None
    (row,) = found
    details = row.deed.details
    broken = None
    if "broken_at" in details:
        broken = Break(_number(details["broken_at"]), details.get("why", ""))
    return LastCheck(row.at, row.actor.name, _number(details.get("rows", "")), row.seq, broken)


def _number(text: str) -> int:
    """A number of a row's details; whoever forged the row may have put anything there."""
    return int(text) if text.isascii() and text.isdigit() else 0
