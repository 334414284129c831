"""Time series: drawn in place, in the viewer's zone and theme, and said in words as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event
from tests.acceptance.browser.test_overview import live

Open = Callable[..., Page]

# How many of a canvas's points have the colour of a variable of the style.
COLOURED = """([selector, variable]) => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${variable})`;
  const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const canvas = document.querySelector(`${selector} canvas`);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let n = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] === r && data[at + 1] === g && data[at + 2] === b && data[at + 3] === 255) n++;
  }
  return n;
}"""
READ_BACK = ("willReadFrequently",)
"""What the browser says of our looking at its canvas."""
ORDERS, LATENCY = ".plot.orders", ".plot.latency"


def coloured(page: Page, selector: str, variable: str) -> int:
    n: int = page.evaluate(COLOURED, [selector, variable])
    return n


def some_orders(running: Stage) -> None:
    for number in range(6):
        ago = 90 + number * 400
        sent = event(f"o-{number}", "phoenix_oms", "PENDING", ago=ago)
        word = "REJECTED" if number % 3 == 0 else "ACCEPTED"
        running.post(sent, event(f"o-{number}", "commerce_engine", word, ago=ago - 3 - number))


def newest(page: Page) -> str:
    """What is said of the last column that holds anything, when it is pointed at."""
    at, n = page.evaluate(
        "(at) => { const { rows, t } = JSON.parse(document.querySelector(at).dataset.plot);"
        " return [Math.max(...Object.values(rows).map((it) => it.findLastIndex((n) => n))),"
        " t.length]; }",
        ORDERS,
    )
    box = page.locator(f"{ORDERS} .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * (at + 0.4) / n, box["y"] + 60)
    return page.locator(f"{ORDERS} .plot-said").text_content() or ""


def test_orders_per_minute_are_drawn_and_change_in_place(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = READ_BACK
    some_orders(running)
    page = live(open_page(running.url, zone="America/New_York"))
    page.wait_for_selector(f"{ORDERS} canvas")
    assert coloured(page, ORDERS, "--failed-area") > 0
    assert coloured(page, ORDERS, "--overdue-area") > 0
    page.evaluate("(at) => document.querySelector(`${at} canvas`).mine = true", ORDERS)
    running.post(event("fresh", "phoenix_oms", "CANCELED"))
    expect(page.locator("[data-live=chart] .aside")).to_contain_text("7 in the last hour")
    assert page.evaluate("(at) => document.querySelector(`${at} canvas`).mine", ORDERS)
    said = newest(page)
    assert "1 order, 1 failed" in said
    here = datetime.now(ZoneInfo("America/New_York"))
    assert said[:2] in {f"{here:%H}", f"{here - timedelta(minutes=2):%H}"}


@pytest.mark.parametrize("width", [390, 1440])
def test_a_chart_follows_the_theme_and_the_window(
    running: Stage, open_page: Open, watched: Watched, width: int
) -> None:
    watched.allow = READ_BACK
    some_orders(running)
    page = live(open_page(f"{running.url}/systems/commerce_engine", width=width))
    page.wait_for_selector(f"{LATENCY} canvas")
    assert coloured(page, LATENCY, "--accent") > 0
    assert coloured(page, ORDERS, "--failed-area") > 0
    page.emulate_media(color_scheme="dark")
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    assert coloured(page, LATENCY, "--accent") > 0
    assert coloured(page, ORDERS, "--failed-area") > 0
    page.set_viewport_size({"width": width - 60, "height": 900})
    page.wait_for_function(
        "(at) => document.querySelector(`${at} .uplot`).offsetWidth ==="
        " document.querySelector(at).clientWidth",
        arg=LATENCY,
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_cannot_see_a_chart_is_told_what_is_in_it(running: Stage, open_page: Open) -> None:
    some_orders(running)
    page = open_page(f"{running.url}/systems/commerce_engine")
    table = page.get_by_role("table", name="How long Commerce Engine took")
    expect(table.get_by_role("row").first).to_contain_text("ended, half within")
    expect(page.get_by_role("img", name="How long Commerce Engine took")).to_be_visible()


def test_a_time_between_two_without_any_is_seen(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = READ_BACK
    running.post(event("o", "phoenix_oms", "PENDING", ago=9))
    running.post(event("o", "commerce_engine", "ACCEPTED", ago=4))
    page = live(open_page(f"{running.url}/systems/commerce_engine"))
    page.wait_for_selector(f"{LATENCY} canvas")
    assert coloured(page, LATENCY, "--accent") > 0
