"""Export orders as CSV: all a filter names, page by page, so that memory holds but one page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from orderwatch.app.read_orders import OrderStore, PageSpan, see
from orderwatch.app.show_history import show_order
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId
from orderwatch.core.people.masking import Masking
from orderwatch.core.reading.csv_text import BYTE_ORDER_MARK, csv_line
from orderwatch.core.reading.order_table import header, row
from orderwatch.core.reading.wanted import OrderFilter, Place

AT_ONCE: Final = 500


class Export(Struct, frozen=True):
    """What to export, and how: in which zone times are written, what of it is masked."""

    filter: OrderFilter
    zone: str
    masking: Masking | None
    byte_order_mark: bool = False


async def export_orders(
    orders: OrderStore, tenant: TenantId, template: Template, export: Export, at: datetime
) -> AsyncIterator[str]:
    """The file, some hundred lines at a time, newest order first; all are judged at `at`."""
    zone = ZoneInfo(export.zone)
    mark = BYTE_ORDER_MARK if export.byte_order_mark else ""
    lines = [mark + csv_line(header(template, export.zone))]
    after: Place | None = None
    while True:
        found = await orders.find(tenant, export.filter, PageSpan(AT_ONCE, after))
        for state in found.states:
            order = see(state, template, found.last_words, at, zone)
            lines.append(csv_line(row(show_order(order, export.masking), template, zone)))
        yield "".join(lines)
        lines.clear()
        if len(found.states) < AT_ONCE:
            return
        last = found.states[-1]
        assert last.placed_at is not None
        after = Place(last.placed_at, last.order_id)
