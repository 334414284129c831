"""Count how polled systems answered: what a poller reports, for rules and metrics."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from orderwatch.core.ingest.source_requests import (
    MOST_CONNECTORS,
    SourceRequest,
    read_source_requests,
)
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.tracking.counting import Deltas
from orderwatch.core.tracking.requests import count_requests


class RequestCounts(Protocol):
    """Where requests are counted. Every call raises Unavailable when the database is away."""

    async def admit(
        self, tenant: TenantId, connectors: Collection[str], most: int, now: datetime
    ) -> set[str]:
        """Those of the connectors that are known, or fit among `most` of them and are now."""
        ...

    async def count(self, tenant: TenantId, deltas: Deltas, now: datetime) -> None:
        """Move counters and totals."""
        ...


async def count_source_requests(
    store: RequestCounts, tenant: TenantId, body: bytes, now: datetime
) -> int | tuple[FieldError, ...]:
    """Count a report; returns how many requests it named, or what is wrong. All of it or nothing.

    A report that is sent twice counts twice: these are figures of a sample, not history.
    """
    read = read_source_requests(body, now)
    requests = [one for one in read if isinstance(one, SourceRequest)]
    if not requests:
        return tuple(one for one in read if isinstance(one, FieldError))
    connectors = {one.connector for one in requests}
    admitted = await store.admit(tenant, connectors, MOST_CONNECTORS, now)
    if admitted != connectors:
        name = min(connectors - admitted)
        message = f"would be one too many: {name}; {MOST_CONNECTORS} are counted at most"
        return (FieldError("connector", message),)
    await store.count(tenant, count_requests(requests, now), now)
    return len(requests)
