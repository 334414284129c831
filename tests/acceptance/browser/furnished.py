"""A server with something on every page, and somebody who may see all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct
from playwright.sync_api import Browser, StorageState
from tests.acceptance.browser.every_page import PASSWORD
from tests.acceptance.browser.stage import Stage, event, stage
from tests.incidents import a_member, a_message, an_incident, keep, keep_notice

from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.core.ingest.batch import Batch, Refused
from orderwatch.core.ingest.judge import judge_event
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Role


class Furnished(Struct):
    """The server, what its pages are about, and the session of Anna, its administrator."""

    server: Stage
    values: Mapping[str, str]
    session: StorageState


@contextmanager
def furnished_stage(database_url: str, browser: Browser) -> Iterator[Furnished]:
    """An order that failed, one that is overdue and one that waits; a dead letter; an incident."""
    with stage(database_url, open_on_loopback=False) as server:
        reason = {"code": "PRICING", "text": "the price has changed"}
        server.post(
            event("o-1", "phoenix_oms", "PENDING", ago=1200),
            event("o-1", "commerce_engine", "REJECTED", reason=reason),
        )
        server.post(event("o-2", "phoenix_oms", "PENDING", ago=1200))
        server.post(event("o-3", "phoenix_oms", "PENDING"))
        letter = refuse(server)
        server.watch(datetime.now(UTC))
        incident = tell_of_it(server)
        book = server.house.books.default.replace("trouble_share > 0.05", "trouble_share > 0.05 ")
        store = server.house.book_store
        server.run(store.apply(server.tenant, "default", book, 0, THE_PRODUCT))
        people(server)
        values = {
            "order": "o-1",
            "system": "commerce_engine",
            "letter": str(letter),
            "incident": str(incident),
        }
        yield Furnished(server, values, sign_in(browser, server))


def refuse(server: Stage) -> int:
    """One event that cannot be used."""
    wrong = event("o-4", "stock", "RESERVED") | {"time": "yesterday"}
    bodies = json.dumps(wrong).encode()
    refused = judge_event(0, bodies, Limits())
    assert isinstance(refused, Refused)
    server.run(server.house.ledger.record(server.tenant, Batch([], [refused])))
    return server.run(_newest_letter(server))


async def _newest_letter(server: Stage) -> int:
    async with server.house.database.tenant(server.tenant) as connection:
        found = await connection.execute("select max(dead_letter_id) from dead_letters")
        row = await found.fetchone()
    assert row is not None
    return int(row[0])


def tell_of_it(server: Stage) -> int:
    """An incident that is silenced, a notice of it, and one that is grouped under it."""
    at = datetime.now(UTC)
    database, tenant = server.house.database, server.tenant
    firing = an_incident(at, quiet="silenced: known")
    made = server.run(keep(database, tenant, firing, [a_member("o-1", at)]))
    server.run(keep_notice(database, tenant, a_message(at), at, incident_id=made))
    server.run(keep(database, tenant, an_incident(at, group="x", parent=made)))
    return int(made)


def people(server: Stage) -> None:
    """Anna, who may do everything, and Vic, who may look."""
    parts = server.house.reception
    for name, role in (("anna", Role.ADMINISTRATOR), ("vic", Role.VIEWER)):
        new = NewUser(name, role, PASSWORD)
        server.run(create_user(parts.users, parts.passwords, server.tenant, new, THE_PRODUCT))


def sign_in(browser: Browser, server: Stage, name: str = "anna") -> StorageState:
    """The session of somebody who signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    session = context.storage_state()
    context.close()
    return session
