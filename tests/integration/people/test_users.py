"""Whoever looks after accounts: what they change holds at once, and is written down."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from tests.integration.people.conftest import BOSS, COOKIE, PASSWORD, Office, said

from orderwatch.adapters.postgres.people import PostgresPeople
from orderwatch.app.administer import NotPossible
from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.app.sign_in import INVITATION_LASTS, invite_first
from orderwatch.core.people.roles import Role

ORDERS = "/api/v1/orders"


async def test_a_disabled_account_is_out_at_once_and_stays_out(office: Office) -> None:
    async with office.signed_in("operator") as browser:
        await office.alices.desk.disable("Operator")
        assert (await browser.get(ORDERS)).status_code == 401
        answer = await office.sign_in(browser, "operator")
        assert said(answer) == "Name and password do not fit an account here."
        await office.alices.desk.disable("operator", disabled=False)
        assert (await browser.get(ORDERS)).status_code == 401
        assert (await office.sign_in(browser, "operator")).status_code == 303
    assert await office.done(action="user.d") == [("boss", "user.disabled", "operator")]
    assert await office.done(action="user.e") == [("boss", "user.enabled", "operator")]


async def test_another_role_holds_at_once_and_needs_a_new_sign_in(office: Office) -> None:
    async with office.signed_in("manager") as browser:
        await office.alices.desk.change_role("manager", Role.VIEWER)
        assert (await browser.get(ORDERS)).status_code == 401
        await office.sign_in(browser, "manager")
        assert "manager is here as viewer" in (await browser.get("/")).text
        await office.alices.desk.change_role("manager", Role.VIEWER)
        assert (await browser.get(ORDERS)).status_code == 200
    assert len(await office.done(action="user.role_changed")) == 1


async def test_another_password_ends_all_sessions_and_forgets_failures(office: Office) -> None:
    async with office.signed_in("viewer") as browser:
        for _ in range(6):
            await office.sign_in(browser, "viewer", "wrong")
        assert (await office.sign_in(browser, "viewer")).status_code == 429
        await office.alices.desk.change_password("viewer", "green monkey lamp")
        assert (await browser.get(ORDERS)).status_code == 401
        assert (await office.sign_in(browser, "viewer")).status_code == 401
        assert (await office.sign_in(browser, "viewer", "green monkey lamp")).status_code == 303


async def test_an_administrator_ends_one_session_of_many(office: Office) -> None:
    async with office.signed_in("viewer") as first, office.signed_in("viewer") as second:
        users, desk = office.house.reception.users, office.alices.desk
        both = await users.sessions(office.alices.id, "viewer", office.clock())
        assert len(both) == 2
        token = first.cookies[COOKIE]
        await desk.revoke_session(both[0].id)
        left = await users.sessions(office.alices.id, "viewer", office.clock())
        assert [one.id for one in left] == [both[1].id]
        alive = [(await each.get(ORDERS)).status_code for each in (first, second)]
        assert sorted(alive) == [200, 401]
        assert token not in repr(both)
        with pytest.raises(NotPossible, match="no live session"):
            await desk.revoke_session(both[0].id)
        with pytest.raises(NotPossible, match="no live session"):
            await office.bobs.desk.revoke_session(both[1].id)
    assert ("boss", "session.revoked", both[0].id) in await office.done()


async def test_the_last_administrator_stays(office: Office) -> None:
    desk = office.alices.desk
    with pytest.raises(NotPossible, match="last administrator"):
        await desk.disable("administrator")
    with pytest.raises(NotPossible, match="last administrator"):
        await desk.change_role("administrator", Role.VIEWER)
    await desk.change_role("developer", Role.ADMINISTRATOR)
    done = await asyncio.gather(
        desk.disable("administrator"), desk.disable("developer"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "NotPossible"]
    live = "role = 'administrator' and disabled_at is null and tenant_id = %s"
    assert office.as_owner(f"select count(*) from users where {live}", office.alices.id) == [(1,)]


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("viewer", PASSWORD, "There is a user viewer already"),
        ("an na", PASSWORD, "A name has small letters"),
        ("anna", "short", "at least 12"),
        ("anna", "password12345", "first that are guessed"),
    ],
)
async def test_an_account_that_cannot_be_is_told_why(
    office: Office, name: str, password: str, says: str
) -> None:
    parts = office.house.reception
    new = NewUser(name, Role.VIEWER, password)
    with pytest.raises(NotPossible, match=says):
        await create_user(parts.users, parts.passwords, office.alices.id, new, BOSS)


async def test_who_is_not_there_cannot_be_changed(office: Office) -> None:
    for work in (
        office.alices.desk.disable("nobody"),
        office.alices.desk.change_role("nobody", Role.VIEWER),
        office.alices.desk.change_password("nobody", PASSWORD),
    ):
        with pytest.raises(NotPossible, match="There is no user nobody"):
            await work


async def test_a_change_that_fails_leaves_no_deed_and_no_deed_is_left_out(office: Office) -> None:
    before = await office.done()
    with pytest.raises(NotPossible):
        await office.alices.desk.disable("nobody")
    assert await office.done() == before
    await office.alices.desk.change_password("viewer", "green monkey lamp")
    assert await office.done() == [*before, ("boss", "user.password_changed", "viewer")]


# The first administrator ------------------------------------------------------------------------


async def empty_company(office: Office) -> Office:
    """The office, with all accounts of Alice's company gone, as it was before anybody came."""
    for table in ("sessions", "users"):
        office.as_owner(f"delete from {table} where tenant_id = %s", office.alices.id)
    return office


async def invited(office: Office) -> str:
    token = await invite_first(office.house.reception.door, office.alices.id)
    assert token is not None
    return token


def form(token: str, **other: str) -> dict[str, str]:
    return {"token": token, "name": "Anna", "password": PASSWORD, "again": PASSWORD} | other


async def test_the_first_link_makes_the_first_administrator_once(office: Office) -> None:
    await empty_company(office)
    token, other = await invited(office), await invited(office)
    async with office.browser() as browser:
        page = await browser.get(f"/welcome?token={token}")
        assert "Make the administrator" in page.text
        answer = await browser.post("/welcome", data=form(token))
        assert answer.status_code == 303
        assert "anna is here as administrator" in (await browser.get("/")).text
        for used in (token, other):
            assert (await browser.get(f"/welcome?token={used}")).status_code == 410
            assert (await browser.post("/welcome", data=form(used))).status_code == 410
    assert await invite_first(office.house.reception.door, office.alices.id) is None
    assert [deed[:2] for deed in (await office.done())[-4:]] == [
        ("orderwatch", "user.invited"),
        ("orderwatch", "user.invited"),
        ("anna", "user.welcomed"),
        ("anna", "session.started"),
    ]


async def test_two_who_come_with_first_links_at_once_make_one_administrator(
    office: Office,
) -> None:
    await empty_company(office)
    tokens = [await invited(office), await invited(office)]
    async with office.browser() as browser:
        answers = await asyncio.gather(
            *(
                browser.post("/welcome", data=form(token, name=f"anna{number}"))
                for number, token in enumerate(tokens)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 410]


async def test_a_link_expires_and_a_made_up_one_never_was(office: Office) -> None:
    await empty_company(office)
    token = await invited(office)
    office.clock.forward(INVITATION_LASTS)
    async with office.browser() as browser:
        for link in (token, "owi_" + "A" * 43, "", "x"):
            assert (await browser.get("/welcome", params={"token": link})).status_code == 410
            assert (await browser.post("/welcome", data=form(link))).status_code == 410


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"again": "another monkey lamp"}, "not the same"),
        ({"password": "short", "again": "short"}, "at least 12"),
        ({"name": "no name"}, "A name has"),
    ],
)
async def test_a_first_account_that_cannot_be_leaves_the_link_good(
    office: Office, typed: dict[str, str], says: str
) -> None:
    await empty_company(office)
    token = await invited(office)
    async with office.browser() as browser:
        answer = await browser.post("/welcome", data=form(token, **typed))
        assert answer.status_code == 422
        assert says in said(answer)
        assert (await browser.post("/welcome", data=form(token))).status_code == 303


async def test_a_form_of_another_site_welcomes_nobody(office: Office) -> None:
    await empty_company(office)
    token = await invited(office)
    async with office.browser() as browser:
        answer = await browser.post(
            "/welcome", data=form(token), headers={"origin": "https://elsewhere.example"}
        )
        assert answer.status_code == 403
        assert (await browser.get(f"/welcome?token={token}")).status_code == 200


# Two companies ----------------------------------------------------------------------------------

TABLES = ["users", "sessions", "guesses", "invitations", "audit_log"]


async def everything(office: Office) -> None:
    """Both companies have rows in every table."""
    for company in (office.alices, office.bobs):
        async with office.signed_in("viewer", company) as browser:
            await office.sign_in(browser, "viewer", "wrong", company=company)
        office.as_owner(
            "insert into invitations (tenant_id, token_hash, expires_at) "
            "values (%s, sha256(%s::text::bytea), now())",
            company.id,
            f"{company.name}",
        )


@pytest.mark.parametrize("table", TABLES)
async def test_a_company_sees_and_changes_its_own_people_alone(office: Office, table: str) -> None:
    await everything(office)
    database = office.house.database
    for company in (office.alices, office.bobs):
        async with database.tenant(company.id) as connection:
            rows = await connection.execute(f"select distinct tenant_id from {table}")
            assert await rows.fetchall() == [(company.id,)]
    async with database.unbound() as connection:
        assert await (await connection.execute(f"select 1 from {table}")).fetchall() == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.tenant(office.alices.id) as connection:
            await connection.execute(f"update {table} set tenant_id = %s", [office.bobs.id])


async def test_a_presented_token_shows_that_one_session_and_cannot_change_it(
    office: Office,
) -> None:
    await everything(office)
    database = office.house.database
    ((token, tenant),) = office.as_owner(
        "select token_hash, tenant_id from sessions where tenant_id = %s", office.bobs.id
    )
    async with database.presented_token(bytes(token)) as connection:
        rows = await connection.execute("select tenant_id from sessions")
        assert await rows.fetchall() == [(tenant,)]
        changed = await connection.execute("update sessions set expires_at = 'infinity'")
        assert changed.rowcount == 0
        for table in ("users", "audit_log", "guesses"):
            assert await (await connection.execute(f"select 1 from {table}")).fetchall() == []


async def test_nobody_is_found_by_a_name_alone(office: Office) -> None:
    people = PostgresPeople(office.house.database)
    assert await people.tenant_named("no-such-company") is None
    assert await people.tenant_count() >= 2
