"""Who did what is read, filtered, taken away, and checked for tampering."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage
from tests.acceptance.browser.test_settings import signed_in

from orderwatch.app.audit import Wanted
from orderwatch.core.people.audit import Actor, ActorKind, Deed
from orderwatch.core.people.deeds import key_made, key_revoked, role_changed
from orderwatch.core.people.roles import Role

Open = Callable[..., Page]
BOB = Actor(ActorKind.PERSON, "bob", "10.0.0.9")


def write(server: Stage, *deeds: Deed, by: Actor = BOB) -> None:
    for deed in deeds:
        server.run(server.house.reception.audit.write(server.tenant, by, deed))


def test_each_deed_is_a_sentence_newest_first(running: Stage, open_page: Open) -> None:
    write(running, key_made("f3f270e67c93", "/pos", can_read=True))
    write(running, role_changed("carol", Role.VIEWER, Role.MANAGER))
    page = signed_in(running, open_page, "/settings/audit")
    rows = page.locator(".deeds tbody tr")
    expect(rows.nth(0)).to_contain_text("anna signed in")
    expect(rows.nth(1)).to_contain_text("made the account anna, as administrator")
    expect(rows.nth(2)).to_contain_text("bob changed the role of carol from viewer to manager")
    expect(rows.nth(3)).to_contain_text("bob made the key f3f270e67c93 for sources that begin with")
    rows.nth(3).get_by_text("Proof").click()
    expect(rows.nth(3).locator(".proof")).to_contain_text("key.created")
    link = page.get_by_role("navigation", name="Settings").get_by_role("link", name="Audit log")
    expect(link).to_have_attribute("aria-current", "page")


def test_filters_stand_in_the_address_and_the_back_button_leads_back(
    running: Stage, open_page: Open
) -> None:
    write(running, key_revoked("k-1"), key_revoked("k-2"))
    page = signed_in(running, open_page, "/settings/audit")
    everything = page.locator(".deeds tbody tr").count()
    page.get_by_label("Who").select_option("bob")
    page.wait_for_url("**actor=bob**")
    expect(page.locator(".deeds tbody tr")).to_have_count(2)
    page.get_by_label("What").select_option("Accounts")
    page.wait_for_url("**action=user.**")
    expect(page.locator(".empty")).to_contain_text("Nothing like that was done.")
    page.go_back()
    expect(page.locator(".deeds tbody tr")).to_have_count(2)
    page.get_by_label("To").fill("2026-01-01T00:00")
    page.wait_for_url("**to=2026-01-01**")
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_role("link", name="All deeds").click()
    expect(page.locator(".deeds tbody tr")).to_have_count(everything)


def test_older_rows_are_on_further_pages(running: Stage, open_page: Open) -> None:
    write(running, *(key_revoked(f"k-{number}") for number in range(60)))
    page = signed_in(running, open_page, "/settings/audit")
    expect(page.locator(".deeds tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**before=**")
    expect(page.locator(".deeds tbody tr").last).to_contain_text("added the company")
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".deeds tbody tr").first).to_contain_text("anna signed in")


def test_the_chain_is_verified_and_says_until_where(running: Stage, open_page: Open) -> None:
    write(running, *(key_revoked(f"k-{number}") for number in range(9)))
    page = signed_in(running, open_page, "/settings/audit")
    chain = page.locator("[data-live=chain]")
    expect(chain).to_contain_text("Nobody has checked this log yet")
    audit = running.house.reception.audit
    (newest,) = running.run(audit.newest(running.tenant, Wanted(1)))
    chain.get_by_role("button", name="Verify").first.click()
    expect(chain).to_contain_text(f"Verified up to row {newest.seq} at")
    expect(page.locator(".deeds tbody tr").first).to_contain_text("had this log checked")
    (after,) = running.run(audit.newest(running.tenant, Wanted(1)))
    copy = chain.get_by_role("button", name="Copy the head")
    assert copy.get_attribute("data-copy") == f"{after.seq}:{after.hash.hex()}"


def test_what_was_changed_behind_our_back_is_found(
    running: Stage, open_page: Open, database_url: str
) -> None:
    write(running, *(key_revoked(f"k-{number}") for number in range(9)))
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("alter table audit_log disable trigger audit_log_kept")
        owner.execute("update audit_log set actor = 'nobody' where seq = 3")
        owner.execute("alter table audit_log enable trigger audit_log_kept")
    page = signed_in(running, open_page, "/settings/audit")
    chain = page.locator("[data-live=chain]")
    chain.get_by_role("button", name="Verify").first.click()
    expect(chain).to_contain_text("Broken at row 3")
    expect(chain).to_contain_text("It was changed after it was written.")


def test_a_head_kept_elsewhere_finds_rows_that_were_cut_off(
    running: Stage, open_page: Open, watched: Watched, database_url: str
) -> None:
    watched.allow = ("422",)
    write(running, *(key_revoked(f"k-{number}") for number in range(9)))
    (last,) = running.run(running.house.reception.audit.newest(running.tenant, Wanted(1)))
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("alter table audit_log disable trigger audit_log_kept")
        owner.execute("delete from audit_log where seq > %s", [last.seq - 5])
        owner.execute("alter table audit_log enable trigger audit_log_kept")
    page = signed_in(running, open_page, "/settings/audit")
    chain = page.locator("[data-live=chain]")
    chain.get_by_text("Against a head").click()
    chain.get_by_label("A head that was kept elsewhere").fill("nonsense")
    page.keyboard.press("Enter")
    expect(chain.get_by_role("alert")).to_contain_text("That is no head")
    kept = f"{last.seq + 40}:{last.hash.hex()}"
    chain.get_by_label("A head that was kept elsewhere").fill(kept)
    page.keyboard.press("Enter")
    expect(chain).to_contain_text(f"Broken at row {last.seq + 40}")
    expect(chain).to_contain_text("newer rows were cut off")


def test_a_filter_is_taken_away_as_a_file_and_that_is_on_record(
    running: Stage, open_page: Open, tmp_path: Path
) -> None:
    write(running, *(key_revoked(f"k-{number}") for number in range(3)))
    page = signed_in(running, open_page, "/settings/audit?actor=bob")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export as CSV").click()
    download.value.save_as(tmp_path / "audit.csv")
    text = (tmp_path / "audit.csv").read_text("utf-8")
    rows = list(csv.reader(text.splitlines()))
    assert rows[0][:4] == ["row", "at (Asia/Bangkok)", "kind", "actor"]
    assert [row[6] for row in rows[1:]] == ["k-2", "k-1", "k-0"]
    page.goto(f"{running.url}/settings/audit")
    expect(page.locator(".deeds tbody tr").first).to_contain_text("took rows of this log away")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_log_fits_its_window(running: Stage, open_page: Open, width: int) -> None:
    write(running, *(key_revoked(f"k-{number}") for number in range(3)))
    page = signed_in(running, open_page, "/settings/audit")
    page.set_viewport_size({"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_somebody_typed_is_shown_as_text(running: Stage, open_page: Open) -> None:
    write(running, Deed("key.revoked", "<b>k</b>", {"%(x)s": "<i>&"}))
    write(running, Deed("weather.changed", "to %(rain)s"))
    page = signed_in(running, open_page, "/settings/audit?actor=bob")
    rows = page.locator(".deeds tbody tr")
    expect(rows.nth(0)).to_contain_text("bob weather.changed to %(rain)s")
    expect(rows.nth(1)).to_contain_text("revoked the key <b>k</b>")
    expect(rows.nth(1)).to_contain_text("<i>&")
