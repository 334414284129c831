"""What people take from the list of orders and leave at it: columns, files, views, notes."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import httpx
from playwright.sync_api import expect
from tests.acceptance.browser.stage import Stage, event
from tests.acceptance.browser.test_orders import Open, four_orders, ids, row

from orderwatch.app.audit import Wanted


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
