"""The page of one order: the verdict, the time line, the history, the facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

Open = Callable[..., Page]


def test_the_step_that_should_have_happened_is_a_ghost(running: Stage, open_page: Open) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING", ago=120))
    running.watch(datetime.now(UTC))
    page = open_page(f"{running.url}/orders/o-1")
    expect(page.locator(".verdict .state")).to_contain_text("Overdue")
    expect(page.locator("h1")).to_contain_text("Commerce Engine has not answered")
    lane = page.locator(".lane", has_text="Commerce Engine")
    expect(lane).to_contain_text("no answer yet")
    expect(lane.locator(".note")).to_contain_text("missing for 2 min")
    expect(lane.locator("rect.ghost")).to_have_count(2)
    expect(lane.locator("rect.ghost.overdue")).to_have_count(1)
    expect(lane.locator("line.deadline")).to_have_count(1)
    expect(page.locator(".legend")).to_contain_text("should have happened")


def test_it_follows_its_order_from_waiting_to_success(running: Stage, open_page: Open) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING", ago=9))
    page = open_page(f"{running.url}/orders/o-1")
    expect(page.locator(".verdict .state")).to_contain_text("Waiting")
    page.wait_for_selector("[data-pulse=live]")
    running.post(
        event("o-1", "commerce_engine", "ACCEPTED", ago=8.5),
        event("o-1", "phoenix_oms", "COMPLETE"),
    )
    expect(page.locator(".verdict .state")).to_contain_text("Success")
    lane = page.locator(".lane", has_text="Commerce Engine")
    expect(lane.locator(".note")).to_have_text(re.compile(r"^\d\.\d s$"))
    expect(page.locator(".lane line.now")).to_have_count(0)


def test_the_history_shows_what_was_odd_and_the_raw_event(running: Stage, open_page: Open) -> None:
    running.post(
        event("o-1", "phoenix_oms", "SHIPPING", ago=60),
        event("o-1", "phoenix_oms", "PROCESSING", refs={"entity_id": "42"}),
    )
    page = open_page(f"{running.url}/orders/o-1")
    newest = page.locator(".history li").first
    expect(newest).to_contain_text("went back: from SHIPPING to PROCESSING")
    newest.locator("summary").click()
    expect(newest.locator("pre")).to_contain_text('"entity_id": "42"')
    expect(page.locator(".facts .refs")).to_contain_text("entity_id")
    expect(page.locator(".deviations")).to_contain_text("went back")


def test_what_the_systems_contradict_the_oms_about_is_said_in_a_line(
    running: Stage, open_page: Open
) -> None:
    owed = {"value": "250.00", "currency": "THB", "kind": "order_total"}
    taken = {"value": "205.00", "currency": "THB", "kind": "captured"}
    running.post(
        event("o-1", "phoenix_oms", "PENDING", ago=90, amount=owed),
        event("o-1", "commerce_engine", "REJECTED", ago=80),
        event("o-1", "checkout", "CAPTURED", ago=70, amount=taken),
        event("o-1", "phoenix_oms", "COMPLETE", ago=5),
    )
    page = open_page(f"{running.url}/orders/o-1")
    expect(page.locator(".verdict .state")).to_contain_text("Success")
    facts = page.locator(".facts")
    expect(facts.get_by_role("heading", name="Mismatches")).to_be_visible()
    expect(facts).to_contain_text("says REJECTED, but the order is COMPLETE")
    expect(facts).to_contain_text("captured 205.00 THB, but the order is worth 250.00 THB")


def test_a_reference_is_copied_by_a_click(running: Stage, open_page: Open) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING", refs={"invoice_no": "INV-1"}))
    page = open_page(f"{running.url}/orders/o-1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy invoice_no INV-1").click()
    expect(page.get_by_role("button", name="Copy invoice_no INV-1")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "INV-1"


def test_an_id_and_words_of_any_kind_are_only_text(running: Stage, open_page: Open) -> None:
    strange = '<script>alert("1")</script>/../x?y#z %41'
    running.post(event(strange, "phoenix_oms", "PENDING", channel="<b>bold</b>"))
    page = open_page(running.url)
    page.fill("#q", strange)
    page.keyboard.press("Enter")
    expect(page.locator(".crumb b")).to_have_text(strange)
    expect(page.locator(".facts")).to_contain_text("<b>bold</b>")


def test_an_order_the_oms_has_not_announced_says_who_spoke(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("404",)
    running.post(event("early", "stock", "RESERVED"))
    page = open_page(f"{running.url}/orders/early")
    expect(page.locator("h1")).to_contain_text("has not been announced yet")
    expect(page.locator("main")).to_contain_text("Stock spoke of it, Phoenix OMS did not.")
