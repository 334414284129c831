"""The list of orders, as somebody works with it all day."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

from orderwatch.app.audit import Wanted

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


def test_columns_are_chosen_kept_and_shared(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders")
    head = page.locator(".orders-table thead th:visible")
    expect(head).to_have_count(8)
    page.locator("[data-pop=columns] summary").click()
    page.get_by_label("Channel").last.uncheck()
    page.get_by_label("Deviations").check()
    expect(head).to_have_count(8)
    expect(page.locator("td.c-channel:visible")).to_have_count(0)
    page.reload()
    expect(page.locator("td.c-deviations:visible")).to_have_count(4)
    page.goto(f"{running.url}/orders?columns=state,amount")
    expect(head).to_have_text(["Order", "State", "Amount"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Save view").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"{running.url}/orders?columns=state%2Camount"
    )


def test_decimal_points_stand_under_each_other(running: Stage, open_page: Open) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders")
    texts = page.locator("td.c-amount").all_text_contents()
    amounts = [text.strip().rsplit(" ", 1)[0] for text in texts if "THB" in text]
    assert [amount.rstrip("\u2007") for amount in amounts] == ["5.00", "10.125", "1,250.50"]
    assert {len(amount) - amount.index(".") for amount in amounts} == {4}


def test_what_is_filtered_is_downloaded(running: Stage, open_page: Open, tmp_path: Path) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders?class=failed", zone="Asia/Tokyo")
    for link, mark in (("CSV", ""), ("CSV for Excel", "\ufeff")):
        page.get_by_text("Export").click()
        with page.expect_download() as got:
            page.get_by_role("link", name=link, exact=True).click()
        file = tmp_path / got.value.suggested_filename
        got.value.save_as(file)
        assert re.fullmatch(r"orders-\d{4}-\d\d-\d\d-\d{4}\.csv", file.name)
        text = file.read_text("utf-8")
        assert text.startswith(f"{mark}order_id,")
        (line,) = csv.DictReader(StringIO(text.removeprefix(mark), newline=""))
        assert line["order_id"] == "lost"
        assert "placed (Asia/Tokyo)" in line
        page.keyboard.press("Escape")


def test_a_view_is_saved_opened_renamed_deleted_and_taken_back(
    running: Stage, open_page: Open
) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders?channel=app")
    page.get_by_text("Save view").click()
    page.get_by_label("Name").fill("App orders")
    page.get_by_role("button", name="Save for everybody").click()
    expect(page.locator(".told")).to_contain_text("The view was saved.")
    assert "said" not in page.url
    page.goto(f"{running.url}/orders")
    page.get_by_role("link", name="App orders").click()
    page.wait_for_url("**/orders?channel=app")
    assert ids(page) == ["waits", "late"]
    page.get_by_text("Edit view").click()
    page.get_by_label("Name").fill("The app")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator(".view[aria-current]")).to_have_text("The app")
    page.get_by_text("Edit view").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".view")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".view")).to_have_text("The app")


def test_a_note_is_left_on_an_order_and_seen_by_others(running: Stage, open_page: Open) -> None:
    four_orders(running)
    colleague = open_page(f"{running.url}/orders/late")
    page = open_page(f"{running.url}/orders/late")
    page.get_by_label("Note on this order").fill("Called the store.\nThey look.")
    page.get_by_role("button", name="Note").click()
    newest = page.locator(".history li").first
    expect(newest).to_contain_text("demo")
    expect(newest).to_contain_text("Called the store.")
    running.post(event("late", "stock", "RESERVED"))
    expect(colleague.locator(".history")).to_contain_text("Called the store.")
    page.goto(f"{running.url}/orders?beside=late")
    expect(page.locator(".beside .history")).to_contain_text("They look.")
    page.get_by_label("Note on order late").fill("Found <b>it</b>.")
    page.locator(".beside").get_by_role("button", name="Note").click()
    expect(page.locator(".beside .history li").first).to_contain_text("Found <b>it</b>.")
    assert page.url.endswith("/orders?beside=late")


def test_an_order_is_copied_as_text_and_leads_to_its_relatives(
    running: Stage, open_page: Open
) -> None:
    running.post(
        event("o-1", "phoenix_oms", "PENDING", ago=120, channel="app", refs={"parent": "P-1"}),
        event("o-2", "phoenix_oms", "CANCELED", refs={"parent": "P-1"}),
    )
    running.watch(datetime.now(UTC))
    page = open_page(f"{running.url}/orders/o-1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as text").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert lines[0] == "▲ Overdue: order o-1"
    assert lines[1].startswith("Commerce Engine has not answered since")
    assert lines[2].startswith("PENDING · app · placed ")
    assert lines[3].startswith("▲ Commerce Engine: no answer yet, missing for 2 min")
    assert lines[-1] == f"{running.url}/orders/o-1"
    page.locator(".related a", has_text="o-2").click()
    expect(page.locator(".crumb")).to_contain_text("o-2")


def test_on_a_phone_rows_are_cards_and_a_touch_opens_the_page(
    running: Stage, open_page: Open
) -> None:
    four_orders(running)
    page = open_page(f"{running.url}/orders", width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("thead")).to_be_hidden()
    box = row(page, "late").bounding_box()
    assert box is not None
    assert box["width"] > 340
    row(page, "late").locator(".c-why").click()
    page.wait_for_url("**/orders/late")


def test_who_only_reads_can_neither_export_nor_write(running: Stage) -> None:
    """A key that may read acts as a viewer, to whom the buttons are not shown either."""
    four_orders(running)
    headers = {"authorization": f"Bearer {running.reader.text}"}
    page = httpx.get(f"{running.url}/orders", headers=headers).text
    assert "/orders.csv" not in page
    assert "Save view" not in page
    assert 'action="/notes"' not in httpx.get(f"{running.url}/orders/late", headers=headers).text
    refused = [httpx.get(f"{running.url}/orders.csv", headers=headers)]
    writing = ("/notes", "/views", "/views/1/rename", "/views/1/delete", "/views/1/restore")
    form = {"name": "x"}
    refused += [httpx.post(running.url + path, headers=headers, data=form) for path in writing]
    assert [answer.status_code for answer in refused] == [403] * 6
    assert "operator" in refused[0].text


def test_a_form_of_another_site_writes_nothing(running: Stage) -> None:
    four_orders(running)
    for origin in ({}, {"origin": "http://elsewhere.example"}):
        for path in ("/notes", "/views"):
            form = {"order_id": "late", "note": "x", "name": "x"}
            answer = httpx.post(running.url + path, data=form, headers=origin)
            assert answer.status_code == 403
    assert running.run(running.house.notes.notes_of(running.tenant, "late")) == []
    assert running.run(running.house.notes.views(running.tenant)) == []


def test_what_was_exported_and_noted_is_in_the_audit_log(running: Stage) -> None:
    four_orders(running)
    origin = {"origin": running.url}
    httpx.post(f"{running.url}/notes", data={"order_id": "late", "note": "x"}, headers=origin)
    httpx.get(f"{running.url}/orders.csv?class=failed")
    rows = running.run(running.house.reception.audit.newest(running.tenant, Wanted()))
    told = [(row.deed.action, row.deed.subject, row.deed.details) for row in rows]
    assert told[:2] == [
        ("orders.exported", "", {"filter": "class=failed"}),
        ("order.noted", "late", {}),
    ]
