"""From every page to every other: the rail at the side, and on a phone under the thumb."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.stage import Stage

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}


def test_a_wide_screen_has_every_stop_at_its_side(running: Stage, open_page: Open) -> None:
    page = open_page(running.url)
    rail = page.get_by_role("navigation", name="Pages")
    for name in ("Overview", "Orders", "Systems", "Incidents", "Dead letters", "Settings"):
        expect(rail.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(rail.get_by_role("button", name="More")).to_be_hidden()
    expect(rail.get_by_role("link", name="Overview", exact=True)).to_have_attribute(
        "aria-current", "page"
    )


def test_a_thumb_reaches_every_stop_on_a_phone(running: Stage, open_page: Open) -> None:
    page = open_page(running.url, **PHONE)
    rail = page.get_by_role("navigation", name="Pages")
    settings = rail.get_by_role("link", name="Settings")
    expect(settings).to_be_hidden()
    more = rail.get_by_role("button", name="More")
    box = more.bounding_box()
    assert box is not None
    assert box["y"] > PHONE["height"] * 0.9
    assert min(box["width"], box["height"]) >= 44
    more.click()
    expect(settings).to_be_visible()
    page.mouse.click(100, 200)
    expect(settings).to_be_hidden()
    more.click()
    settings.click()
    page.wait_for_url("**/settings/flow")
    expect(settings).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_opens_and_closes_the_menu(running: Stage, open_page: Open) -> None:
    page = open_page(running.url, **PHONE)
    rail = page.get_by_role("navigation", name="Pages")
    more, settings = (
        rail.get_by_role("button", name="More"),
        rail.get_by_role("link", name="Settings"),
    )
    more.focus()
    page.keyboard.press("Enter")
    expect(settings).to_be_visible()
    page.keyboard.press("Tab")
    expect(rail.locator("#rest a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(settings).to_be_hidden()
    expect(more).to_be_focused()


@pytest.mark.parametrize(
    "path", ["/", "/orders", "/systems", "/dead-letters", "/settings/thresholds"]
)
def test_the_end_of_a_page_is_not_under_the_rail(
    running: Stage, open_page: Open, path: str
) -> None:
    page = open_page(running.url + path, **PHONE)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    end = page.evaluate(
        "document.querySelector('main').lastElementChild.getBoundingClientRect().bottom"
    )
    top = page.evaluate("document.querySelector('.rail').getBoundingClientRect().top")
    assert end <= top
