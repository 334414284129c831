"""A ledger in memory. It keeps the promises of the real one: both pass the same contract tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import (
    Batch,
    Candidate,
    Overloaded,
    Receipt,
    Refused,
    Rejection,
)
from orderwatch.core.model import Event, FieldError, TenantId

OMS = "phoenix_oms"
CONFLICT = FieldError("id", "was sent before with other content; an event never changes")


class FakeLedger:
    """Remembers what it recorded. `fail_with` makes it as unreachable as a database can be."""

    def __init__(self) -> None:
        self.events: dict[TenantId, dict[tuple[str, str], Event]] = defaultdict(dict)
        self.texts: dict[TenantId, list[bytes]] = defaultdict(list)
        self.dead_letters: dict[TenantId, list[Refused]] = defaultdict(list)
        self.fail_with: Unavailable | Overloaded | None = None

    async def record(self, tenant: TenantId, batch: Batch) -> Receipt:
        """Store a batch, or nothing of it."""
        if self.fail_with is not None:
            raise self.fail_with
        known = self.events[tenant]
        fresh: list[Candidate] = []
        duplicates, rejected = 0, []
        for candidate in batch.events:
            event = candidate.event
            before = known.setdefault((event.source, event.id), event)
            if before is event:
                fresh.append(candidate)
            elif before == event:
                duplicates += 1
            else:
                rejected.append(Rejection(candidate.index, event.id, (CONFLICT,)))
                self.dead_letters[tenant].append(_conflict(candidate))
        self.texts[tenant] += [candidate.text for candidate in fresh]
        self.dead_letters[tenant] += batch.rejected
        parked = self._count_parked(tenant, fresh)
        return Receipt(len(fresh) - parked, duplicates, parked, rejected)

    def _count_parked(self, tenant: TenantId, fresh: Iterable[Candidate]) -> int:
        """Events of orders that the OMS has not announced, not even in the same batch."""
        announced = {
            event.order_id for event in self.events[tenant].values() if event.data.system == OMS
        }
        return sum(candidate.event.order_id not in announced for candidate in fresh)


def _conflict(candidate: Candidate) -> Refused:
    event = candidate.event
    return Refused(
        index=candidate.index,
        code="identity_conflict",
        errors=(CONFLICT,),
        payload=candidate.text,
        id=event.id,
        source=event.source,
        order_id=event.order_id,
        system=event.data.system,
    )
