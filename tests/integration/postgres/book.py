"""The ledger's book check: everything stored against everything recomputed from the events."""

from __future__ import annotations

from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace
from tests.integration.postgres.conftest import House
from tests.story import Moment, folded, lotus, moment

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Event, Order, ReceivedEvent, TenantId
from orderwatch.core.tracking.activity import REMEMBERED, minute_number
from orderwatch.core.tracking.counting import Standing, standing
from orderwatch.core.tracking.judge import judge
from orderwatch.core.tracking.state import OrderState

_event = msgspec.json.Decoder(Event).decode
_state = msgspec.json.Decoder(OrderState).decode
_standing = msgspec.json.Decoder(Standing).decode
Counts = dict[tuple[Any, ...], tuple[int, Decimal]]


async def events_of(house: House, tenant: TenantId | None = None) -> dict[str, list[ReceivedEvent]]:
    """All applied events by order."""
    found: dict[str, list[ReceivedEvent]] = defaultdict(list)
    for order_id, received_at, text in await house.rows(
        "select order_id, received_at, event::text from events", tenant=tenant
    ):
        found[order_id].append(ReceivedEvent(_event(text), received_at, msgspec.Raw(text)))
    return found


async def check_book(
    house: House,
    *,
    now: Moment,
    tenant: TenantId | None = None,
    flow: Template | None = None,
) -> dict[str, Order]:
    """Orders, legs, standings and counters are what the events say; `now` is the last judgement."""
    flow = flow or lotus()
    history = await events_of(house, tenant)
    states = {order_id: folded(*events, flow=flow) for order_id, events in history.items()}
    orders = {one: judge(state, flow, moment(now)) for one, state in states.items()}
    stored = await house.rows("select order_id, state::text, standing::text from orders",
                              tenant=tenant)  # fmt: skip
    assert {row[0]: _state(row[1]) for row in stored} == states
    standings = {row[0]: _standing(row[2]) for row in stored}
    assert {order_id: replace(one, active=None) for order_id, one in standings.items()} == {
        order_id: standing(order) for order_id, order in orders.items()
    }
    since = minute_number(moment(now)) - REMEMBERED
    await _check_activity(house, standings.values(), since, tenant)
    await _check_columns(house, orders, tenant)
    await _check_legs(house, orders, tenant)
    assert await counters_of(house, tenant) == recount(orders.values())
    return orders


async def _check_activity(
    house: House, standings: Iterable[Standing], since: int, tenant: TenantId | None
) -> None:
    """Of the last hour the sums are the orders, each where it was active last."""
    rows = await house.rows(
        "select (extract(epoch from minute) / 60)::int, channel, bucket, sum(n)::bigint"
        " from activity, lateral (values ('success', success), ('failed', failed),"
        " ('waiting', waiting), ('overdue', overdue)) as counted (bucket, n)"
        " group by 1, 2, 3 having sum(n) <> 0",
        tenant=tenant,
    )
    assert {row[:3]: row[3] for row in rows if row[0] >= since} == Counted(
        (one.active, one.channel, one.bucket)
        for one in standings
        if one.active is not None and one.active >= since
    )


async def _check_columns(house: House, orders: dict[str, Order], tenant: TenantId | None) -> None:
    rows = await house.rows(
        "select order_id, class, overdue, status, placed_at, deadline, next_deadline, refunded, "
        "channel, rule, amount, deviations, systems, status_since, updated_at from orders",
        tenant=tenant,
    )
    assert {row[0]: row[1:] for row in rows} == {
        one.order_id: (
            one.class_.value, one.overdue, one.status, one.placed_at, one.deadline,
            one.next_deadline, one.refunded, one.channel, one.why.rule,
            one.amount.decimal if one.amount else None, one.deviation_count,
            [leg.system for leg in one.legs], one.status_since, one.updated_at,
        )
        for one in orders.values()
    }  # fmt: skip


async def _check_legs(house: House, orders: dict[str, Order], tenant: TenantId | None) -> None:
    rows = await house.rows(
        "select order_id, system, status, class, overdue, started_at, ended_at, deadline, "
        "attempts, reason_code from legs",
        tenant=tenant,
    )
    assert {row[:2]: row[2:] for row in rows} == {
        (order.order_id, leg.system): (
            leg.status, leg.class_.value, leg.overdue, leg.started_at, leg.ended_at, leg.deadline,
            leg.attempts, leg.reason.code if leg.reason else None,
        )
        for order in orders.values()
        for leg in order.legs
    }  # fmt: skip


async def counters_of(house: House, tenant: TenantId | None = None) -> Counts:
    """The stored counters, summed over slots, without those that are nothing."""
    rows = await house.rows(
        "select minute, system, channel, bucket, sum(n)::int, sum(value) from counters "
        "group by 1, 2, 3, 4 having sum(n) <> 0 or sum(value) <> 0",
        tenant=tenant,
    )
    return {row[:4]: row[4:] for row in rows}


def recount(orders: Any) -> Counts:
    """Every order and leg counted once, where it stands."""
    counts: Counts = {}
    for one in map(standing, orders):
        value = Decimal(one.value)
        keys = [("", one.bucket), *([("", "refunded")] if one.refunded else [])]
        keys += [(system, bucket) for system, (bucket, _) in one.legs.items()]
        for system, bucket in keys:
            key = (one.minute, system, one.channel, bucket)
            n, worth = counts.get(key, (0, Decimal(0)))
            counts[key] = (n + 1, worth + value)
    return counts
