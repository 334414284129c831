"""The audit log: read it, and check that nobody changed it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import (
    Actor,
    Checked,
    Deed,
    Head,
    Row,
    check_remembered,
    finish,
)

_AT_ONCE: Final = 2_000


class Wanted(Struct, frozen=True):
    """Which rows: older than a number, of one actor, of actions that begin so, written between two
    times; at most so many."""

    most: int = 100
    before: int | None = None
    actor: str | None = None
    action: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None


class AuditLog(Protocol):
    """Where the log is kept. Every call raises Unavailable when the database is away."""

    async def write(self, tenant: TenantId, actor: Actor, deed: Deed) -> None:
        """Append a deed that nothing else is stored of."""
        ...

    async def rows(self, tenant: TenantId, after: int, most: int) -> list[Row]:
        """Rows in their order, those after a number."""
        ...

    async def newest(self, tenant: TenantId, wanted: Wanted) -> list[Row]:
        """Rows, newest first."""
        ...

    async def actors(self, tenant: TenantId) -> list[str]:
        """Everybody who ever did something, by name; at most 500."""
        ...


async def verify_audit(
    log: AuditLog,
    tenant: TenantId,
    remembered: Head | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> Checked:
    """Check a tenant's whole log, or up to its first break; `told` hears how many rows were."""
    checked = Checked()
    while checked.broken is None:
        rows = await log.rows(tenant, checked.head.seq, _AT_ONCE)
        for row in rows:
            checked = check_remembered(checked, row, remembered)
        told(checked.rows)
        if len(rows) < _AT_ONCE:
            break
    return finish(checked, remembered)
