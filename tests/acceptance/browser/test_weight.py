"""No page costs a phone more than 150 KB of script and style, as they travel."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, Request
from tests.acceptance.browser.stage import Stage
from tests.acceptance.browser.test_axe import PAGES, PASSWORD, furnished

__all__ = ["furnished"]
MOST_BYTES = 150_000


def test_script_and_style_of_every_page_are_light(furnished: Stage, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{furnished.url}/login")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{furnished.url}/")
    page.close()
    cookies = context.storage_state()
    context.close()
    weights = {}
    for path in PAGES:
        fresh = browser.new_context(storage_state=cookies)  # with nothing kept from another page
        weights[path] = weight_of(fresh.new_page(), furnished.url + path)
        fresh.close()
    assert min(weights.values()) > 0
    assert {path: n for path, n in weights.items() if n > MOST_BYTES} == {}


def weight_of(page: Page, address: str) -> int:
    """The bytes of script and style that a first visit brings over the wire."""
    loaded: list[Request] = []

    def note(request: Request) -> None:
        loaded.append(request)

    page.on("requestfinished", note)
    page.goto(address)
    assert page.url == address
    code = [it for it in loaded if it.resource_type in {"script", "stylesheet"}]
    return sum(it.sizes()["responseBodySize"] for it in code)
