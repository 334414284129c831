"""A browser, and what its pages must never do: speak to another host, or complain."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, sync_playwright
from tests.acceptance.browser.stage import Stage, stage

CHROMIUM = Path(os.environ.get("ORDERWATCH_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the system has it. It must be gone before another file's tests run a loop."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM} (install chromium, or set ORDERWATCH_TEST_CHROMIUM)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def running(database_url: str) -> Iterator[Stage]:
    """A server with pages, that lets this machine in."""
    with stage(database_url) as server:
        yield server


class Watched:
    """Opens pages and notes what they should not do; `allow` names complaints that are due."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.faults: list[str] = []
        self.hosts: set[str] = set()
        self.allow: tuple[str, ...] = ()

    def open(
        self,
        url: str,
        width: int = 1440,
        height: int = 900,
        zone: str = "UTC",
        session: StorageState | None = None,
    ) -> Page:
        """A page in a fresh browser profile, or in one of somebody who is signed in."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, timezone_id=zone, storage_state=session
        )
        page = context.new_page()
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        page.goto(url)
        return page

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type in {"error", "warning"}:
            self.faults.append(said.text)

    def unexpected(self) -> list[str]:
        """Complaints nobody expected."""
        return [text for text in self.faults if not any(due in text for due in self.allow)]

    def close(self) -> None:
        """Close every page."""
        for context in self.browser.contexts:
            context.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Every test ends with: no complaint, no host but ours."""
    pages = Watched(browser)
    yield pages
    pages.close()
    assert pages.unexpected() == []
    assert len(pages.hosts) <= 1, pages.hosts


@pytest.fixture
def open_page(watched: Watched) -> Callable[..., Page]:
    """Open a page of the console."""
    return watched.open
