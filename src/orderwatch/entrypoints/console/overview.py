"""`/`: how the orders stand, where in the flow the trouble is, which is worst, how many come."""

from __future__ import annotations

from litestar import get

from orderwatch.entrypoints.console.glance import glance
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Page,
    TheConsole,
    TheReader,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.window import window_of


@get("/", include_in_schema=False)
async def overview(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """The page."""
    visit = await visit_of(console, reader)
    window = window_of(request.query_params, visit)
    return render("overview.html", await glance(console, visit, window))


@get("/live", include_in_schema=False)
async def overview_live(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """The parts of the page that move."""
    visit = await visit_of(console, reader)
    window = window_of(request.query_params, visit)
    return render("overview_live.html", await glance(console, visit, window))
