"""A ledger in memory: the same fold, verdicts and causes as the one in PostgreSQL, for replays.

Events are heard in the order of their arrival, with the clock where it stood, so that it knows at
each instant what was known then. What is settled is let go of after a while; whoever replays a long
past gives the history of an order that speaks again.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId, ReceivedEvent, System
from orderwatch.core.tracking.changes import Changes, StoredOrder
from orderwatch.core.tracking.fold import fits, in_order
from orderwatch.core.tracking.settle import move_order, write_order

KEEP_SETTLED: Final = timedelta(hours=6)
"""How long an order that nothing can move by itself is remembered after its last word."""


class RememberedLedger:
    """One tenant's orders, as long as this object lives."""

    def __init__(
        self,
        template: Template,
        history: Callable[[OrderId], Sequence[ReceivedEvent]] = lambda _: (),
    ) -> None:
        """`history` gives what was heard earlier of an order that is not remembered."""
        self._template = template
        self._history = history
        self._orders: dict[OrderId, StoredOrder] = {}
        self._events: dict[OrderId, list[ReceivedEvent]] = {}
        self._parked: dict[OrderId, list[ReceivedEvent]] = {}
        self._heard_at: dict[OrderId, datetime] = {}
        self._deadlines: list[tuple[datetime, OrderId]] = []
        self.words: dict[System, datetime] = {}

    def __len__(self) -> int:
        """How many orders are remembered."""
        return len(self._orders)

    def hear(self, events: Iterable[ReceivedEvent], now: datetime) -> Changes:
        """Events arrive; what of it a ledger would write."""
        changes = Changes(now=now)
        for order_id, arrived in _by_order(events).items():
            self._hear_words(arrived, now)
            waiting = self._parked.pop(order_id, [])
            known = self._known(order_id)
            announced = known is not None or any(
                one.event.data.system == self._template.oms for one in arrived
            )
            if announced:
                self._move(changes, order_id, [*waiting, *arrived], known)
            else:
                self._parked[order_id] = [*waiting, *arrived]
        self._remember(changes)
        return changes

    def watch(self, now: datetime) -> Changes:
        """Deadlines pass; what of it a ledger would write."""
        changes = Changes(now=now)
        due: set[OrderId] = set()
        while self._deadlines and self._deadlines[0][0] <= now:
            due.add(heapq.heappop(self._deadlines)[1])
        for order_id in sorted(due):
            known = self._orders.get(order_id)
            if known is not None:
                write_order(changes, known.state, known, self._template, spoke=())
        self._remember(changes)
        return changes

    def next_deadline(self) -> datetime | None:
        """When the clock alone may move something next."""
        return self._deadlines[0][0] if self._deadlines else None

    def forget_settled(self, now: datetime) -> int:
        """Let go of orders that nothing moves any more; how many those were."""
        waiting = {order_id for _, order_id in self._deadlines}
        settled = [
            order_id
            for order_id, heard in self._heard_at.items()
            if order_id not in waiting and now - heard > KEEP_SETTLED
        ]
        for order_id in settled:
            del self._orders[order_id], self._events[order_id], self._heard_at[order_id]
        return len(settled)

    def _known(self, order_id: OrderId) -> StoredOrder | None:
        known = self._orders.get(order_id)
        if known is None and (earlier := self._history(order_id)):
            changes = Changes(now=max(one.received_at for one in earlier))
            self._move(changes, order_id, list(earlier), None)
            self._remember(changes)
            known = self._orders.get(order_id)
        return known

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
            if row.next_deadline is not None:
                heapq.heappush(self._deadlines, (row.next_deadline, row.order_id))

    def _hear_words(self, arrived: Sequence[ReceivedEvent], now: datetime) -> None:
        for one in arrived:
            self.words[one.event.data.system] = now


def _by_order(events: Iterable[ReceivedEvent]) -> Mapping[OrderId, list[ReceivedEvent]]:
    grouped: dict[OrderId, list[ReceivedEvent]] = {}
    for one in events:
        grouped.setdefault(one.event.order_id, []).append(one)
    return grouped
