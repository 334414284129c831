"""`/orders.csv`: all orders of a filter as a file, sent while it is being read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from litestar import Response, get
from litestar.response import Stream

from orderwatch.app.export_orders import Export, export_orders
from orderwatch.core.people.deeds import orders_exported
from orderwatch.core.people.roles import Permission
from orderwatch.core.reading.wanted import OrderFilter
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.listing import asked_of, filter_of
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sign_in import require


@get("/orders.csv", include_in_schema=False, opt=require(Permission.EXPORT_ORDERS))
async def orders_csv(request: AnyRequest, console: TheConsole, reader: TheReader) -> Response[Any]:
    """The file; `bom=true` for Excel, `zone` for the zone its times are in."""
    visit = await visit_of(console, reader)
    asked = asked_of(request.query_params.multi_items())
    wanted = filter_of(asked, visit)
    if not isinstance(wanted, OrderFilter):
        text = "; ".join(f"{fault.field} {fault.message}" for fault in wanted)
        context = {
            "visit": visit,
            "title": _("This cannot be exported"),
            "text": text,
            "again": False,
        }
        return render("unavailable.html", context, 400)
    bom = request.query_params.get("bom") == "true"
    zone = _zone(str(request.query_params.get("zone", "")), visit)
    export = Export(wanted, zone, reader.masking, bom)
    pages = export_orders(console.orders, reader.tenant, visit.template, export, visit.now)
    first = await anext(pages)  # whatever is wrong is said before the file begins
    await console.audit.write(reader.tenant, reader.acting(request), orders_exported(asked.query))
    name = f"orders-{visit.now.astimezone(ZoneInfo(zone)):%Y-%m-%d-%H%M}.csv"
    headers = PAGE_HEADERS | {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(_all(first, pages), media_type="text/csv; charset=utf-8", headers=headers)


async def _all(first: str, pages: AsyncIterator[str]) -> AsyncIterator[str]:
    yield first
    async for page in pages:
        yield page


def _zone(name: str, visit: Visit) -> str:
    """A zone that exists: the one that was asked for, or that of the shops."""
    try:
        return ZoneInfo(name).key or visit.template.time_zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return visit.template.time_zone
