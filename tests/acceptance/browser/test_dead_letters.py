"""What could not be applied is looked at, tried out, retried or discarded, from the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

from orderwatch.app.sweep_parked import expire_parked

Open = Callable[..., Page]


def send(server: Stage, body: bytes | dict[str, Any]) -> None:
    """Send something that is refused."""
    answer = httpx.post(
        f"{server.url}/api/v1/events",
        content=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {server.sender.text}",
            "content-type": "application/cloudevents+json",
        },
    )
    assert answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}


def wrong(order_id: str, **more: Any) -> dict[str, Any]:
    """An event with an amount nobody can read."""
    sent = event(order_id, "stock", "RESERVED", **more)
    return sent | {"data": sent["data"] | {"amount": {"value": 12, "currency": "THB"}}}


def expire(server: Stage) -> None:
    """A day passes for whatever is parked."""
    in_two_days = datetime.now(UTC) + timedelta(days=2)
    assert server.run(expire_parked(server.house.store, server.tenant, in_two_days)) == 1


def test_a_letter_is_retried_once_its_order_is_there(running: Stage, open_page: Open) -> None:
    running.post(event("o-1", "stock", "RESERVED"))
    expire(running)
    page = open_page(f"{running.url}/dead-letters")
    expect(page.locator("h1")).to_contain_text("1 message could not be applied")
    row = page.locator("tbody tr", has_text="Its order was never announced")
    expect(row).to_contain_text("Stock")
    row.get_by_role("button", name="Dry run").click()
    expect(page.locator(".work-title")).to_contain_text("1 would wait for its order")
    expect(page.locator(".work")).to_contain_text("dry run, nothing was changed")

    running.post(event("o-1", "phoenix_oms", "PENDING"))
    row.get_by_role("button", name="Dry run").click()
    expect(page.locator(".work-title")).to_contain_text("1 would be applied")
    page.get_by_role("button", name="Retry it").click()
    expect(page.locator(".work-title")).to_have_text(re.compile("1 applied"))
    expect(page.locator("h1")).to_contain_text("Everything that came could be applied.")
    expect(page.locator("main")).to_contain_text("No dead letters.")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".work")).to_be_hidden()

    page.goto(f"{running.url}/orders/o-1")
    expect(page.locator(".history")).to_contain_text("RESERVED")
    page.goto(f"{running.url}/dead-letters?state=retried&code=never_announced&system=stock")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_letter_shows_its_payload_and_every_error_beside_its_line(
    running: Stage, open_page: Open
) -> None:
    send(running, wrong("o-1", note={"customer_phone": "0812345678"}, channel="<b>x</b>"))
    page = open_page(f"{running.url}/dead-letters")
    page.get_by_role("link", name="A field is wrong").click()
    page.locator("tbody a.cover").click()
    page.wait_for_url(re.compile(r"/dead-letters/\d+$"))
    line = page.locator(".lines li.wrong", has_text='"value": 12')
    expect(line.locator(".fault")).to_contain_text("must be a decimal as text")
    expect(page.locator(".lines")).to_contain_text('"channel": "<b>x</b>"')
    expect(page.locator(".lines")).not_to_contain_text("0812345678")
    expect(page.locator("main")).to_contain_text("masked for the role operator")
    expect(page.locator(".facts")).to_contain_text("o-1")


def test_the_chosen_ones_are_discarded_with_a_reason_and_taken_back(
    running: Stage, open_page: Open
) -> None:
    for number in range(3):
        send(running, wrong(f"o-{number}"))
    page = open_page(f"{running.url}/dead-letters?code=invalid&system=stock")
    bar = page.locator(".picked")
    expect(bar).to_be_hidden()
    page.get_by_label("Choose all on this page").check()
    page.locator("tbody tr", has_text="o-1").get_by_role("checkbox").uncheck()
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_text("Discard…").click()
    expect(bar.get_by_role("textbox")).to_be_focused()
    bar.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(3)  # a reason is asked for first
    page.keyboard.type("sent by a test")
    page.keyboard.press("Enter")
    expect(page.locator(".work-title")).to_contain_text("2 dead letters discarded")
    expect(page.locator(".work")).to_contain_text("“sent by a test”")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name=re.compile(r"Undo \(\d+\)")).click()
    expect(page.locator(".work-title")).to_contain_text("Taken back: 2 dead letters open again")
    expect(page.locator("tbody tr")).to_have_count(3)


def test_what_is_no_json_says_so_and_its_kind_can_be_discarded(
    running: Stage, open_page: Open
) -> None:
    send(running, b"phone=0812345678")
    page = open_page(f"{running.url}/dead-letters")
    page.get_by_role("link", name="Not JSON").click()
    expect(page.locator("h1")).to_contain_text("from no system that can be read")
    page.locator("tbody a.cover").click()
    expect(page.locator("main")).to_contain_text("shown to developers and administrators only")
    expect(page.locator("main")).not_to_contain_text("0812345678")
    page.get_by_text("Discard…").click()
    page.get_by_role("textbox", name="Why can it go?").fill("a scanner")
    page.get_by_role("button", name="Discard", exact=True).click()
    expect(page.locator(".state.big")).to_contain_text("Discarded")
    expect(page.locator(".steps")).to_contain_text("a scanner")


def test_a_new_letter_appears_by_itself(running: Stage, open_page: Open) -> None:
    page = open_page(f"{running.url}/dead-letters")
    page.wait_for_selector("[data-pulse=live]")
    send(running, wrong("o-1"))
    running.post(event("o-2", "phoenix_oms", "PENDING"))  # the stream tells of orders
    expect(page.locator("tbody tr")).to_have_count(1)


def test_what_is_parked_says_how_long_it_may_wait_and_goes_when_its_order_comes(
    running: Stage, open_page: Open
) -> None:
    page = open_page(f"{running.url}/parked")
    expect(page.locator("main")).to_contain_text("Nothing waits.")
    running.post(event("o-1", "stock", "RESERVED", refs={"customer_phone": "0812345678"}))
    page.reload()
    expect(page.locator("h1")).to_contain_text("1 event waits for its order.")
    expect(page.locator(".parked-list li")).to_contain_text("waits for order o-1")
    expect(page.locator(".parked-list .when")).to_contain_text("expires in 24 h")
    page.locator("summary", has_text="Raw").click()
    expect(page.locator(".parked-list pre")).to_contain_text('"status": "RESERVED"')
    expect(page.locator(".parked-list pre")).not_to_contain_text("0812345678")
    page.get_by_role("link", name="Stock, under 5 min: 1").click()
    expect(page.locator("#h-items")).to_have_text("Stock, under 5 min")
    page.wait_for_selector("[data-pulse=live]")
    running.post(event("o-1", "phoenix_oms", "PENDING"))
    expect(page.locator("main")).to_contain_text("Nothing waits.")


def test_a_page_of_another_site_mends_nothing(running: Stage) -> None:
    send(running, wrong("o-1"))
    form = {"code": "invalid", "system": "stock", "why": "x"}
    for headers in ({"origin": "https://elsewhere.example"}, {}):
        answer = httpx.post(f"{running.url}/dead-letters/discard", data=form, headers=headers)
        assert answer.status_code == httpx.codes.FORBIDDEN
    page = httpx.get(f"{running.url}/dead-letters").text
    assert "1 message</strong>" in page or "1 message could not be applied" in page


@pytest.mark.parametrize("path", ["/dead-letters", "/parked", "/dead-letters/1", "/settings/keys"])
def test_a_key_that_reads_orders_does_not_see_these(running: Stage, path: str) -> None:
    headers = {"authorization": f"Bearer {running.reader.text}"}
    answer = httpx.get(running.url + path, headers=headers)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "needs the role" in answer.text


def test_a_letter_there_is_not_is_said(running: Stage, open_page: Open, watched: Watched) -> None:
    watched.allow = ("404",)
    page = open_page(f"{running.url}/dead-letters/99999999")
    expect(page.locator("main")).to_contain_text("There is no dead letter 99999999.")
