"""Who is let in to the pages, and who is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event, stage

Open = Callable[..., Page]
SEE_OTHER = 303


@pytest.fixture(scope="module")
def locked(module_database_url: str) -> Iterator[Stage]:
    """A server that lets nobody in without a key."""
    with stage(module_database_url, open_on_loopback=False) as server:
        yield server


@pytest.fixture(scope="module")
def demo(module_database_url: str) -> Iterator[Stage]:
    """A server that lets this machine in."""
    with stage(module_database_url) as server:
        yield server


def sign_in(server: Stage, key: str, origin: str | None = None, **more: str) -> httpx.Response:
    return httpx.post(
        f"{server.url}/login",
        data={"key": key, **more},
        headers={"origin": server.url if origin is None else origin},
    )


def test_a_stranger_is_led_to_the_sign_in_and_back(locked: Stage, open_page: Open) -> None:
    locked.post(event("o-1", "phoenix_oms", "PENDING"))
    page = open_page(f"{locked.url}/orders/o-1")
    page.fill("#key", locked.reader.text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/o-1")
    expect(page.locator(".crumb")).to_contain_text("o-1")
    page.wait_for_selector("[data-pulse=live]")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    assert page.goto(f"{locked.url}/") is not None
    expect(page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize("path", ["/", "/orders/o-1", "/orders?q=o-1"])
def test_pages_tell_a_stranger_nothing(locked: Stage, path: str) -> None:
    answer = httpx.get(locked.url + path)
    assert answer.status_code == SEE_OTHER
    assert answer.headers["location"].startswith("/login?next=")


@pytest.mark.parametrize("path", ["/live", "/live/orders/o-1", "/api/v1/stream", "/api/v1/orders"])
def test_what_scripts_ask_for_is_refused_to_a_stranger(locked: Stage, path: str) -> None:
    assert httpx.get(locked.url + path).status_code == httpx.codes.UNAUTHORIZED


def test_a_wrong_key_is_told_what_to_do(locked: Stage, open_page: Open, watched: Watched) -> None:
    watched.allow = ("401",)
    page = open_page(f"{locked.url}/login")
    page.fill("#key", "ow_000000000000_" + "x" * 43)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not a valid key, or it was revoked")
    expect(page.locator("#key")).to_be_focused()


def test_a_key_that_may_only_send_does_not_read(locked: Stage) -> None:
    answer = sign_in(locked, locked.sender.text)
    assert answer.status_code == httpx.codes.UNAUTHORIZED
    assert "may send events but not read" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(locked: Stage) -> None:
    cookie = sign_in(locked, locked.reader.text).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert locked.reader.text.lower() not in cookie


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_form_of_another_site_is_refused(locked: Stage, origin: str) -> None:
    answer = sign_in(locked, locked.reader.text, origin)
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"]
)
def test_nobody_is_sent_to_another_site_after_signing_in(locked: Stage, target: str) -> None:
    assert sign_in(locked, locked.reader.text, next=target).headers["location"] == "/"


def test_a_session_ends_when_its_key_is_revoked(module_database_url: str) -> None:
    with stage(module_database_url, open_on_loopback=False) as server:
        session = sign_in(server, server.reader.text).cookies
        assert httpx.get(f"{server.url}/live", cookies=session).status_code == httpx.codes.OK
        directory = server.house.directory
        server.run(directory.revoke_key(server.tenant, server.reader.id))
    with stage(module_database_url, open_on_loopback=False) as server:
        refused = httpx.get(f"{server.url}/live", cookies=session)
        assert refused.status_code == httpx.codes.UNAUTHORIZED


def test_every_page_forbids_what_is_not_ours(locked: Stage) -> None:
    policy = httpx.get(f"{locked.url}/login").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_demo_lets_this_machine_in(demo: Stage) -> None:
    assert httpx.get(f"{demo.url}/").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "header",
    [
        {"host": "orders.example"},
        {"host": "127.0.0.1.elsewhere.example"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"authorization": "Bearer ow_000000000000_" + "x" * 43},
    ],
)
def test_the_demo_lets_in_nobody_who_only_looks_like_this_machine(
    demo: Stage, header: dict[str, str]
) -> None:
    assert httpx.get(f"{demo.url}/", headers=header).status_code == SEE_OTHER
