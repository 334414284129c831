"""When a page is first seen: first contentful paint in real Chromium, of a server that runs.

    .venv/bin/python -m tests.paint http://127.0.0.1:8080 KEY [TIMES]

KEY is one that may read. Each page is opened so often in a browser that has never seen it, and
again in the same one; what counts is the time from asking for the page to its first text on the
screen. Say beside the figures how many orders there are and what else the machine had to do.
"""

# ruff: noqa: T201 - a program that is read on the terminal
from __future__ import annotations

import sys
from statistics import median, quantiles
from typing import Final
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from tests.acceptance.browser.conftest import CHROMIUM, FLAGS

WANTED_MS: Final = 200.0
PAINTED: Final = """() => new Promise((done) => {
  const seen = (list) => {
    const first = list.find((entry) => entry.name === "first-contentful-paint");
    if (first) done(first.startTime);
  };
  const watching = new PerformanceObserver((list) => seen(list.getEntries()));
  watching.observe({type: "paint", buffered: true});
})"""


def main() -> None:
    """Print a line for each page, and whether the goal is met."""
    url, key, *times = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"{'page':28}{'new: median':>12}{'p95':>8}{'again: median':>15}{'p95':>8}  (ms)")
        for name, path in paths(browser, url, key).items():
            new, again = measured(browser, url, key, path, int(times[0]) if times else 20)
            worst = max(p95(new), p95(again))
            print(
                f"{name:28}{median(new):12.0f}{p95(new):8.0f}{median(again):15.0f}{p95(again):8.0f}"
                f"  {'met' if worst < WANTED_MS else f'over {WANTED_MS:.0f} ms'}"
            )
        browser.close()


def paths(browser: Browser, url: str, key: str) -> dict[str, str]:
    """The pages, on a week that has orders and on the newest order of all."""
    page = signed_in(browser, url, key)
    found = page.request.get(f"{url}/api/v1/orders?limit=1&class=success").json()["items"]
    newest = found[0]
    order = f"/orders/{newest['order_id']}"
    ends = str(newest["placed_at"])[:16]
    starts = f"{ends[:8]}01T00:00"
    week = urlencode({"from": f"{starts}+00:00", "to": f"{ends}+00:00"})
    page.context.close()
    return {
        "sign-in, for comparison": "/login",
        "overview": "/",
        "overview of weeks": f"/?{week}",
        "orders": "/orders",
        "orders of weeks": f"/orders?{week}",
        "orders, failed": f"/orders?class=failed&{week}",
        "one order": order,
        "systems": "/systems",
        "systems of weeks": f"/systems?{week}",
        "one system": f"/systems/commerce_engine?{week}",
        "incidents": "/incidents",
        "alert rules": "/settings/alerts",
    }


def measured(
    browser: Browser, url: str, key: str, path: str, times: int
) -> tuple[list[float], list[float]]:
    """Milliseconds to the first paint in browsers that are new to it, and once more in each."""
    new: list[float] = []
    again: list[float] = []
    for _ in range(times):
        page = signed_in(browser, url, key)
        for taken in (new, again):
            page.goto(url + path, wait_until="commit")
            taken.append(float(page.evaluate(PAINTED)))
            page.goto("about:blank")
        page.context.close()
    return new, again


def signed_in(browser: Browser, url: str, key: str) -> Page:
    """A browser with nothing but a session, that has fetched no script and no style."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    answer = context.request.post(
        f"{url}/login", form={"key": key}, headers={"origin": url}, max_redirects=0
    )
    assert answer.status == 303, answer.text()
    return context.new_page()


def p95(taken: list[float]) -> float:
    return quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    main()
