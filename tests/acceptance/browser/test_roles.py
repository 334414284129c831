"""Each role in a browser: where it lands, what it may not open, and what happens at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event, stage

from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Permission, Role, may, needed_for

Open = Callable[..., Page]
PASSWORD = "purple monkey lamp"
LIVE = "[data-pulse=live]"


@pytest.fixture(scope="module")
def house(module_database_url: str) -> Iterator[Stage]:
    """A server that lets nobody in without an account; one person of each role has one."""
    with stage(module_database_url, open_on_loopback=False) as server:
        parts = server.house.reception
        for role in Role:
            new = NewUser(str(role), role, PASSWORD)
            server.run(create_user(parts.users, parts.passwords, server.tenant, new, THE_PRODUCT))
        server.post(event("o-1", "phoenix_oms", "PENDING"))
        yield server


def sign_in(page: Page, name: str) -> None:
    """Fill in the form that is open."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


LANDINGS = {
    Role.VIEWER: ("/", "Trouble, worst first"),
    Role.OPERATOR: ("/", "Trouble, worst first"),
    Role.DEVELOPER: ("/systems", "Commerce Engine"),
    Role.MANAGER: ("/?range=7d", "Money at risk"),
    Role.ADMINISTRATOR: ("/", "Trouble, worst first"),
}


@pytest.mark.parametrize("role", Role)
def test_a_role_lands_where_its_questions_are_answered(
    house: Stage, open_page: Open, role: Role
) -> None:
    path, answer = LANDINGS[role]
    page = open_page(f"{house.url}/login")
    sign_in(page, str(role))
    page.wait_for_url(house.url + path)
    expect(page.locator("main").get_by_text(answer).first).to_be_visible()
    expect(page.locator(LIVE)).to_be_visible()


FORBIDDEN = {
    Role.VIEWER: ("/dead-letters", Permission.READ_DEAD_LETTERS),
    Role.OPERATOR: ("/settings/keys", Permission.READ_KEYS),
    Role.DEVELOPER: ("/settings/people", Permission.MANAGE_PEOPLE),
    Role.MANAGER: ("/parked", Permission.READ_DEAD_LETTERS),
}
"""Of each role that has one, a page it may not open."""


@pytest.mark.parametrize("role", FORBIDDEN)
def test_a_page_that_is_not_for_a_role_says_whose_it_is(
    house: Stage, open_page: Open, watched: Watched, role: Role
) -> None:
    watched.allow = ("403",)
    path, permission = FORBIDDEN[role]
    page = open_page(f"{house.url}/login?next={path}")
    sign_in(page, str(role))
    expect(page.locator("h1")).to_have_text("This is not for your role")
    expect(page.locator("main")).to_contain_text(needed_for(permission, role))
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page.locator(LIVE)).to_be_visible()


def test_an_administrator_is_refused_nothing() -> None:
    assert [one for one in Permission if not may(Role.ADMINISTRATOR, one)] == []


ENDS = {
    "idle": "update sessions set seen_at = seen_at - interval '3 days'",
    "old": "update sessions set expires_at = now() - interval '1 second'",
}


@pytest.mark.parametrize("how", ENDS)
def test_a_session_that_ends_on_an_open_page_leads_to_the_sign_in_and_back(
    house: Stage, open_page: Open, watched: Watched, module_database_url: str, how: str
) -> None:
    watched.allow = ("401",)
    page = open_page(f"{house.url}/login?next=/orders/o-1")
    sign_in(page, "operator")
    expect(page.locator(LIVE)).to_be_visible()
    with psycopg.connect(module_database_url, autocommit=True) as owner:
        owner.execute(ENDS[how])
    house.post(event("o-1", "phoenix_oms", "PROCESSING"))  # what is open asks for news
    page.wait_for_url(re.compile(r"/login\?next=/orders/o-1$"), timeout=30_000)
    sign_in(page, "operator")
    page.wait_for_url(f"{house.url}/orders/o-1")
    expect(page.locator("main")).to_contain_text("PROCESSING")
    expect(page.locator(LIVE)).to_be_visible()


def test_a_stream_that_broke_is_taken_up_again_and_nothing_is_missed(
    house: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("ERR_", "Failed to load", "htmx:")
    page = open_page(f"{house.url}/login")
    sign_in(page, "operator")
    expect(page.locator(LIVE)).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("[data-pulse=stale]")).to_contain_text("no connection", timeout=40_000)
    house.post(event("o-late", "phoenix_oms", "PENDING", ago=3600))
    page.context.set_offline(False)
    expect(page.locator(LIVE)).to_be_visible(timeout=20_000)
    house.watch(house.house.now())
    expect(page.locator(".trouble li", has_text="o-late")).to_be_visible(timeout=10_000)
