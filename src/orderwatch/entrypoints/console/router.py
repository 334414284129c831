"""The console's routes, and what they answer when something is not as it should be."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response, Router
from litestar.di import Provide
from litestar.response import Redirect

from orderwatch.app.known_templates import NoTemplate
from orderwatch.core.errors import Unavailable
from orderwatch.entrypoints.console.login import login, login_page, logout
from orderwatch.entrypoints.console.order import find_order, order_live, order_page
from orderwatch.entrypoints.console.overview import overview, overview_live
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    NotSignedIn,
    render,
    require_reader,
)
from orderwatch.entrypoints.console.static_files import static_file


def console_router(console: Console) -> Router:
    """All pages of the console, for the application to serve."""

    async def the_console() -> Console:
        return console

    return Router(
        path="/",
        route_handlers=[
            overview,
            overview_live,
            find_order,
            order_page,
            order_live,
            login_page,
            login,
            logout,
            static_file,
        ],
        dependencies={"console": Provide(the_console), "reader": Provide(require_reader)},
        exception_handlers={
            NotSignedIn: to_login,
            Unavailable: database_away,
            NoTemplate: no_template,
        },
        include_in_schema=False,
    )


def to_login(request: AnyRequest, _: NotSignedIn) -> Response[Any]:
    """Pages lead to the sign-in and back; the script is told, and reloads its page."""
    if request.url.path.startswith("/live"):
        return Response(b"", status_code=401, media_type="text/plain")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect(f"/login?next={quote(wanted, safe='/')}", status_code=303)


def database_away(_: AnyRequest, __: Unavailable) -> Response[Any]:
    """The database does not answer; the page tries again by itself."""
    page = render("unavailable.html", {"visit": None, "no_template": None}, 503)
    page.headers["retry-after"] = "2"
    return page


def no_template(_: AnyRequest, error: NoTemplate) -> Response[Any]:
    """The tenant's flow template is missing or broken."""
    return render("unavailable.html", {"visit": None, "no_template": str(error)}, 503)
