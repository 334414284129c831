"""The live page, as somebody sees it who only looks."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event, stage

Open = Callable[..., Page]
MONEY = {"value": "1250.00", "currency": "THB", "kind": "order_total"}

# Notes in the page when a figure first has a value: the page's own clock, no polling of ours.
NOTE_CHANGE = """([selector, wanted]) => {
  window.seen = new Promise((resolve) => {
    const look = () => {
      const it = document.querySelector(selector);
      if (it && it.textContent.includes(wanted)) resolve(Date.now() / 1000);
    };
    const all = {subtree: true, childList: true, characterData: true};
    new MutationObserver(look).observe(document.body, all);
    look();
  });
}"""
LIVE = "[data-pulse=live]"


def live(page: Page) -> Page:
    page.wait_for_selector(LIVE)
    page.wait_for_function(
        "performance.getEntriesByType('resource').some((it) => it.name.includes('/live'))"
    )
    return page


def test_an_empty_first_day_says_what_comes_here_and_how(running: Stage, open_page: Open) -> None:
    page = open_page(running.url)
    expect(page.locator("h1")).to_have_text("No orders yet.")
    expect(page.locator(".trouble")).to_contain_text("orderwatch send events.ndjson")
    expect(page.locator(".systems tbody tr")).to_have_count(9)


def test_an_event_is_on_the_page_within_a_second(running: Stage, open_page: Open) -> None:
    page = live(open_page(running.url))
    took = []
    for number in range(1, 6):
        page.evaluate(NOTE_CHANGE, [".figure.wait dd", str(number)])
        sent = datetime.now(UTC).timestamp()
        running.post(event(f"o-{number}", "phoenix_oms", "PENDING", amount=MONEY))
        took.append(page.evaluate("window.seen") - sent)
    assert statistics.median(took) < 1, took


def test_trouble_is_counted_listed_with_its_reason_and_leads_to_its_order(
    running: Stage, open_page: Open
) -> None:
    page = live(open_page(running.url))
    reason = {"code": "PRICING", "text": "the price has changed"}
    running.post(
        event("2000001234", "phoenix_oms", "PENDING", ago=5, amount=MONEY, location="TH-0412"),
        event("2000001234", "commerce_engine", "REJECTED", reason=reason),
    )
    running.post(event("2000001235", "phoenix_oms", "PENDING", ago=1200, amount=MONEY))
    running.watch(datetime.now(UTC))
    expect(page.locator("h1")).to_contain_text("2 orders need a look")
    expect(page.locator(".figure.bad dd").first).to_have_text("1")
    expect(page.locator(".figure.late dd").first).to_have_text("1")
    expect(page.locator(".figure.risk dd").first).to_contain_text("2,500")
    rows = page.locator(".trouble li")
    expect(rows).to_have_count(2)
    failed = rows.filter(has_text="2000001234")
    expect(failed).to_contain_text("Commerce Engine said REJECTED (PRICING)")
    expect(failed).to_contain_text("TH-0412")
    expect(failed).to_contain_text("1,250.00 THB")
    failed.click()
    expect(page.locator("h1")).to_contain_text("Commerce Engine said REJECTED (PRICING)")


def test_nothing_moves_under_the_pointer(running: Stage, open_page: Open) -> None:
    running.post(event("a", "phoenix_oms", "CANCELED"))
    page = live(open_page(running.url))
    page.locator(".trouble li").first.hover()
    running.post(event("b", "phoenix_oms", "CANCELED"))
    news = page.locator("[data-news]")
    expect(news).to_have_text("1 new")
    expect(page.locator(".trouble li")).to_have_count(1)
    news.click()
    expect(page.locator(".trouble li")).to_have_count(2)


def test_what_is_focused_or_opened_stays_so_when_the_page_changes(
    running: Stage, open_page: Open
) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING"))
    page = live(open_page(f"{running.url}/orders/o-1"))
    page.locator(".history summary").first.click()
    page.locator("#q").fill("half a wo")
    running.post(event("o-1", "commerce_engine", "ACCEPTED"))
    expect(page.locator(".history li")).to_have_count(2)
    expect(page.locator(".history details").last).to_have_attribute("open", "")
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("half a wo")


def test_slash_searches_by_id_and_by_reference(running: Stage, open_page: Open) -> None:
    running.post(event("o-7", "phoenix_oms", "PENDING", refs={"invoice_no": "INV-77"}))
    page = live(open_page(running.url))
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("INV-77")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/o-7")
    page.keyboard.press("/")
    page.keyboard.type("o-7")
    page.keyboard.press("Enter")
    expect(page.locator(".crumb")).to_contain_text("o-7")


def test_a_search_that_finds_nothing_says_so(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("404",)
    page = open_page(f"{running.url}/orders?q=nobody")
    expect(page.locator("h1")).to_contain_text("Nobody has spoken of order “nobody”")


def test_a_lost_connection_is_said_and_heals(
    database_url: str, open_page: Open, watched: Watched, browser: Browser
) -> None:
    watched.allow = ("ERR_", "Failed to load", "htmx:")
    with stage(database_url) as first:
        page = live(open_page(first.url))
        port = int(first.url.rsplit(":", 1)[1])
        first.stop()
        expect(page.locator("[data-pulse=stale]")).to_contain_text("retrying", timeout=20_000)
    with stage(database_url, port=port) as second:
        expect(page.locator(LIVE)).to_be_visible(timeout=20_000)
        second.post(event("after", "phoenix_oms", "CANCELED"))
        expect(page.locator(".trouble li")).to_contain_text("after", timeout=10_000)
        page.close()


def test_times_are_the_viewers_and_the_exact_instant_is_on_hover(
    running: Stage, open_page: Open
) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING"))
    page = live(open_page(f"{running.url}/orders/o-1", zone="America/New_York"))
    expect(page.locator("[data-zone]")).to_have_text("America/New_York")
    time = page.locator(".history time").first
    told, shown = time.get_attribute("datetime"), time.text_content()
    assert told is not None
    local = page.evaluate(
        "(at) => new Date(at).toLocaleTimeString('en-GB', {timeZone: 'America/New_York'})", told
    )
    assert shown is not None
    assert shown.endswith(local)
    assert (time.get_attribute("title") or "").endswith("UTC")


def test_the_theme_is_remembered(running: Stage, open_page: Open) -> None:
    page = open_page(running.url)
    assert page.evaluate("document.documentElement.dataset.theme") is None
    page.get_by_role("button", name="Dark theme").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/orders/o-1", "/orders/none", "/login"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_window(
    path: str, width: int, running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("404",)
    running.post(
        event("o-1", "phoenix_oms", "PENDING", ago=60, amount=MONEY),
        event("o-1", "commerce_engine", "REJECTED"),
    )
    page = open_page(running.url + path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
