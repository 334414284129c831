"""The flow map, the systems' pages and the wall, as somebody sees them who looks and clicks."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event, stage
from tests.acceptance.browser.test_overview import MONEY, NOTE_CHANGE, live

Open = Callable[..., Page]
MAP = ".flow.across"


def node(page: Page, system: str) -> str:
    return f'{MAP} .node[data-key="{system}"]'


@pytest.fixture
def morning(running: Stage) -> Stage:
    """One order waits for checkout, one was rejected, one went well."""
    reason = {"code": "PRICING", "text": "the price has changed"}
    running.post(
        event("waits", "phoenix_oms", "PENDING", ago=9, amount=MONEY, channel="app"),
        event("waits", "commerce_engine", "ACCEPTED", ago=8),
        event("failed", "phoenix_oms", "PENDING", ago=9, amount=MONEY, channel="website"),
        event("failed", "commerce_engine", "REJECTED", ago=7, reason=reason),
        event("well", "phoenix_oms", "PENDING", ago=9, channel="app"),
        event("well", "commerce_engine", "ACCEPTED", ago=5),
        event("well", "phoenix_oms", "COMPLETE", ago=4),
    )
    return running


def test_the_map_shows_every_system_and_what_waits_between_them(
    morning: Stage, open_page: Open
) -> None:
    page = live(open_page(morning.url))
    expect(page.locator(f"{MAP} .node")).to_have_count(9)
    engine = page.locator(node(page, "commerce_engine"))
    expect(engine).to_contain_text("Commerce Engine")
    expect(engine).to_contain_text(re.compile(r"p50\s+\d\.\d\ss"))
    expect(engine).to_contain_text("◆ 1")
    waiting = page.locator(f'{MAP} [data-key="wait checkout"]')
    expect(waiting).to_contain_text("1")
    expect(page.locator(".systems tbody tr")).to_have_count(9)


def test_the_map_changes_within_a_second(running: Stage, open_page: Open) -> None:
    page = live(open_page(running.url))
    took = []
    for number in range(1, 6):
        page.evaluate(NOTE_CHANGE, [f'{MAP} [data-key="wait commerce_engine"] text', str(number)])
        sent = datetime.now(UTC).timestamp()
        running.post(event(f"o-{number}", "phoenix_oms", "PENDING"))
        took.append(page.evaluate("window.seen") - sent)
    assert statistics.median(took) < 1, took


def test_a_click_on_a_system_filters_the_page_and_back_leads_back(
    morning: Stage, open_page: Open
) -> None:
    page = live(open_page(morning.url))
    expect(page.locator("h1")).to_contain_text("1 order failed,")
    page.locator(node(page, "checkout")).click()
    page.wait_for_url("**/?system=checkout")
    expect(page.locator("h1")).to_contain_text("All quiet at Checkout")
    expect(page.locator(".only")).to_contain_text("Only Checkout")
    expect(page.locator(".trouble li")).to_have_count(0)
    expect(page.locator(node(page, "checkout"))).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator("h1")).to_contain_text("1 order failed,")
    page.locator(node(page, "commerce_engine")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/?system=commerce_engine")
    expect(page.locator(".trouble li")).to_have_count(1)
    page.locator(node(page, "commerce_engine")).click()  # once more: all again
    page.wait_for_url(re.compile(r"/$"))


def test_a_channel_filters_the_page_and_keeps_the_system(morning: Stage, open_page: Open) -> None:
    page = live(open_page(f"{morning.url}/?system=commerce_engine"))
    expect(page.locator(".figure.bad dd").first).to_have_text("1")
    page.get_by_role("navigation", name="Channel").get_by_role("link", name="App").click()
    page.wait_for_url("**/?channel=app&system=commerce_engine")
    expect(page.locator(".figure.bad dd").first).to_have_text("0")
    expect(page.locator(".figure.good dd").first).to_have_text("2")


def test_pointing_at_a_system_explains_it(morning: Stage, open_page: Open) -> None:
    page = live(open_page(morning.url))
    panel = page.locator("[data-explains=commerce_engine]")
    expect(panel).to_be_hidden()
    page.locator(node(page, "commerce_engine")).hover()
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Allowed")
    expect(panel).to_contain_text("30 s")
    morning.post(event("new", "phoenix_oms", "PENDING"))
    expect(panel.locator("dd").first).to_have_text("4")  # it stays, and moves on
    page.locator("h1").hover()
    expect(panel).to_be_hidden()


def test_a_custom_time_is_in_the_address(morning: Stage, open_page: Open) -> None:
    page = live(open_page(morning.url))
    page.locator(".custom summary").click()
    page.locator("input[name=from]").fill("2026-01-01T00:00")
    page.locator("input[name=to]").fill("2026-01-02T00:00")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/?from=2026-01-01T00%3A00&to=2026-01-02T00%3A00")
    expect(page.locator("h1")).to_contain_text("No order was placed in this time.")
    expect(page.locator(".trouble li")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Compared with")).to_contain_text("no data then")


def test_a_systems_page_says_why_it_fails_and_how_long_it_takes(
    morning: Stage, open_page: Open
) -> None:
    page = live(open_page(f"{morning.url}/systems"))
    expect(page.locator(".systems tbody tr")).to_have_count(9)
    page.get_by_role("link", name="Commerce Engine").click()
    expect(page.locator("h1")).to_contain_text("Commerce Engine: 1 failed, 0 overdue.")
    expect(page.locator(".reasons li")).to_contain_text("PRICING")
    expect(page.locator("[data-live=latency] tr").last).to_contain_text("ended, half within")
    expect(page.locator(".trouble li")).to_contain_text("failed")
    morning.post(event("next", "phoenix_oms", "PENDING"), event("next", "commerce_engine", "ERROR"))
    expect(page.locator("h1")).to_contain_text("2 failed")
    expect(page.locator(".reasons")).to_contain_text("no reason given")


def test_a_system_nobody_knows_is_not_there(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("404",)
    page = open_page(f"{running.url}/systems/nobody")
    expect(page.locator("main")).to_contain_text("no system 'nobody'")


def test_on_a_phone_the_map_turns_downwards(morning: Stage, open_page: Open) -> None:
    page = live(open_page(morning.url, width=390, height=844))
    expect(page.locator(".flow.across")).to_be_hidden()
    boxes = [
        page.locator(f'.flow.down .node[data-key="{it}"]').bounding_box()
        for it in ("phoenix_oms", "commerce_engine", "checkout")
    ]
    tops = [box["y"] for box in boxes if box]
    assert tops == sorted(tops)
    assert len(tops) == 3


def test_the_wall_has_no_chrome_is_dark_and_stays_up_to_date(
    morning: Stage, open_page: Open
) -> None:
    page = live(open_page(f"{morning.url}/wall?range=24h", width=1920, height=1080))
    expect(page.locator("nav, .rail, .search")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(page.locator("h1")).to_contain_text("1 order needs a look")
    expect(page.locator("[data-clock]")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    morning.post(event("next", "phoenix_oms", "CANCELED"))
    expect(page.locator("h1")).to_contain_text("2 orders need a look")


def test_the_wall_comes_back_by_itself(
    database_url: str, open_page: Open, watched: Watched, browser: Browser
) -> None:
    watched.allow = ("ERR_", "Failed to load", "htmx:")
    with stage(database_url) as first:
        page = live(open_page(f"{first.url}/wall?range=24h"))
        port = int(first.url.rsplit(":", 1)[1])
        first.stop()
        expect(page.locator("[data-pulse=stale]")).to_contain_text("retrying", timeout=20_000)
    with stage(database_url, port=port) as second:
        second.post(event("after", "phoenix_oms", "CANCELED"))
        expect(page.locator("h1")).to_contain_text("1 order needs a look", timeout=20_000)
        page.close()


@pytest.mark.parametrize("path", ["/systems", "/systems/invoice", "/wall", "/?system=invoice"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_window(
    path: str, width: int, morning: Stage, open_page: Open
) -> None:
    page = live(open_page(morning.url + path, width=width))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
