"""Every page by axe-core: nothing serious or critical, light and dark, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.every_page import PAGES, visit
from tests.acceptance.browser.furnished import Furnished, furnished_stage, sign_in
from tests.acceptance.browser.stage import stage

from orderwatch.app.sign_in import invite_first

AXE = Path(__file__).parents[3] / "browser" / "node_modules" / "axe-core" / "axe.min.js"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# A box of the flow map shows "p50 2 s"; its name begins with the system's and says that in words.
SAID_OTHERWISE = ("label-content-name-mismatch", 'class="node')
GRAVE = ("serious", "critical")
FINDINGS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map(({id, impact, nodes}) => ({id, impact, at: nodes.map((it) => it.html)}))"""


@pytest.fixture(scope="module")
def furnished(module_database_url: str, browser: Browser) -> Iterator[Furnished]:
    with furnished_stage(module_database_url, browser) as made:
        yield made


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_grave(furnished: Furnished, watched: Watched, name: str) -> None:
    watched.allow = ("404", "422")
    page = watched.open(f"{furnished.server.url}/healthz", session=furnished.session)
    visit(page, furnished.server.url, PAGES[name], furnished.values)
    assert findings(page) == []


def test_nor_on_a_page_that_is_not_for_this_person(furnished: Furnished, watched: Watched) -> None:
    watched.allow = ("403",)
    browser = watched.browser
    url = f"{furnished.server.url}/settings/people"
    page = watched.open(url, session=sign_in(browser, furnished.server, "vic"))
    assert "not for your role" in (page.text_content("main") or "")
    assert findings(page) == []


def test_nor_where_people_sign_in(furnished: Furnished, watched: Watched) -> None:
    assert findings(watched.open(f"{furnished.server.url}/login")) == []


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
    return [each for each in found if not _is_said_otherwise(each[2])]


def _is_said_otherwise(found: dict[str, Any]) -> bool:
    rule, mark = SAID_OTHERWISE
    return found["id"] == rule and all(mark in html for html in found["at"])
