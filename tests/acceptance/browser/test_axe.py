"""Every page by axe-core: nothing serious or critical, light and dark, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
from playwright.sync_api import Page
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event, stage
from tests.incidents import a_member, a_message, an_incident, keep, keep_notice

from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.app.sign_in import invite_first
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Role

PASSWORD = "purple monkey lamp"
AXE = Path(__file__).parents[3] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/",
    "/wall",
    "/orders",
    "/orders?class=failed",
    "/orders/o-1",
    "/orders/nowhere",
    "/systems",
    "/systems/commerce_engine",
    "/dead-letters",
    "/parked",
    "/incidents",
    "/incidents?state=all",
    "/incidents/1",
    "/silences?system=stock",
    "/channels",
    "/channels/mailbox",
    "/mailbox",
    "/settings/flow",
    "/settings/flow/versions/1",
    "/settings/flow/edit",
    "/settings/thresholds",
    "/settings/keys",
    "/settings/people",
    "/settings/server",
    "/settings/audit",
)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A box of the flow map shows "p50 2 s"; its name begins with the system's and says that in words.
SAID_OTHERWISE = "label-content-name-mismatch"
GRAVE = ("serious", "critical")
FINDINGS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map(({id, impact, nodes}) => ({id, impact, at: nodes.map((it) => it.html)}))"""


@pytest.fixture(scope="module")
def furnished(module_database_url: str) -> Iterator[Stage]:
    """A server with an order that failed, one that is overdue and one that waits."""
    with stage(module_database_url, open_on_loopback=False) as server:
        reason = {"code": "PRICING", "text": "the price has changed"}
        server.post(
            event("o-1", "phoenix_oms", "PENDING", ago=1200),
            event("o-1", "commerce_engine", "REJECTED", reason=reason),
        )
        server.post(event("o-2", "phoenix_oms", "PENDING", ago=1200))
        server.post(event("o-3", "phoenix_oms", "PENDING"))
        server.watch(datetime.now(UTC))
        at = datetime.now(UTC)
        database, tenant = server.house.database, server.tenant
        firing = an_incident(at, quiet="silenced: known")
        made = server.run(keep(database, tenant, firing, [a_member("o-1", at)]))
        server.run(keep_notice(database, tenant, a_message(at), at, incident_id=made))
        server.run(keep(database, tenant, an_incident(at, group="x", parent=made)))
        parts = server.house.reception
        anna = NewUser("anna", Role.ADMINISTRATOR, PASSWORD)
        server.run(create_user(parts.users, parts.passwords, server.tenant, anna, THE_PRODUCT))
        yield server


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_grave(furnished: Stage, watched: Watched, path: str) -> None:
    watched.allow = ("404",)
    page = watched.open(f"{furnished.url}/login?next={quote(path)}")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(furnished.url + path)
    assert findings(page) == []


def test_nor_where_people_sign_in(furnished: Stage, watched: Watched) -> None:
    assert findings(watched.open(f"{furnished.url}/login")) == []


def test_nor_where_the_first_one_is_welcomed(database_url: str, watched: Watched) -> None:
    with stage(database_url, open_on_loopback=False) as server:
        token = server.run(invite_first(server.house.reception.door, server.tenant))
        assert findings(watched.open(f"{server.url}/welcome?token={token}")) == []


def findings(page: Page) -> list[tuple[str, int, dict[str, Any]]]:
    """What axe calls serious or critical, with the theme and the width where it is so.

    It is put in past the page's own policy, which lets in no script of another's.
    """
    page.evaluate(AXE.read_text() + ";0")
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            said: list[dict[str, Any]] = page.evaluate(FINDINGS)
            found += [(theme, width, it) for it in said if it["impact"] in GRAVE]
    return [each for each in found if each[2]["id"] != SAID_OTHERWISE]
