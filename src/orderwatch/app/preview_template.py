"""How the open orders would stand under another flow template: nothing is written.

Open is every order the OMS has not settled: the delayed ones, and those that failed on their way.
They are judged in pages, newest first, for as long as there is time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from orderwatch.app.read_orders import OrderStore, PageSpan
from orderwatch.app.record_events import LedgerStore
from orderwatch.core.flow.differences import refolds
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, Order, OrderId, ReceivedEvent, TenantId
from orderwatch.core.reading.wanted import OrderFilter, Place
from orderwatch.core.tracking.counting import bucket
from orderwatch.core.tracking.explain import explain
from orderwatch.core.tracking.fold import fold, in_order
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.state import OrderState

PAGE: Final = 250
AT_MOST: Final = timedelta(seconds=30)
MOST_SAMPLES: Final = 20
MOST_COUNTED: Final = 5_000_000

GONE: Final = "unknown"
"""How an order stands that nobody would have announced under the other template."""


class Sample(Struct, frozen=True):
    """One order whose verdict would change; `after` is None when it would be none."""

    before: Order
    after: Order | None


class Preview(Struct):
    """What was found so far: of the orders looked at, how many go from which state to which.

    `moved` are those that stay as they are but get another deadline. `cut_short`: time was up.
    """

    looked: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    moved: int = 0
    samples: list[Sample] = field(default_factory=list)
    cut_short: bool = False

    @property
    def changed(self) -> int:
        """How many open orders would get another verdict."""
        return self.changes.total()


class Rules(Struct, frozen=True):
    """The template in force, and the one it is held against."""

    before: Template
    after: Template


class Previewer(Struct, frozen=True):
    """What previewing needs. `now` is an aware clock."""

    orders: OrderStore
    store: LedgerStore
    now: Callable[[], datetime]
    at_most: timedelta = AT_MOST


async def count_open(previewer: Previewer, tenant: TenantId, template: Template) -> int:
    """How many open orders there are."""
    counts = [
        await previewer.orders.count(tenant, wanted, MOST_COUNTED)
        for wanted in _open_orders(template)
    ]
    return sum(counts)


async def preview_template(
    previewer: Previewer, tenant: TenantId, rules: Rules, found: Preview
) -> AsyncIterator[int]:
    """Fill `found` page by page; gives how many orders each page had."""
    at = previewer.now()
    anew = refolds(rules.before, rules.after)
    for wanted in _open_orders(rules.before):
        async for states in _pages(previewer.orders, tenant, wanted):
            if previewer.now() - at > previewer.at_most:
                found.cut_short = True
                return
            history = await _history(previewer.store, tenant, states) if anew else {}
            for state in states:
                _compare(found, state, _other(state, history, rules.after), rules, at)
            yield len(states)


def _open_orders(template: Template) -> Iterable[OrderFilter]:
    yield OrderFilter(class_=Class.DELAYED)
    for status in template.statuses.values():
        if status.class_ is Class.DELAYED:
            yield OrderFilter(class_=Class.FAILED, status=status.name)


async def _pages(
    orders: OrderStore, tenant: TenantId, wanted: OrderFilter
) -> AsyncIterator[list[OrderState]]:
    after = None
    while states := (await orders.find(tenant, wanted, PageSpan(PAGE, after))).states:
        yield states
        last = states[-1]
        if len(states) < PAGE or last.placed_at is None:
            return
        after = Place(last.placed_at, last.order_id)


async def _history(
    store: LedgerStore, tenant: TenantId, states: list[OrderState]
) -> dict[OrderId, list[ReceivedEvent]]:
    async with store.transaction(tenant) as transaction:
        return await transaction.history([state.order_id for state in states])


def _other(
    state: OrderState, history: dict[OrderId, list[ReceivedEvent]], after: Template
) -> OrderState:
    """The state the other template would have; the same when retention took a part of its past."""
    events = history.get(state.order_id, [])
    if len(events) < state.event_count:
        return state
    return fold(None, in_order(events, after), after)


def _compare(
    found: Preview, state: OrderState, other: OrderState, rules: Rules, at: datetime
) -> None:
    found.looked += 1
    before = judge(state, rules.before, at)
    after = judge(other, rules.after, at) if other.announced else None
    change = (_state(before), _state(after))
    if change[0] != change[1]:
        found.changes[change] += 1
        if len(found.samples) < MOST_SAMPLES:
            found.samples.append(_sample(before, after, rules, at))
    elif after is not None and after.deadline != before.deadline:
        found.moved += 1


def _state(order: Order | None) -> str:
    return GONE if order is None else bucket(order.class_, order.overdue)


def _sample(before: Order, after: Order | None, rules: Rules, at: datetime) -> Sample:
    zone = ZoneInfo(rules.before.time_zone)
    return Sample(explain(before, at, zone), explain(after, at, zone) if after else None)
