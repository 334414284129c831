"""The worst trouble of a window: failed and overdue orders, worth most first, then the oldest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from orderwatch.app.read_orders import FoundOrders, see
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Order, System, TenantId
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.tracking.counting import FAILED_BUCKETS, bucket


class TroubleStore(Protocol):
    """Where trouble is looked for. Raises Unavailable when the database is away."""

    async def worst(self, tenant: TenantId, wanted: CountFilter, most: int) -> FoundOrders:
        """The worst of the orders placed in the window; with a system, those in trouble at it."""
        ...


def in_trouble(
    found: FoundOrders,
    template: Template,
    last_words: Mapping[System, datetime],
    system: System | None,
    at: datetime,
) -> list[Order]:
    """Those found as they stand at this instant; who got well meanwhile is left out."""
    zone = ZoneInfo(template.time_zone)
    seen = [see(state, template, last_words, at, zone) for state in found.states if state.announced]
    return [order for order in seen if _is_hurt(order, system)]


def _is_hurt(order: Order, system: System | None) -> bool:
    if system is None:
        return bucket(order.class_, order.overdue) in FAILED_BUCKETS
    legs = (leg for leg in order.legs if leg.system == system)
    return any(bucket(leg.class_, leg.overdue) in FAILED_BUCKETS for leg in legs)
