"""Show an order and its history to somebody: what is personal is masked for who need not see it.

The one place where payloads and references leave the house for a reader.
"""

from __future__ import annotations

from msgspec.structs import replace

from orderwatch.app.read_orders import HistoryItem, OrderStore, read_history
from orderwatch.core.flow.template import Template
from orderwatch.core.model import Order, OrderId, TenantId
from orderwatch.core.people.masking import Masking, mask_json, mask_refs


async def show_history(
    orders: OrderStore,
    tenant: TenantId,
    template: Template,
    order_id: OrderId,
    masking: Masking | None,
) -> tuple[HistoryItem, ...]:
    """What was said about an order, in event time; `masking` None: as it was received."""
    history = await read_history(orders, tenant, template, order_id)
    if masking is None:
        return history
    return tuple(
        replace(item, data=mask_json(item.data, masking), event=mask_json(item.event, masking))
        for item in history
    )


def show_order(order: Order, masking: Masking | None) -> Order:
    """The order; `masking` None: with its references as they were received."""
    if masking is None or not order.refs:
        return order
    return replace(order, refs=mask_refs(order.refs, masking))
