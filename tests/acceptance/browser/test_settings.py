"""The flow is seen, changed, tried on the open orders and put in force; keys come and go."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Role

Open = Callable[..., Page]
PASSWORD = "purple monkey lamp"
EDITOR = "#source"
SELECTED = """() => {
  const area = document.querySelector("#source");
  return area.value.slice(area.selectionStart, area.selectionEnd);
}"""


def signed_in(server: Stage, open_page: Open, path: str, role: Role = Role.ADMINISTRATOR) -> Page:
    """The page, for a person of this role."""
    parts = server.house.reception
    new = NewUser("anna", role, PASSWORD)
    server.run(create_user(parts.users, parts.passwords, server.tenant, new, THE_PRODUCT))
    page = open_page(f"{server.url}/login?next={path}")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}{path}")
    return page


def change(page: Page, old: str, new: str) -> None:
    """Write something else in the editor."""
    text = page.input_value(EDITOR)
    assert old in text
    page.fill(EDITOR, text.replace(old, new, 1))


def test_the_flow_is_drawn_and_a_status_shows_where_it_leads(
    running: Stage, open_page: Open
) -> None:
    page = signed_in(running, open_page, "/settings/flow")
    expect(page.locator("h1")).to_contain_text("LOTUS'S O2O, version 1.")
    expect(page.locator(".machine [data-status]")).to_have_count(10)
    page.locator("[data-status=FRAUD] rect.body").hover()
    expect(page.locator(".machine .lit[data-start=FRAUD]")).to_have_count(3)
    expect(page.locator(".machine .lit[data-end=FRAUD]")).to_have_count(4)
    expect(page.locator(".lines li", has_text="template: lotus-o2o")).to_contain_text("3")


def test_what_is_wrong_stands_beside_its_line_while_one_writes(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("422",)
    page = signed_in(running, open_page, "/settings/flow/edit")
    expect(page.locator("[data-editor-says]")).to_have_text("Nothing is wrong with it")
    change(page, "threshold: 15 min", "threshold: 15 minuts")
    note = page.locator(".margin [data-line='26']")
    expect(note).to_contain_text("'15 minuts' is not a duration")
    expect(page.locator(".gutter .wrong")).to_have_text("26")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator("h1")).to_contain_text("1 thing is wrong.")
    wrong = page.locator(".wrongs li.wrong")
    expect(wrong).to_contain_text("threshold: 15 minuts")
    expect(wrong.locator(".fault")).to_contain_text("oms.statuses.PENDING.threshold")
    page.get_by_role("link", name="line 26").click()
    assert page.evaluate(SELECTED) == "      threshold: 15 minuts"


def test_a_change_is_tried_on_the_open_orders_put_in_force_and_taken_back(
    running: Stage, open_page: Open
) -> None:
    running.post(*(event(f"o-{n}", "phoenix_oms", "PENDING", ago=20) for n in range(3)))
    page = signed_in(running, open_page, "/settings/flow")
    page.get_by_role("link", name="Change it").click()
    change(page, "threshold: 30 s", "threshold: 10 s # in a hurry")
    page.get_by_role("button", name="Check and preview").click()
    page.wait_for_url("**/settings/flow/draft")
    expect(page.locator("h1")).to_contain_text("3 open orders would get another verdict.")
    expect(page.locator(".moves")).to_contain_text("3")
    sample = page.locator(".samples tbody tr", has_text="o-2")
    expect(sample.locator("td").first).to_contain_text("Waiting")
    expect(sample.locator("td").last).to_contain_text("Overdue")
    expect(sample.locator("td").last).to_contain_text("allowed 10 s, overdue by")
    expect(page.locator(".diff .in")).to_contain_text("threshold: 10 s # in a hurry")
    page.goto(f"{running.url}/settings/flow")
    page.get_by_role("link", name="See the draft").click()
    page.get_by_text("Put it in force…").click()
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator(".work-title")).to_have_text(re.compile("Version 2 is in force"))
    page.get_by_role("button", name="Rebuild now").click()
    expect(page.locator(".work-title")).to_contain_text("Rebuilt: 3 of 3 orders changed")
    page.get_by_role("link", name="2 in force").click()
    expect(page.locator("h1")).to_contain_text(re.compile(r"Applied .* by anna"))
    page.get_by_role("link", name=re.compile("^1 ")).click()
    page.get_by_role("link", name="Begin a change with it").click()
    expect(page.locator(EDITOR)).to_have_value(re.compile("threshold: 30 s\n"))


def test_a_threshold_of_one_channel_is_a_change_of_one_line(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("422",)
    page = signed_in(running, open_page, "/settings/thresholds")
    page.get_by_label("PENDING, App").fill("soon")
    page.get_by_role("button", name="Preview the change").click()
    expect(page.locator("h1")).to_contain_text("1 figure is not right.")
    expect(page.locator("td .fault")).to_contain_text("'soon' is not a duration")
    page.get_by_label("PENDING, App").fill("10 min")
    page.get_by_role("button", name="Preview the change").click()
    page.wait_for_url("**/settings/flow/draft")
    expect(page.locator(".diff .in").last).to_contain_text(
        "threshold: {default: 15 min, by_channel: {app: 10 min}}"
    )
    page.get_by_role("button", name="Drop it").click()
    expect(page.get_by_role("link", name="Change it")).to_be_visible()


def test_a_key_is_shown_once_works_and_is_revoked(running: Stage, open_page: Open) -> None:
    page = signed_in(running, open_page, "/settings/keys")
    page.get_by_label("Its sources begin with").fill("/stock")
    page.get_by_label("It may also read orders").check()
    page.get_by_role("button", name="Make the key").click()
    text = page.locator(".made code").first.inner_text()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copy the key")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    asking = {"authorization": f"Bearer {text}"}
    assert httpx.get(f"{running.url}/api/v1/orders", headers=asking).status_code == httpx.codes.OK
    page.goto(f"{running.url}/settings/keys")
    assert text not in page.content()
    row = page.locator("tbody tr", has_text="/stock")
    row.get_by_text("Revoke…").click()
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("was revoked")
    expect(page.locator("tbody tr.gone")).to_contain_text("/stock")


def test_the_settings_of_the_server_keep_secrets(running: Stage, open_page: Open) -> None:
    page = signed_in(running, open_page, "/settings/server")
    expect(page.locator("tbody tr", has_text="ORDERWATCH_SESSION_SECRET")).to_contain_text("(set)")
    expect(page.locator("tbody tr", has_text="ORDERWATCH_RETENTION")).to_contain_text("400 d")
    assert "ssssssss" not in page.content()


def test_an_operator_sees_the_flow_and_changes_nothing(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("403",)
    page = open_page(f"{running.url}/settings/flow")  # the demo's page is an operator's
    expect(page.get_by_role("link", name="Change it")).to_have_count(0)
    expect(page.get_by_role("navigation", name="Settings")).not_to_contain_text("Keys")
    page.goto(f"{running.url}/settings/thresholds")
    expect(page.get_by_label("PENDING, App")).not_to_be_editable()
    page.goto(f"{running.url}/settings/flow/edit")
    expect(page.locator("main")).to_contain_text("needs the role")


@pytest.mark.parametrize(
    "path",
    [
        "/settings/flow/draft",
        "/settings/flow/apply",
        "/settings/flow/check",
        "/settings/flow/rebuild",
        "/settings/thresholds",
        "/settings/keys",
        "/settings/keys/revoke",
    ],
)
def test_nobody_changes_what_is_not_theirs_to_change(running: Stage, path: str) -> None:
    form = {"source": "/", "key": running.sender.id, "version": "1", "job": "x"}
    answer = httpx.post(running.url + path, data=form, headers={"origin": running.url})
    assert answer.status_code == httpx.codes.FORBIDDEN
    kept = running.run(running.house.directory.list_keys(running.tenant))
    assert [key.revoked_at for key in kept] == [None, None]


def test_a_person_gets_an_account_another_role_and_is_disabled(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("422",)
    page = signed_in(running, open_page, "/settings/people")
    page.get_by_label("Name").fill("Ben@shop.example")
    page.get_by_label("Role", exact=True).select_option("operator")
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator("#h-made")).to_have_text("The password of ben@shop.example")
    form = {"name": "ben@shop.example", "password": page.locator(".made code").inner_text()}
    came = httpx.post(f"{running.url}/login", data=form, headers={"origin": running.url})
    assert "orderwatch_session" in came.cookies
    page.goto(f"{running.url}/settings/people")
    page.get_by_label("Role of ben@shop.example").select_option("developer")
    expect(page.get_by_role("status")).to_contain_text("The role was changed.")
    page.locator("summary", has_text="Disable… ben@shop.example").click()
    page.get_by_role("button", name="Disable ben@shop.example").click()
    expect(page.locator("tr.gone")).to_contain_text("ben@shop.example")
    again = httpx.post(f"{running.url}/login", data=form, headers={"origin": running.url})
    assert again.status_code == httpx.codes.UNAUTHORIZED
    page.get_by_label("Role of anna").select_option("viewer")
    expect(page.get_by_role("status")).to_contain_text("anna is the last administrator")
