"""A ledger in memory: the same fold, verdicts and causes as the one in PostgreSQL, for replays.

Events are heard in the order of their arrival, with the clock where it stood, so that it knows at
each instant what was known then. What is settled is let go of after a while; of an order that
speaks again whoever replays a long past recalls the history.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, ReceivedEvent, System
from orderwatch.core.tracking.changes import Changes, StoredOrder
from orderwatch.core.tracking.fold import fits, in_order
from orderwatch.core.tracking.settle import move_order, write_order

KEEP_SETTLED: Final = timedelta(hours=6)
"""How long an order that nothing can move by itself is remembered after its last word."""
KEEP_PARKED: Final = timedelta(days=1)
"""How long an event waits for its order, as in the ledger."""


class RememberedLedger:
    """One tenant's orders, as long as this object lives."""

    def __init__(self, template: Template) -> None:
        """Nothing was heard yet."""
        self._template = template
        self._orders: dict[OrderId, StoredOrder] = {}
        self._events: dict[OrderId, list[ReceivedEvent]] = {}
        self._parked: dict[OrderId, list[ReceivedEvent]] = {}
        self._heard_at: dict[OrderId, datetime] = {}
        self._due: dict[OrderId, datetime] = {}
        self._deadlines: list[tuple[datetime, OrderId]] = []
        """A heap; what is not in `_due` any more at that time is passed over."""
        self.words: dict[System, datetime] = {}
        self.spoke_of: dict[System, datetime] = {}

    def __len__(self) -> int:
        """How many orders are remembered."""
        return len(self._orders)

    def hear(self, events: Iterable[ReceivedEvent], now: datetime) -> Changes:
        """Events arrive; what of it a ledger would write."""
        changes = Changes(now=now)
        for order_id, arrived in _by_order(events).items():
            self._hear_words(arrived, now)
            waiting = self._parked.pop(order_id, [])
            known = self._orders.get(order_id)
            announced = known is not None or any(
                one.event.data.system == self._template.oms for one in arrived
            )
            if announced:
                self._move(changes, order_id, [*waiting, *arrived], known)
            else:
                self._parked[order_id] = [*waiting, *arrived]
        self._remember(changes)
        return changes

    def unknown(self, events: Iterable[ReceivedEvent]) -> set[OrderId]:
        """The orders of these events that are not remembered: new ones, or let go of."""
        heard = {one.event.order_id for one in events}
        return {id_ for id_ in heard if id_ not in self._orders and id_ not in self._parked}

    def recall(self, order_id: OrderId, events: Sequence[ReceivedEvent], now: datetime) -> None:
        """Remember an order again by all that was heard of it before `now`. It moves nothing."""
        changes = Changes(now=now)
        self._move(changes, order_id, list(events), None)
        self._remember(changes)

    def watch(self, now: datetime) -> Changes:
        """Deadlines pass; what of it a ledger would write."""
        changes = Changes(now=now)
        due: set[OrderId] = set()
        while (coming := self.next_deadline()) is not None and coming <= now:
            due.add(heapq.heappop(self._deadlines)[1])
        for order_id in sorted(due):
            known = self._orders[order_id]
            write_order(changes, known.state, known, self._template, spoke=())
        self._remember(changes)
        return changes

    def next_deadline(self) -> datetime | None:
        """When the clock alone may move something next."""
        while self._deadlines and self._due.get(self._deadlines[0][1]) != self._deadlines[0][0]:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def forget_settled(self, now: datetime) -> int:
        """Let go of orders that nothing moves any more; how many those were."""
        settled = [
            order_id
            for order_id, heard in self._heard_at.items()
            if order_id not in self._due and now - heard > KEEP_SETTLED
        ]
        for order_id in settled:
            del self._orders[order_id], self._events[order_id], self._heard_at[order_id]
        waited = [
            order_id
            for order_id, events in self._parked.items()
            if now - events[-1].received_at > KEEP_PARKED
        ]
        for order_id in waited:
            del self._parked[order_id]
        return len(settled)

    def _move(
        self,
        changes: Changes,
        order_id: OrderId,
        arrived: list[ReceivedEvent],
        known: StoredOrder | None,
    ) -> None:
        earlier = self._events.setdefault(order_id, [])
        seen = {one.event.ref for one in earlier}
        fresh = list({one.event.ref: one for one in arrived if one.event.ref not in seen}.values())
        if not fresh:
            return
        late = known is not None and not fits(known.state, in_order(fresh, self._template))
        move_order(changes, fresh, known, list(earlier) if late else None, self._template)
        earlier.extend(fresh)
        self._heard_at[order_id] = changes.now

    def _remember(self, changes: Changes) -> None:
        for row in changes.orders:
            stored = StoredOrder(row.revision, row.state, row.standing)
            self._orders[row.order_id] = stored
            if row.next_deadline is None:
                self._due.pop(row.order_id, None)
            elif self._due.get(row.order_id) != row.next_deadline:
                self._due[row.order_id] = row.next_deadline
                heapq.heappush(self._deadlines, (row.next_deadline, row.order_id))

    def _hear_words(self, arrived: Sequence[ReceivedEvent], now: datetime) -> None:
        for one in arrived:
            system = one.event.data.system
            self.words[system] = now
            self.spoke_of[system] = max(self.spoke_of.get(system, one.event.time), one.event.time)


def _by_order(events: Iterable[ReceivedEvent]) -> Mapping[OrderId, list[ReceivedEvent]]:
    grouped: dict[OrderId, list[ReceivedEvent]] = {}
    for one in events:
        grouped.setdefault(one.event.order_id, []).append(one)
    return grouped
