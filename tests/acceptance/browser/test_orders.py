"""The list of orders, as somebody works with it all day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

Open = Callable[..., Page]
LIVE = "[data-pulse=live]"


def money(value: str) -> dict[str, str]:
    return {"value": value, "currency": "THB", "kind": "order_total"}


def four_orders(running: Stage) -> None:
    """One of each state; what they are worth and where they come from differs."""
    running.post(
        event("waits", "phoenix_oms", "PENDING", ago=4, amount=money("5"), channel="app"),
        event("late", "phoenix_oms", "PENDING", ago=1200, amount=money("1250.50"), channel="app"),
        event("lost", "phoenix_oms", "CANCELED", ago=300, amount=money("10.125"), channel="web"),
        event("done", "phoenix_oms", "PENDING", ago=600, location="TH-1"),
        event("done", "phoenix_oms", "COMPLETE", ago=500, location="TH-1"),
    )
    running.watch(datetime.now(UTC))


def many_orders(running: Stage, n: int) -> None:
    running.post(*[event(f"o-{i:03}", "phoenix_oms", "PENDING", ago=600 - i) for i in range(n)])


def live(page: Page) -> Page:
    page.wait_for_selector(LIVE)
    return page


def ids(page: Page) -> list[str]:
    return page.locator("tr.row .c-order a").all_text_contents()


def row(page: Page, order_id: str) -> Locator:
    return page.locator(f'tr.row[data-key="{order_id}"]')


def test_states_are_counted_chosen_and_taken_away_and_back_leads_back(
    running: Stage, open_page: Open
) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders")
    expect(page.locator("h1")).to_contain_text("4 orders placed in the last 24 hours")
    assert ids(page) == ["waits", "lost", "done", "late"]
    expect(page.locator(".tabs a")).to_have_text(
        [
            re.compile(rf"^\s*{name}\s+\d")
            for name in ("All", "Failed", "Overdue", "Waiting", "Success")
        ]
    )
    page.get_by_role("link", name="Failed 1").click()
    expect(page.locator("h1")).to_contain_text("1 failed order")
    assert ids(page) == ["lost"]
    page.locator(".chip", has_text="Failed").click()
    expect(page.locator("tr.row")).to_have_count(4)
    page.go_back()
    assert ids(page) == ["lost"]
    page.go_back()
    expect(page.locator("tr.row")).to_have_count(4)


def test_filters_are_in_the_address_and_on_chips(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders")
    page.keyboard.press("f")
    page.get_by_role("combobox", name="Channel").fill("app")
    page.get_by_label("Amount from").fill("100")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders?channel=app&amount_from=100")
    assert ids(page) == ["late"]
    expect(page.locator(".chip")).to_have_count(2)
    page.locator(".chip", has_text="Amount").click()
    page.wait_for_url("**/orders?channel=app")
    assert ids(page) == ["waits", "late"]
    page.goto(f"{running.url}/orders?location=TH-1&status=COMPLETE")
    assert ids(page) == ["done"]
    page.goto(f"{running.url}/orders?deviation=any")
    assert ids(page) == ["done"]


def test_a_time_of_ones_own_is_the_viewers(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders", zone="America/New_York")
    page.get_by_text("Custom").click()
    page.get_by_label("Placed from").fill("2020-01-01T00:00")
    page.get_by_label("to", exact=True).first.fill("2020-01-02T00:00")
    page.get_by_role("button", name="Show").first.click()
    page.wait_for_url(re.compile("from=2020-01-01T00%3A00%3A00-05%3A00"))
    expect(page.locator(".empty")).to_contain_text("No order is like this.")
    expect(page.locator(".chip")).to_contain_text("01 Jan 2020 00:00 to 02 Jan 2020 00:00")
    page.get_by_text("Custom").click()
    expect(page.get_by_label("Placed from")).to_have_value("2020-01-01T00:00")
    page.locator(".ways a", has_text="Any time").click()
    expect(page.locator("tr.row")).to_have_count(4)


def test_what_cannot_be_asked_is_said(running: Stage, open_page: Open, watched: Watched) -> None:
    watched.allow = ("400",)
    page = open_page(f"{running.url}/orders?amount_from=much")
    expect(page.locator(".empty")).to_contain_text("must be an amount, such as 1250 or 99.50")


def test_pages_are_turned_on_and_back(running: Stage, open_page: Open) -> None:
    many_orders(running, 120)
    page = open_page(f"{running.url}/orders")
    every = [f"o-{i:03}" for i in reversed(range(120))]
    assert ids(page) == every[:50]
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tr.row").first).to_contain_text(every[50])
    assert ids(page) == every[50:100]
    page.keyboard.press("n")
    expect(page.locator("tr.row").first).to_contain_text(every[100])
    assert ids(page) == every[100:]
    expect(page.locator("[rel=next]")).to_have_count(0)
    page.keyboard.press("p")
    expect(page.locator("tr.row").first).to_contain_text(every[50])
    assert ids(page) == every[50:100]
    page.get_by_role("link", name="Newer").click()
    expect(page.locator("tr.row").first).to_contain_text(every[0])
    expect(page.locator("[rel=prev]")).to_have_count(0)
    assert "before" not in page.url
    assert ids(page) == every[:50]


def test_new_orders_wait_and_those_shown_stay_and_change_in_their_place(
    running: Stage, open_page: Open
) -> None:
    four_orders(running)
    page = live(open_page(f"{running.url}/orders"))
    running.post(event("new-1", "phoenix_oms", "PENDING"), event("new-2", "phoenix_oms", "PENDING"))
    news = page.locator("[data-rows-news]")
    expect(news).to_have_text("2 new")
    expect(page.locator("h1")).to_contain_text("6 orders")
    running.post(event("waits", "phoenix_oms", "COMPLETE"))
    expect(row(page, "waits")).to_contain_text("Success")
    assert ids(page) == ["waits", "lost", "done", "late"]
    news.click()
    expect(news).to_be_hidden()
    assert ids(page) == ["new-2", "new-1", "waits", "lost", "done", "late"]
    running.post(event("new-3", "phoenix_oms", "PENDING"))
    expect(news).to_have_text("1 new")


def test_an_order_that_no_longer_fits_stays_until_the_list_is_asked_again(
    running: Stage, open_page: Open
) -> None:
    four_orders(running)
    page = live(open_page(f"{running.url}/orders?class=delayed&overdue=false"))
    assert ids(page) == ["waits"]
    running.post(event("waits", "phoenix_oms", "COMPLETE"))
    expect(row(page, "waits")).to_contain_text("left this list")
    expect(row(page, "waits")).to_contain_text("Success")
    page.reload()
    expect(page.locator(".empty")).to_be_visible()
    running.post(event("next", "phoenix_oms", "PENDING"))
    expect(row(page, "next")).to_be_visible()


def test_a_row_opens_beside_the_list_and_esc_closes_it(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = live(open_page(f"{running.url}/orders"))
    row(page, "late").click()
    beside = page.locator(".beside")
    expect(beside.locator(".said-large")).to_contain_text("overdue by 5 min")
    expect(beside.locator(".lane")).to_have_count(3)
    assert page.url.endswith("?beside=late")
    expect(page.locator("tr.row")).to_have_count(4)
    running.post(event("late", "phoenix_oms", "CANCELED"))
    expect(beside.locator(".bar .state")).to_contain_text("Failed")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    expect(row(page, "late").locator("a")).to_be_focused()
    assert page.url.endswith("/orders")
    page.go_back()
    expect(beside.locator(".bar")).to_contain_text("late")
    page.reload()
    expect(beside.locator(".said-large")).to_contain_text("CANCELED")
    beside.get_by_role("link", name="Open page").click()
    page.wait_for_url("**/orders/late")


def test_a_middle_click_and_a_click_with_ctrl_open_a_tab(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders")
    for how in ({"button": "middle"}, {"modifiers": ["ControlOrMeta"]}):
        for place in (".c-why", ".c-order a"):
            with page.context.expect_page() as opened:
                row(page, "late").locator(place).click(**how)
            opened.value.wait_for_url("**/orders/late")
            opened.value.close()
    assert page.url.endswith("/orders")


def test_the_list_is_worked_with_the_keyboard_alone(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = live(open_page(f"{running.url}/orders"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(row(page, "lost").locator("a")).to_be_focused()
    page.keyboard.press("k")
    expect(row(page, "waits").locator("a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".beside .bar")).to_contain_text("waits")
    page.keyboard.press("j")
    expect(page.locator(".beside .bar")).to_contain_text("lost")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/lost")
    page.go_back()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("Next and previous order")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
