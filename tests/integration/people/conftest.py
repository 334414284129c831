"""Two companies with people of all roles, on a real database, and browsers to sign in with."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
import psycopg
import pytest
from argon2.profiles import CHEAPEST
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.adapters.argon2id import Argon2idPasswords
from orderwatch.adapters.postgres.audit import PostgresAudit
from orderwatch.adapters.postgres.people import PostgresPeople
from orderwatch.adapters.postgres.users import PostgresUsers
from orderwatch.app.administer import create_key, create_tenant
from orderwatch.app.audit import Wanted, verify_audit
from orderwatch.app.manage_users import NewUser, UserDesk, create_user
from orderwatch.app.sign_in import SignInDoor
from orderwatch.bootstrap import House, default_template, open_house
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, ActorKind, Checked
from orderwatch.core.people.roles import Role
from orderwatch.core.people.sessions import Lasting
from orderwatch.entrypoints.cli.web import web_app
from orderwatch.settings import Settings

PASSWORD: Final = "purple monkey lamp"
HOST: Final = "orders.example"
BOSS: Final = Actor(ActorKind.CLI, "boss")
COOKIE: Final = "orderwatch_session"
NUMBERS = count()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 10, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, by: timedelta) -> None:
        self.at += by


class Company(Struct, frozen=True):
    """A tenant whose people are called after their roles and have the same password."""

    id: TenantId
    name: str
    desk: UserDesk


class Office(Struct, frozen=True):
    """Two companies, the whole application for them, and its clock."""

    url: str
    house: House
    app: Litestar
    clock: Clock
    alices: Company
    bobs: Company

    def browser(self, address: str = "10.0.0.7", scheme: str = "https") -> httpx.AsyncClient:
        """A browser at an address; it keeps cookies, and says where its forms come from."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 4711))  # type: ignore[arg-type]
        url = f"{scheme}://{HOST}"
        return httpx.AsyncClient(transport=transport, base_url=url, headers={"origin": url})

    @asynccontextmanager
    async def signed_in(
        self, role: str, company: Company | None = None, **more: str
    ) -> AsyncIterator[httpx.AsyncClient]:
        """The browser of a role's person."""
        async with self.browser(**more) as browser:
            answer = await self.sign_in(browser, role, company=company)
            assert answer.status_code == 303, answer.text
            yield browser

    async def sign_in(
        self,
        browser: httpx.AsyncClient,
        name: str,
        password: str = PASSWORD,
        company: Company | None = None,
        **more: str,
    ) -> httpx.Response:
        """Send the form."""
        tenant = (company or self.alices).name
        typed = {"name": name, "password": password, "tenant": tenant, **more}
        return await browser.post("/login", data=typed)

    async def done(self, company: Company | None = None, action: str = "") -> list[tuple[Any, ...]]:
        """What the audit log says was done, oldest first: who, what, to what."""
        tenant = (company or self.alices).id
        rows = await self.house.reception.audit.newest(tenant, Wanted(10_000, action=action))
        return [(row.actor.name, row.deed.action, row.deed.subject) for row in reversed(rows)]

    async def verified(self, company: Company | None = None) -> Checked:
        """The log as it is checked."""
        return await verify_audit(self.house.reception.audit, (company or self.alices).id)

    def as_owner(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database's owner sees or does, who is above every rule."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def office(module_database_url: str) -> AsyncIterator[Office]:
    settings = Settings(
        database_url=module_database_url,
        log_steps=False,
        session_secret="s" * 32,
        personal_fields="loyalty",
    )
    clock = Clock()
    lasting = Lasting(timedelta(hours=2), timedelta(hours=24))
    async with open_house(settings, module_database_url) as opened:
        passwords = Argon2idPasswords(CHEAPEST)
        people = PostgresPeople(opened.database)
        reception = replace(
            opened.reception,
            door=SignInDoor(people, passwords, clock, os.urandom, lasting),
            users=PostgresUsers(opened.database, lasting),
            audit=PostgresAudit(opened.database),
            passwords=passwords,
        )
        house = replace(opened, reception=reception)
        companies = [await _company(house, name, clock) for name in ("alice", "bob")]
        yield Office(module_database_url, house, web_app(house), clock, *companies)
        passwords.close()


async def _company(house: House, name: str, clock: Clock) -> Company:
    name = f"{name}-{next(NUMBERS)}"
    tenant = await create_tenant(house.directory, name, default_template())
    parts = house.reception
    for role in Role:
        new = NewUser(str(role), role, PASSWORD)
        await create_user(parts.users, parts.passwords, tenant, new, BOSS)
    return Company(tenant, name, UserDesk(parts.users, parts.passwords, tenant, BOSS, clock))


async def read_key(office: Office, company: Company) -> str:
    """A key that may read."""
    made = await create_key(office.house.directory, company.id, "/", True, os.urandom, BOSS)
    return made.text


def said(page: httpx.Response) -> str:
    """The alert on a page, as it is read."""
    found = re.search(r'role="alert">(.*?)</p>', page.text, flags=re.DOTALL)
    assert found is not None, page.text
    return re.sub(r"<[^>]+>", "", found[1]).strip()
