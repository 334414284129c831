"""Makes the pictures in this folder, from the product itself: a bad day on a simulated morning.

    .venv/bin/python docs/images/make.py        (after ./dev test has set it up)

Needs Chromium (ORDERWATCH_TEST_CHROMIUM, by default /usr/bin/chromium).
"""

# ruff: noqa: INP001 - a program of its own
from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

FOLDER: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from simulated_day import play  # noqa: E402
from tests.acceptance.browser.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.acceptance.browser.every_page import PAGES, Shown, visit  # noqa: E402
from tests.acceptance.browser.furnished import sign_in  # noqa: E402
from tests.acceptance.browser.stage import Stage, stage  # noqa: E402

from orderwatch.adapters.postgres.embedded import EmbeddedPostgres  # noqa: E402
from orderwatch.adapters.postgres.migrate import migrate  # noqa: E402

TOO_LARGE: Final = 250_000
TOO_LARGE_OF_MANY: Final = 100_000
Theme = Literal["light", "dark"]


class Picture(NamedTuple):
    """One file: which page, how large a window, which theme and language."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    theme: Theme = "light"
    live: bool = True
    language: str = "en"


class Form(NamedTuple):
    """A form in which every page is pictured; wide ones at three quarters of their size."""

    name: str
    width: int
    height: int
    theme: Theme
    scale: float


FORMS: Final = (
    Form("light", 1440, 900, "light", 0.75),
    Form("dark", 1440, 900, "dark", 0.75),
    Form("phone", 390, 844, "light", 1),
)


def main() -> None:
    """Play the day, then take every picture."""
    with EmbeddedPostgres.temporary() as database:
        migrate(database.url)
        with stage(database.url) as server, sync_playwright() as playwright:
            worst = play(server, datetime.now(UTC))
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            values = {
                "order": overdue_order(browser, server),
                "system": "commerce_engine",
                "incident": str(worst),
                "letter": "1",
            }
            try_out(browser, server)
            for picture in pictures(values, beside(browser, server)):
                take(browser, server, picture)
            gallery(browser, server, values)
            browser.close()


def pictures(values: Mapping[str, str], beside: str) -> tuple[Picture, ...]:
    """Those that stand in the text of the documentation."""
    order, incident = f"/orders/{values['order']}", f"/incidents/{values['incident']}"
    return (
        Picture("overview-light", "/"),
        Picture("overview-dark", "/", theme="dark"),
        Picture("orders-light", f"/orders?{beside}", height=800),
        Picture("orders-phone", "/orders", 390, 844),
        Picture("order-overdue", order, height=1010),
        Picture("phone", "/", 390, 844),
        Picture("overview-thai", "/", height=1010, language="th"),
        Picture("order-thai-phone", order, 390, 844, theme="dark", language="th"),
        Picture("systems", "/systems", height=560),
        Picture("system", "/systems/commerce_engine", height=1010),
        Picture("wall", "/wall?range=24h", 1440, 810, theme="dark"),
        Picture("dead-letters", "/dead-letters", height=760),
        Picture("settings", "/settings/flow", height=980, live=False),
        Picture("incidents", "/incidents", height=820),
        Picture("incidents-phone", "/incidents", 390, 844, theme="dark"),
        Picture("incident", incident, height=1010),
        Picture("incident-dark", incident, height=1010, theme="dark"),
        Picture("mailbox", "/mailbox", height=820),
    )


def overdue_order(browser: Browser, server: Stage) -> str:
    """The newest order that waits for the silent system."""
    page = browser.new_page()
    page.goto(server.url)
    row = page.locator(".trouble li", has_text="Invoice has not answered").nth(2)
    order_id = row.get_attribute("data-key")
    page.close()
    assert order_id is not None
    return order_id


def try_out(browser: Browser, server: Stage) -> None:
    """Somebody wants to know what a retry would do."""
    page = browser.new_page()
    page.goto(f"{server.url}/dead-letters")
    page.locator("tr", has_text="Stock").get_by_role("button", name="Dry run").click()
    page.wait_for_selector(".work-title")
    page.close()


def beside(browser: Browser, server: Stage) -> str:
    """The list of overdue orders, the third of them open."""
    page = browser.new_page()
    page.goto(f"{server.url}/orders?overdue=true")
    order_id = page.locator("tr.row").nth(2).get_attribute("data-key")
    page.close()
    return f"overdue=true&beside={order_id}"


def take(browser: Browser, server: Stage, picture: Picture) -> None:
    """Open the page, wait until it is live, and keep what it looks like."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.theme,
        locale=picture.language,
        timezone_id="Asia/Bangkok",
        reduced_motion="reduce",
    )
    page.goto(server.url + picture.path)
    if picture.live:
        page.wait_for_selector("[data-pulse=live]")
    file = FOLDER / f"{picture.name}.png"
    page.screenshot(path=file)
    page.close()
    said(file, TOO_LARGE)


def gallery(browser: Browser, server: Stage, values: Mapping[str, str]) -> None:
    """Every page in every form, by an administrator."""
    session = sign_in(browser, server)
    (FOLDER / "pages").mkdir(exist_ok=True)
    for name, shown in PAGES.items():
        for form in FORMS:
            page = opened(browser, form, session)
            visit(page, server.url, shown, values)
            keep(page, shown, FOLDER / "pages" / f"{name}-{form.name}.jpg")


def opened(browser: Browser, form: Form, session: StorageState) -> Page:
    """An empty page of that form."""
    return browser.new_page(
        viewport={"width": form.width, "height": form.height},
        color_scheme=form.theme,
        device_scale_factor=form.scale,
        locale="en",
        timezone_id="Asia/Bangkok",
        reduced_motion="reduce",
        storage_state=session,
    )


def keep(page: Page, shown: Shown, file: Path) -> None:
    """What it looks like, once it is live if it ever will be."""
    if page.locator("[data-pulse]").count() and shown.reached is None:
        page.wait_for_selector("[data-pulse=live]")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=file, type="jpeg", quality=60)
    page.close()
    said(file, TOO_LARGE_OF_MANY)


def said(file: Path, most: int) -> None:
    """How large it became."""
    size = file.stat().st_size
    sys.stdout.write(f"{file.name} {size // 1000} kB\n")
    assert size < most, f"{file.name} is too large to keep"


if __name__ == "__main__":
    main()
