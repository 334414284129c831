"""Makes the pictures in this folder, from the product itself: a bad day on a simulated morning.

    .venv/bin/python docs/images/make.py        (after ./dev test has set it up)

Needs Chromium (ORDERWATCH_TEST_CHROMIUM, by default /usr/bin/chromium).
"""

# ruff: noqa: INP001 - a program of its own
from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace
from playwright.sync_api import Browser, sync_playwright

FOLDER: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from tests.acceptance.browser.conftest import CHROMIUM, FLAGS  # noqa: E402
from tests.acceptance.browser.stage import Stage, event, stage  # noqa: E402

from orderwatch.adapters.postgres.alerting import PostgresAlerting  # noqa: E402
from orderwatch.adapters.postgres.embedded import EmbeddedPostgres  # noqa: E402
from orderwatch.adapters.postgres.figures import PostgresFigures  # noqa: E402
from orderwatch.adapters.postgres.migrate import migrate  # noqa: E402
from orderwatch.app.evaluate_alerts import Alerting, evaluate_alerts  # noqa: E402
from orderwatch.app.find_commonality import FoundCommonality  # noqa: E402
from orderwatch.app.look_at_figures import LookAtFigures  # noqa: E402
from orderwatch.app.send_notices import send_notices  # noqa: E402
from orderwatch.core.alerting.incident import IncidentId, IncidentState  # noqa: E402
from orderwatch.core.alerting.incident_queries import IncidentFilter  # noqa: E402
from orderwatch.core.ingest.batch import Batch, Refused  # noqa: E402
from orderwatch.core.ingest.judge import judge_event  # noqa: E402
from orderwatch.core.ingest.limits import Limits  # noqa: E402
from orderwatch.core.model import FieldError  # noqa: E402
from orderwatch.core.people.audit import Actor, ActorKind  # noqa: E402
from orderwatch.core.simulation.faults import DEMO_FAULTS, FaultRule  # noqa: E402
from orderwatch.core.simulation.lotus_o2o import LOTUS_O2O  # noqa: E402
from orderwatch.core.simulation.simulate import simulate  # noqa: E402
from orderwatch.entrypoints.cli.web import handling_desk  # noqa: E402

HOURS: Final = 5
SILENT_FOR: Final = timedelta(minutes=37)
SEEN_AGO: Final = timedelta(minutes=18)
TOO_LARGE: Final = 250_000
NEVER: Final = FieldError("subject", "no order 2000000001 was announced by the OMS within a day")


class Picture(NamedTuple):
    """One file: which page, how large a window, which theme and language."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    theme: Literal["light", "dark"] = "light"
    live: bool = True
    language: str = "en"


def main() -> None:
    """Play the day, then take every picture."""
    with EmbeddedPostgres.temporary() as database:
        migrate(database.url)
        with stage(database.url) as server, sync_playwright() as playwright:
            now = datetime.now(UTC)
            play_good_day(server, now - timedelta(days=1))
            play_bad_day(server, now)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            worst = raise_alarms(server, now)
            order = f"/orders/{overdue_order(browser, server)}"
            refuse_some(server)
            try_out(browser, server)
            for picture in (
                Picture("overview-light", "/"),
                Picture("overview-dark", "/", theme="dark"),
                Picture("orders-light", f"/orders?{beside(browser, server)}", height=800),
                Picture("orders-phone", "/orders", 390, 844),
                Picture("order-overdue", order, height=1010),
                Picture("phone", "/", 390, 844),
                Picture("overview-thai", "/", height=1010, language="th"),
                Picture("order-thai-phone", order, 390, 844, theme="dark", language="th"),
                Picture("systems", "/systems", height=560),
                Picture("system", "/systems/commerce_engine", height=1010),
                Picture("wall", "/wall?range=24h", 1440, 810, theme="dark"),
                Picture("dead-letters", "/dead-letters", height=760),
                Picture("settings", "/settings/flow", height=980, live=False),
                Picture("incidents", "/incidents", height=820),
                Picture("incidents-phone", "/incidents", 390, 844, theme="dark"),
                Picture("incident", f"/incidents/{worst}", height=1010),
                Picture("incident-dark", f"/incidents/{worst}", height=1010, theme="dark"),
                Picture("mailbox", "/mailbox", height=820),
            ):
                take(browser, server, picture)
            browser.close()


def play_good_day(server: Stage, now: datetime) -> None:
    """The same hours of the day before, when nothing was wrong; all of it has ended since."""
    hours = replace(LOTUS_O2O.hours, opens=0, closes=24)
    plan = replace(
        LOTUS_O2O, orders=HOURS * 280, per_minute=280 / 60, hours=hours, first_order=2_100_000_001
    )
    server.replay(simulate(plan, 5, now - timedelta(hours=HOURS)), now + timedelta(hours=12))


def play_bad_day(server: Stage, now: datetime) -> None:
    """Five hours of orders; one system is silent at the end, and many prices are refused."""
    second = (now + LOTUS_O2O.utc_offset).timestamp() % 86_400
    silent_from = (second - SILENT_FOR.total_seconds()) % 86_400
    until = (second + 3600) % 86_400
    faults = (
        *DEMO_FAULTS,
        FaultRule(kind="silent", rate=1, system="invoice", since=silent_from, until=until),
        FaultRule(kind="rejected", rate=0.2, since=(second - 1200) % 86_400, until=until),
    )
    hours = replace(LOTUS_O2O.hours, opens=0, closes=24)
    plan = replace(LOTUS_O2O, orders=HOURS * 300, per_minute=5.0, hours=hours)
    server.replay(simulate(plan, 11, now - timedelta(hours=HOURS), faults), now)


def raise_alarms(server: Stage, now: datetime) -> IncidentId:
    """Evaluate the rules as of a while ago and as of now, and send what is due to the mailbox.

    Somebody takes one incident and writes on it; the id of the one that touches most orders.
    """
    for at in (now - SEEN_AGO, now):
        server.run(evaluate(server, at))
    house, tenant = server.house, server.tenant
    server.run(send_notices(house.post.sending, tenant, "LOTUS'S O2O", "mailbox"))
    query = IncidentFilter(IncidentState.FIRING)
    found = server.run(house.incidents.incidents(tenant, query, 50, None))
    worst = max(found, key=lambda one: (one.rule == "order_failed", one.orders))
    silent = next((one for one in found if one.rule == "system_silent"), worst)
    desk = handling_desk(house, tenant, "somchai", Actor(ActorKind.PERSON, "somchai"))
    server.run(desk.acknowledge(silent.id))
    server.run(desk.comment(worst.id, "The vendor sent a price list with empty rows."))
    return worst.id


async def evaluate(server: Stage, at: datetime) -> None:
    """Rounds of all rules at an instant, until nothing that was noted waits."""
    house, tenant = server.house, server.tenant
    figures = PostgresFigures(house.database)
    commonality = FoundCommonality(figures, lambda: at)
    store = PostgresAlerting(house.database)
    alerting = Alerting(store, LookAtFigures(figures), commonality, lambda: at)
    book, template = await house.books.of(tenant), await house.templates.of(tenant)
    while (await evaluate_alerts(alerting, tenant, book, template)).more:
        pass


def overdue_order(browser: Browser, server: Stage) -> str:
    """The newest order that waits for the silent system."""
    page = browser.new_page()
    page.goto(server.url)
    row = page.locator(".trouble li", has_text="Invoice has not answered").nth(2)
    order_id = row.get_attribute("data-key")
    page.close()
    assert order_id is not None
    return order_id


def refuse_some(server: Stage) -> None:
    """Events that cannot be applied: amounts as numbers, a vendor's type, and no JSON at all."""
    wrong = [event(f"20000{n:05}", "stock", "RESERVED") for n in range(57)]
    for one in wrong:
        one["data"]["amount"] = {"value": 1250, "currency": "THB"}
    strange = [event(f"20001{n:05}", "checkout", "CAPTURED") for n in range(12)]
    bodies = [json.dumps(one | {"type": "com.vendor.payment"}).encode() for one in strange]
    bodies += [json.dumps(one).encode() for one in wrong]
    early = json.dumps(event("2000000001", "rider_app", "DELIVERED")).encode()
    refused = [judge_event(0, body, Limits()) for body in [*bodies, b'{"specversion": "1.0", ']]
    waited = Refused(index=0, code="never_announced", errors=(NEVER,), payload=early)
    batch = Batch([], [one for one in refused if isinstance(one, Refused)])
    batch.rejected.append(replace(waited, system="rider_app"))
    server.run(server.house.ledger.record(server.tenant, batch))


def try_out(browser: Browser, server: Stage) -> None:
    """Somebody wants to know what a retry would do."""
    page = browser.new_page()
    page.goto(f"{server.url}/dead-letters")
    page.locator("tr", has_text="Stock").get_by_role("button", name="Dry run").click()
    page.wait_for_selector(".work-title")
    page.close()


def beside(browser: Browser, server: Stage) -> str:
    """The list of overdue orders, the third of them open."""
    page = browser.new_page()
    page.goto(f"{server.url}/orders?overdue=true")
    order_id = page.locator("tr.row").nth(2).get_attribute("data-key")
    page.close()
    return f"overdue=true&beside={order_id}"


def take(browser: Browser, server: Stage, picture: Picture) -> None:
    """Open the page, wait until it is live, and keep what it looks like."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.theme,
        locale=picture.language,
        timezone_id="Asia/Bangkok",
        reduced_motion="reduce",
    )
    page.goto(server.url + picture.path)
    if picture.live:
        page.wait_for_selector("[data-pulse=live]")
    file = FOLDER / f"{picture.name}.png"
    page.screenshot(path=file)
    page.close()
    size = file.stat().st_size
    sys.stdout.write(f"{file.name} {size // 1000} kB\n")
    assert size < TOO_LARGE, f"{file.name} is too large to keep"


if __name__ == "__main__":
    main()
