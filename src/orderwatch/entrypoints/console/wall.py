"""`/wall`: the overview for a screen on the wall, read from five metres and left alone."""

from __future__ import annotations

from typing import Any, Final

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

MOST_ON_WALL: Final = 4
THEMES: Final = ("dark", "light")


@get("/wall", include_in_schema=False)
async def wall(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """The page; dark unless asked otherwise."""
    return render("wall.html", await _wall(request, console, reader))


@get("/live/wall", include_in_schema=False)
async def wall_live(request: AnyRequest, console: TheConsole, reader: TheReader) -> Page:
    """The parts of it that move."""
    return render("wall_live.html", await _wall(request, console, reader))


async def _wall(request: AnyRequest, console: TheConsole, reader: TheReader) -> dict[str, Any]:
    visit = await visit_of(console, reader)
    window = window_of({"range": "today"} | dict(request.query_params), visit)
    context = await glance(console, visit, window)
    theme = request.query_params.get("theme", THEMES[0])
    return context | {
        "theme": theme if theme in THEMES else THEMES[0],
        "trouble": context["trouble"][:MOST_ON_WALL],
    }
