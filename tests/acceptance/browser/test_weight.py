"""No page costs a phone more than 150 KB of script and style, as they travel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Request
from tests.acceptance.browser.every_page import PAGES
from tests.acceptance.browser.furnished import Furnished, furnished_stage

MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def furnished(module_database_url: str, browser: Browser) -> Iterator[Furnished]:
    with furnished_stage(module_database_url, browser) as made:
        yield made


def test_script_and_style_of_every_page_are_light(furnished: Furnished, browser: Browser) -> None:
    url = furnished.server.url
    addresses = {shown.address.format_map(furnished.values) for shown in PAGES.values()}
    weights = {}
    for path in sorted(addresses):
        fresh = browser.new_context(storage_state=furnished.session)  # that has kept nothing
        weights[path] = weight_of(fresh.new_page(), url + path)
        fresh.close()
    stranger = browser.new_context()
    weights["/login"] = weight_of(stranger.new_page(), f"{url}/login")
    stranger.close()
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
