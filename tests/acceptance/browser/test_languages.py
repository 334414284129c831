"""The console in the reader's language: chosen once, kept on every page and by what moves."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect
from tests.acceptance.browser.stage import Stage, event

Open = Callable[..., Page]
SEE_OTHER = 303


def choose(server: Stage, **headers: str) -> httpx.Response:
    sent = {"origin": server.url, "referer": f"{server.url}/orders?overdue=true", **headers}
    return httpx.post(f"{server.url}/language", data={"language": "th"}, headers=sent)


def test_a_reader_switches_to_thai_and_back_and_stays_on_the_page(
    running: Stage, open_page: Open
) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING"))
    page = open_page(f"{running.url}/orders/o-1")
    page.wait_for_selector("[data-pulse=live]")
    page.get_by_role("button", name="ไทย").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("html[lang=th]")
    assert page.url.endswith("/orders/o-1")
    expect(page.get_by_role("navigation", name="หน้าต่าง ๆ")).to_contain_text("คำสั่งซื้อ")
    page.goto(f"{running.url}/systems")
    expect(page.locator("html")).to_have_attribute("lang", "th")
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("html[lang=en]")
    assert page.url.endswith("/systems")


def test_thai_stays_when_the_page_moves_and_in_what_scripts_write(
    running: Stage, open_page: Open
) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING", ago=20 * 60))
    page = open_page(f"{running.url}/orders/o-1")
    page.wait_for_selector("[data-pulse=live]")
    page.get_by_role("button", name="ไทย").click()
    page.wait_for_selector("html[lang=th] [data-pulse=live]")
    expect(page.locator("[data-pulse-text]")).to_have_text(re.compile(r"^ข้อมูลสด \d+\.\d วินาทีก่อน$"))
    expect(page.locator("h1")).to_contain_text("กำหนดไว้ 15 นาที เกินกำหนด 5 นาที")
    expect(page.locator("h1 time")).to_have_attribute("title", re.compile(r" UTC$"))
    running.post(event("o-1", "commerce_engine", "REJECTED", reason={"code": "PRICING"}))
    expect(page.locator("h1")).to_have_text(
        re.compile(r"^Commerce Engine แจ้ง REJECTED \(PRICING\) เมื่อ \d\d:\d\d$")
    )
    expect(page.locator(".state.big")).to_contain_text("ล้มเหลว")


def test_another_tab_follows_when_another_language_is_chosen(
    running: Stage, open_page: Open
) -> None:
    page = open_page(f"{running.url}/")
    page.wait_for_selector("[data-pulse=live]")
    other = page.context.new_page()
    other.goto(f"{running.url}/login")
    other.get_by_role("button", name="ไทย").click()
    other.wait_for_selector("html[lang=th]")
    running.post(event("o-2", "phoenix_oms", "PENDING"))
    page.wait_for_selector("html[lang=th]")


def test_the_first_page_comes_in_the_language_the_browser_asks_for(running: Stage) -> None:
    asked = httpx.get(f"{running.url}/login", headers={"accept-language": "th-TH,th;q=0.9"})
    assert '<html lang="th"' in asked.text
    assert "เข้าสู่ระบบ" in asked.text
    assert asked.headers["content-language"] == "th"
    assert "accept-language" in asked.headers["vary"]
    assert "cookie" in asked.headers["vary"]
    assert asked.headers["cache-control"] == "no-store"
    missing = httpx.get(f"{running.url}/dead-letters/77", headers={"accept-language": "th"})
    assert missing.status_code == httpx.codes.NOT_FOUND
    assert "ไม่มีหน้านี้" in missing.text


def test_choosing_leads_back_to_the_page_and_to_no_other_site(running: Stage) -> None:
    chosen = choose(running)
    assert chosen.status_code == SEE_OTHER
    assert chosen.headers["location"] == "/orders?overdue=true"
    assert chosen.headers["set-cookie"].startswith("orderwatch_language=th;")
    assert choose(running, referer="https://elsewhere.example/x").headers["location"] == "/"
    assert choose(running, referer=f"{running.url}//elsewhere.example").headers["location"] == (
        "/elsewhere.example"
    )


def test_another_site_cannot_change_the_language(running: Stage) -> None:
    assert "set-cookie" not in choose(running, origin="https://elsewhere.example").headers
