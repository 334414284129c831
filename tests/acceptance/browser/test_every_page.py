"""The table of all pages is whole, and says of each who sees it."""

from __future__ import annotations

import re
from pathlib import Path

from litestar import Litestar
from litestar.routes import HTTPRoute
from tests.acceptance.browser.every_page import PAGES
from tests.acceptance.browser.page_list import LIST, page_list
from tests.acceptance.browser.stage import Stage

from orderwatch.core.people.roles import Permission

NO_PAGES = ("/api", "/live", "/static", "/healthz", "/readyz", "/metrics", "/login", "/welcome")
PARTS_OF_OTHERS = {"/settings", "/settings/audit.csv", "/orders.csv", "/mailbox/{id_:int}/mail"}
"""One leads on, two are files, one is the frame of a mail."""
BY_FORM = {"/settings/flow/draft", "/settings/alerts/backtest"}


def pages_of(app: Litestar) -> dict[str, Permission]:
    """What may be opened in a browser, and what that needs."""
    return {
        route.path: handler.opt.get("permission", Permission.READ_ORDERS)
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(NO_PAGES)
        for handler in route.route_handlers
        if "GET" in handler.http_methods
    }


def test_every_page_is_in_the_table_with_what_it_needs(running: Stage) -> None:
    app = running.server.config.app
    assert isinstance(app, Litestar)
    wanted = pages_of(app)
    assert {"/", "/orders/{order_id:path}", "/incidents", "/settings/audit"} <= wanted.keys()
    listed = {shown.address.partition("?")[0]: shown.permission for shown in PAGES.values()}
    missing = []
    for path, permission in wanted.items():
        pattern = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path))
        found = [needs for address, needs in listed.items() if pattern.fullmatch(address)]
        if path not in PARTS_OF_OTHERS | BY_FORM and permission not in found:
            missing.append(path)
    assert missing == []


def test_the_list_of_pages_is_that_of_the_table_and_has_its_pictures() -> None:
    assert LIST.read_text() == page_list()
    folder = LIST.parent / Path("../images/pages")
    kept = {path.name for path in folder.iterdir()}
    assert kept == {f"{name}-{form}.jpg" for name in PAGES for form in ("light", "dark", "phone")}
