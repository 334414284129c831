"""The console's routes, and what they answer when something is not as it should be."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, Router
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.middleware.compression import CompressionMiddleware
from litestar.response import Redirect

from orderwatch.app.known_templates import NoTemplate
from orderwatch.core.errors import Unavailable
from orderwatch.entrypoints.console.alarm_pages import ALARM_HANDLERS, ALARM_NEEDS
from orderwatch.entrypoints.console.export import orders_csv
from orderwatch.entrypoints.console.language_choice import Speaking, choose_language
from orderwatch.entrypoints.console.languages import N_, gettext
from orderwatch.entrypoints.console.login import login, login_page, logout
from orderwatch.entrypoints.console.order import order_live, order_page
from orderwatch.entrypoints.console.order_list import orders_live, orders_page
from orderwatch.entrypoints.console.overview import overview, overview_live
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    NotAllowed,
    NotSignedIn,
    guard_of,
    render,
    require_reader,
)
from orderwatch.entrypoints.console.static_files import missing_files, static_file
from orderwatch.entrypoints.console.systems import (
    system_live,
    system_page,
    systems_live,
    systems_page,
)
from orderwatch.entrypoints.console.wall import wall, wall_live
from orderwatch.entrypoints.console.welcome import be_welcome, welcome_page
from orderwatch.entrypoints.console.words import forbidden_words
from orderwatch.entrypoints.console.workshop_pages import WORKSHOP_HANDLERS, WORKSHOP_NEEDS
from orderwatch.entrypoints.console.writing import (
    delete_view,
    give_view_a_name,
    restore_view,
    write_note,
    write_view,
)

_LOG: Final = logging.getLogger("orderwatch.console")
_AWAY: Final = N_("The database does not answer")
_SAFE: Final = N_("Events that were acknowledged are safe. This page tries again by itself.")
_NOT_YOURS: Final = N_("This is not for your role")
_NO_FLOW: Final = N_("This tenant has no flow to follow")
_CHECK: Final = N_("Check its template with `orderwatch template check FILE`.")
_NOT_HERE: Final = N_("There is nothing here")
_NOT_ASKED: Final = N_("This cannot be asked")
_MISTAKE: Final = N_("Something went wrong on our side")
_RECORDED: Final = N_("It was recorded. Orders are still being watched; try again in a while.")


_SMALLER: Final = DefineMiddleware(
    CompressionMiddleware,
    config=CompressionConfig(
        backend="gzip", gzip_compress_level=4, minimum_size=1_000, exclude=[r"\.woff2$"]
    ),
)
"""Pages are mostly the same words again and again: a tenth of them travels."""


def console_router(console: Console) -> Router:
    """All pages of the console, for the application to serve."""
    if missing := missing_files():
        _LOG.error("files of the pages were not built: %s", ", ".join(missing))

    async def the_console() -> Console:
        return console

    return Router(
        path="/",
        route_handlers=[
            overview,
            overview_live,
            systems_page,
            systems_live,
            system_page,
            system_live,
            wall,
            wall_live,
            orders_page,
            orders_live,
            orders_csv,
            order_page,
            order_live,
            write_note,
            write_view,
            give_view_a_name,
            delete_view,
            restore_view,
            login_page,
            login,
            logout,
            welcome_page,
            be_welcome,
            choose_language,
            *WORKSHOP_HANDLERS,
            *ALARM_HANDLERS,
            static_file,
        ],
        guards=[guard_of(console.sign_in)],
        dependencies={
            "console": Provide(the_console),
            "reader": Provide(require_reader),
            **WORKSHOP_NEEDS,
            **ALARM_NEEDS,
        },
        middleware=[_SMALLER, Speaking()],
        exception_handlers={
            NotSignedIn: to_login,
            NotAllowed: not_allowed,
            Unavailable: database_away,
            NoTemplate: no_template,
            HTTPException: our_mistake,
            Exception: our_mistake,
        },
        include_in_schema=False,
    )


def to_login(request: AnyRequest, _: NotSignedIn) -> Response[Any]:
    """Pages lead to the sign-in and back; the script is told, and reloads its page."""
    if request.url.path.startswith("/live"):
        return Response(b"", status_code=401, media_type="text/plain")
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect(f"/login?next={quote(wanted, safe='/')}", status_code=303)


def not_allowed(request: AnyRequest, error: NotAllowed) -> Response[Any]:
    """Whoever it is may not have this page; it says which role may."""
    if request.url.path.startswith("/live"):
        return Response(b"", status_code=403, media_type="text/plain")
    return render(
        "unavailable.html", _plain(gettext(_NOT_YOURS), forbidden_words(error.forbidden)), 403
    )


def database_away(_: AnyRequest, __: Unavailable) -> Response[Any]:
    """The database does not answer; the page tries again by itself."""
    page = render("unavailable.html", _plain(gettext(_AWAY), gettext(_SAFE), again=True), 503)
    page.headers["retry-after"] = "2"
    return page


def no_template(_: AnyRequest, error: NoTemplate) -> Response[Any]:
    """The tenant's flow template is missing or broken."""
    return render("unavailable.html", _plain(gettext(_NO_FLOW), f"{error} {gettext(_CHECK)}"), 503)


def our_mistake(_: AnyRequest, error: Exception) -> Response[Any]:
    """Logged whole, told without a word about what is inside."""
    if isinstance(error, HTTPException) and error.status_code < 500:
        title = gettext(_NOT_HERE) if error.status_code == 404 else gettext(_NOT_ASKED)
        context = _plain(title, error.detail)
        return render("unavailable.html", context, error.status_code)
    _LOG.error("page failed", exc_info=error)
    return render("unavailable.html", _plain(gettext(_MISTAKE), gettext(_RECORDED)), 500)


def _plain(title: str, text: str, *, again: bool = False) -> dict[str, Any]:
    return {"visit": None, "title": title, "text": text, "again": again}
