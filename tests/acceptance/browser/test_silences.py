"""What is quiet, how the ways to people do, and what they would have got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect
from tests.acceptance.browser.stage import Stage
from tests.incidents import a_message, keep_notice

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
MINUTE = timedelta(minutes=1)


def told(server: Stage, ago: float = 1, **more: Any) -> int:
    """A notice went out."""
    at = datetime.now(UTC) - ago * MINUTE
    message = a_message(at, title=more.pop("title", "3 orders failed at Stock"))
    return server.run(keep_notice(server.house.database, server.tenant, message, at, **more))


def test_a_silence_is_made_stands_there_and_is_ended(running: Stage, open_page: Open) -> None:
    page = open_page(f"{running.url}/silences")
    expect(page.locator("h1")).to_contain_text("Nothing is silenced.")
    page.get_by_text("Make a silence or a maintenance window").click()
    page.get_by_label("Rule").select_option("order_failed")
    page.get_by_label("Until").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("textbox", name="Why?").fill("the vendor knows")
    page.get_by_role("button", name="Make it").click()
    now = page.locator('[data-live="now"]')
    expect(now).to_contain_text("Orders failed")
    expect(now).to_contain_text("the vendor knows")
    expect(page.locator("h1")).to_contain_text("1 silence holds.")
    page.get_by_role("button", name="End now").click()
    expect(page.locator("h1")).to_contain_text("Nothing is silenced.")
    expect(page.locator('[data-live="past"]')).to_contain_text("ended early")


def test_what_is_wrong_with_a_silence_stands_beside_it_and_nothing_typed_is_lost(
    running: Stage, watched: Any
) -> None:
    watched.allow = ("422",)
    page = watched.open(f"{running.url}/silences")
    page.get_by_text("Make a silence or a maintenance window").click()
    page.get_by_label("Until").fill("2020-01-01T10:00")
    page.get_by_role("textbox", name="Why?").fill("too late")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator(".fault").first).to_contain_text("must name what is to be quiet")
    expect(page.locator(".fault").nth(1)).to_contain_text("must be")
    expect(page.get_by_role("textbox", name="Why?")).to_have_value("too late")


def test_a_maintenance_window_comes_and_is_called_off(running: Stage, open_page: Open) -> None:
    page = open_page(f"{running.url}/silences?system=stock", **PHONE)
    page.get_by_label("Maintenance window").check()
    starts = datetime.now(UTC) + timedelta(days=3)
    page.get_by_label("From (empty: now)").fill(f"{starts:%Y-%m-%dT%H:%M}")
    page.get_by_label("Until").fill(f"{starts + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    page.get_by_role("textbox", name="Why?").fill("stock moves house")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator('[data-live="coming"]')).to_contain_text("stock moves house")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="Call off").click()
    expect(page.locator('[data-live="coming"]')).to_be_hidden()


def test_a_channel_says_how_it_does_and_what_it_was_told(running: Stage, open_page: Open) -> None:
    told(running, ago=9)
    for number in range(52):
        told(running, ago=8 - number / 100, title=f"notice {number}", state="failed", problem="503")
    page = open_page(f"{running.url}/channels")
    row = page.locator("tr", has_text="mailbox of the console")
    expect(row).to_contain_text("failing since")
    row.get_by_role("link", name="mailbox").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.locator("tbody tr").first).to_contain_text("notice 51")
    page.get_by_role("link", name="Older ones").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").last).to_contain_text("sent")
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)  # an operator's page


def test_the_mailbox_shows_a_notice_as_the_mail_would_look(running: Stage, open_page: Open) -> None:
    page = open_page(f"{running.url}/mailbox")
    expect(page.locator("main")).to_contain_text("Nothing was sent yet.")
    told(running, ago=3, title="3 orders failed at Stock")
    told(running, ago=1, title="Invoice is silent")
    page.reload()
    expect(page.locator(".mails li")).to_have_count(2)
    mail = page.frame_locator(".mail iframe")
    expect(mail.locator("body")).to_contain_text("Invoice is silent")
    page.get_by_role("link", name="3 orders failed at Stock").click()
    expect(mail.locator("body")).to_contain_text("3 orders failed at Stock")
    expect(mail.locator("body")).to_contain_text("67 % of them: store TH-0412")
    mail.get_by_role("link", name="Open in Orderwatch").click()
    page.wait_for_url("**/incidents")


def test_a_phone_reads_one_notice_at_a_time(running: Stage, open_page: Open) -> None:
    told(running)
    page = open_page(f"{running.url}/mailbox", **PHONE)
    expect(page.locator(".mail")).to_be_hidden()
    page.locator(".mails a").click()
    expect(page.locator(".mail iframe")).to_be_visible()
    page.get_by_role("link", name="All notices").click()
    expect(page.locator(".mails")).to_be_visible()
