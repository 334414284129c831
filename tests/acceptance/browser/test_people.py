"""People come in by their own name: the first one with a link, all others with a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, stage

from orderwatch.app.manage_users import UserDesk
from orderwatch.app.sign_in import invite_first
from orderwatch.core.people.audit import THE_PRODUCT

Open = Callable[..., Page]
PASSWORD = "purple monkey lamp"


@pytest.fixture
def locked(database_url: str) -> Iterator[Stage]:
    """A server where nobody has an account yet."""
    with stage(database_url, open_on_loopback=False) as server:
        yield server


def welcomed(server: Stage, open_page: Open, width: int = 1440) -> Page:
    """Anna made the first account and is in."""
    token = server.run(invite_first(server.house.reception.door, server.tenant))
    page = open_page(f"{server.url}/welcome?token={token}", width=width)
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password, 12 letters or more").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}/")
    return page


def test_the_first_one_is_welcomed_signs_out_and_in_again(
    locked: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("401",)
    page = welcomed(locked, open_page)
    expect(page.get_by_title("anna is here as administrator")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("green monkey lamp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not fit an account")
    expect(page.get_by_label("Name")).to_have_value("anna")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_title("anna is here as administrator")).to_be_visible()


def test_a_key_is_still_taken_where_people_have_accounts(locked: Stage, open_page: Open) -> None:
    page = welcomed(locked, open_page)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("Sign in with a read key").click()
    page.get_by_label("Read key").fill(locked.reader.text)
    page.keyboard.press("Enter")
    expect(page.get_by_title("is here as viewer")).to_be_visible()


def test_a_page_that_is_open_when_its_session_ends_asks_to_sign_in(
    locked: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("401",)
    page = welcomed(locked, open_page)
    parts = locked.house.reception
    desk = UserDesk(parts.users, parts.passwords, locked.tenant, THE_PRODUCT, locked.house.now)
    locked.run(desk.change_password("anna", "green monkey lamp"))
    page.wait_for_url(re.compile(r"/login\?next="), timeout=30_000)


def test_the_account_fits_a_phone(locked: Stage, open_page: Open) -> None:
    page = welcomed(locked, open_page, width=360)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
