"""People sign in with name and password, stay signed in for a while, and guess nobody else's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from tests.integration.people.conftest import COOKIE, PASSWORD, Office, read_key, said

from orderwatch.adapters.argon2id import Argon2idPasswords
from orderwatch.core.people.guessing import FREE, Of

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


async def status(browser: httpx.AsyncClient, path: str = "/api/v1/orders") -> int:
    return (await browser.get(path)).status_code


async def test_a_person_signs_in_reads_and_signs_out(office: Office) -> None:
    async with office.browser() as browser:
        assert await status(browser) == 401
        answer = await office.sign_in(browser, " Operator ", next="/orders?q=o-1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders?q=o-1")
        assert await status(browser) == 200
        page = await browser.get("/")
        assert "operator is here as operator" in page.text
        assert (await browser.post("/logout")).headers["location"] == "/login"
        assert await status(browser) == 401
    assert await office.done(action="session") == [
        ("operator", "session.started", ""),
        ("operator", "session.ended", ""),
    ]


async def test_the_cookie_of_a_session_that_ended_is_worth_nothing(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        token = browser.cookies[COOKIE]
        await browser.post("/logout")
        browser.cookies.set(COOKIE, token, domain="orders.example")
        assert await status(browser) == 401


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    async with office.browser() as browser:
        cookie = (await office.sign_in(browser, "viewer")).headers["set-cookie"].lower()
    for word in ("httponly", "samesite=strict", "secure", "path=/", "max-age=86400"):
        assert word in cookie
    async with office.browser(scheme="http") as browser:
        cookie = (await office.sign_in(browser, "viewer")).headers["set-cookie"].lower()
    assert "secure" not in cookie


async def test_a_session_a_browser_brings_along_is_never_taken_over(office: Office) -> None:
    """Session fixation: what somebody planted before the sign-in is worth nothing after it."""
    async with office.browser() as browser:
        planted = "ows_" + "A" * 43
        browser.cookies.set(COOKIE, planted, domain="orders.example")
        await office.sign_in(browser, "viewer")
        tokens = [cookie.value for cookie in browser.cookies.jar if cookie.value != planted]
        assert len(tokens) == 1
    async with office.browser() as attacker:
        attacker.cookies.set(COOKIE, planted)
        assert await status(attacker) == 401


async def test_two_sign_ins_are_two_sessions(office: Office) -> None:
    async with office.signed_in("viewer") as first, office.signed_in("viewer") as second:
        assert first.cookies[COOKIE] != second.cookies[COOKIE]
        await first.post("/logout")
        assert await status(first) == 401
        assert await status(second) == 200


async def test_signing_out_everywhere_ends_all_of_ones_own_sessions_alone(office: Office) -> None:
    async with (
        office.signed_in("viewer") as first,
        office.signed_in("viewer") as second,
        office.signed_in("manager") as other,
    ):
        await first.post("/logout", data={"everywhere": "yes"})
        assert [await status(each) for each in (first, second, other)] == [401, 401, 200]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("viewer", "purple monkey lamb"),
        ("viewer", PASSWORD + " "),
        ("nobody", PASSWORD),
        ("viewer\0", PASSWORD),
        ("\U0001f600" * 200, PASSWORD),
        ("viewer", "x" * 100_000),
    ],
)
async def test_which_of_the_two_was_wrong_is_not_told(
    office: Office, name: str, password: str
) -> None:
    async with office.browser() as browser:
        answer = await office.sign_in(browser, name, password)
        assert answer.status_code == 401
        assert said(answer) == "Name and password do not fit an account here."
        assert "set-cookie" not in answer.headers


async def test_an_unknown_company_is_told_the_same(office: Office) -> None:
    async with office.browser() as browser:
        typed = {"name": "viewer", "password": PASSWORD, "tenant": "no-such-company"}
        answer = await browser.post("/login", data=typed)
        assert (answer.status_code, said(answer)) == (
            401,
            "Name and password do not fit an account here.",
        )


async def test_the_name_of_another_companys_person_opens_ones_own_company_alone(
    office: Office,
) -> None:
    await office.bobs.desk.change_password("viewer", "another monkey lamp")
    async with office.browser() as browser:
        answer = await office.sign_in(browser, "viewer", "another monkey lamp")
        assert answer.status_code == 401
        answer = await office.sign_in(browser, "viewer", "another monkey lamp", company=office.bobs)
        assert answer.status_code == 303


async def test_nothing_typed_is_said_so(office: Office) -> None:
    async with office.browser() as browser:
        answer = await office.sign_in(browser, "", "")
        assert (answer.status_code, said(answer)) == (422, "Type your name and your password.")


async def test_guessing_one_account_has_to_wait_ever_longer(office: Office) -> None:
    async with office.browser() as browser:
        for _ in range(FREE[Of.ACCOUNT]):
            assert (await office.sign_in(browser, "viewer", "wrong")).status_code == 401
        for seconds in (1, 2, 4, 8):
            answer = await office.sign_in(browser, "viewer")
            assert (answer.status_code, answer.headers["retry-after"]) == (429, str(seconds + 1))
            assert said(answer).startswith("Too many tries failed. Try again in ")
            office.clock.forward(timedelta(seconds=seconds))
            if seconds < 8:
                assert (await office.sign_in(browser, "viewer", "wrong")).status_code == 401
        assert (await office.sign_in(browser, "viewer")).status_code == 303
        assert (await office.sign_in(browser, "viewer", "wrong")).status_code == 401


async def test_whoever_guesses_an_account_locks_nobody_else_out(office: Office) -> None:
    async with office.browser(address="10.9.9.9") as attacker, office.browser() as browser:
        for _ in range(FREE[Of.ACCOUNT]):
            await office.sign_in(attacker, "viewer", "wrong")
        assert (await office.sign_in(browser, "manager")).status_code == 303
        assert (await office.sign_in(browser, "viewer", company=office.bobs)).status_code == 303


async def test_guessing_from_one_address_has_to_wait_whatever_the_name(office: Office) -> None:
    async with office.browser(address="10.9.9.8") as attacker:
        for number in range(FREE[Of.ADDRESS]):
            answer = await office.sign_in(attacker, f"name-{number}", "wrong")
            assert answer.status_code == 401
        assert (await office.sign_in(attacker, "manager")).status_code == 429
    async with office.browser(address="10.9.9.7") as browser:
        assert (await office.sign_in(browser, "manager")).status_code == 303


async def test_many_guesses_at_the_same_moment_are_not_let_through_together(
    office: Office,
) -> None:
    async with office.browser(address="10.9.9.6") as browser:
        answers = await asyncio.gather(
            *(office.sign_in(browser, "developer", "wrong") for _ in range(20))
        )
    codes = [answer.status_code for answer in answers]
    assert codes.count(401) == FREE[Of.ACCOUNT]
    assert codes.count(429) == 20 - FREE[Of.ACCOUNT]


async def test_a_session_ends_when_it_is_idle_and_when_it_is_old(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        for _ in range(23):
            office.clock.forward(HOUR)
            assert await status(browser) == 200
        office.clock.forward(HOUR)
        assert await status(browser) == 401
    async with office.signed_in("viewer") as browser:
        office.clock.forward(2 * HOUR - MINUTE)
        assert await status(browser) == 200
        office.clock.forward(2 * HOUR)
        assert await status(browser) == 401
        page = await browser.get("/orders/o-1")
        assert page.headers["location"] == "/login?next=/orders/o-1"


async def test_a_page_whose_session_ended_is_told_to_sign_in(office: Office) -> None:
    async with office.browser() as browser:
        assert (await browser.get("/")).headers["location"] == "/login?next=/"
        assert await status(browser, "/live") == 401
        assert await status(browser, "/api/v1/stream") == 401


async def test_each_role_lands_on_its_view(office: Office) -> None:
    landed = {}
    for role in ("operator", "developer", "manager"):
        async with office.browser() as browser:
            landed[role] = (await office.sign_in(browser, role)).headers["location"]
    assert landed == {"operator": "/", "developer": "/systems", "manager": "/?range=7d"}


async def test_a_hash_with_old_parameters_is_renewed_at_the_next_sign_in(office: Office) -> None:
    strong = Argon2idPasswords()
    old = await strong.hash(PASSWORD)
    strong.close()
    of_user = "where name = 'viewer' and tenant_id = %s"
    office.as_owner(f"update users set password_hash = %s {of_user}", old, office.alices.id)
    async with office.signed_in("viewer"):
        ((new,),) = office.as_owner(f"select password_hash from users {of_user}", office.alices.id)
    assert new != old
    assert office.house.reception.passwords.is_outdated(old)
    assert not office.house.reception.passwords.is_outdated(new)
    async with office.signed_in("viewer"):
        pass


async def test_no_token_and_no_password_is_kept_anywhere(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        token = browser.cookies[COOKIE]
    for table in ("users", "sessions", "audit_log", "guesses"):
        rows = office.as_owner(f"select t::text from {table} t")
        kept = "\n".join(row[0] for row in rows)
        assert token not in kept
        assert token.removeprefix("ows_") not in kept
        assert PASSWORD not in kept


async def test_a_failed_try_is_in_the_log_without_what_was_typed_for_a_name(
    office: Office,
) -> None:
    """People type their password where the name belongs."""
    async with office.browser() as browser:
        await office.sign_in(browser, "viewer", "wrong")
        await office.sign_in(browser, "my secret password", "viewer")
    assert await office.done(action="session") == [
        ("", "session.refused", "viewer"),
        ("", "session.refused", ""),
    ]


async def test_a_key_still_opens_the_pages_as_a_viewer(office: Office) -> None:
    key = await read_key(office, office.alices)
    async with office.browser() as browser:
        answer = await browser.post("/login", data={"key": key})
        assert answer.status_code == 303
        page = await browser.get("/")
        assert "is here as viewer" in page.text
        assert await status(browser) == 200
    assert (await office.done(action="session"))[-1][1] == "session.started_with_key"


async def test_a_disabled_company_lets_nobody_in(office: Office) -> None:
    async with office.signed_in("viewer", office.bobs) as browser:
        assert await status(browser) == 200
        await office.house.directory.set_disabled(office.bobs.name, True)
        assert await status(browser) == 401
        assert (await office.sign_in(browser, "viewer", company=office.bobs)).status_code == 401
