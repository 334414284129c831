"""Incidents on a screen: live, by keyboard, under a thumb, and with two people at once."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event
from tests.acceptance.browser.test_overview import NOTE_CHANGE, live
from tests.incidents import a_member, a_message, an_incident, keep, keep_notice

from orderwatch.core.alerting.incident import IncidentId, Member
from orderwatch.core.people.audit import Actor, ActorKind
from orderwatch.entrypoints.cli.web import handling_desk

Open = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
MINUTE = timedelta(minutes=1)


def happens(
    server: Stage, members: list[Member] | None = None, ago: float = 5, **more: Any
) -> IncidentId:
    """An incident fires, and open pages are told, as the evaluation does it."""
    at = datetime.now(UTC) - ago * MINUTE
    incident = an_incident(**{"at": at} | more)
    made = server.run(keep(server.house.database, server.tenant, incident, members or []))
    server.loop.call_soon_threadsafe(
        server.house.announcements.announce_incidents, server.tenant, [made]
    )
    return made


def mali_acknowledges(server: Stage, incident: IncidentId) -> None:
    desk = handling_desk(server.house, server.tenant, "mali", Actor(ActorKind.PERSON, "mali"))
    server.run(desk.acknowledge(incident))


def test_an_incident_stands_on_the_open_page_within_a_second(
    running: Stage, open_page: Open
) -> None:
    page = live(open_page(f"{running.url}/incidents"))
    took = []
    for number in range(1, 6):
        page.evaluate(NOTE_CHANGE, ["main h1", f"{number} incident"])
        began = datetime.now(UTC).timestamp()
        happens(running, group=f"system-{number}")
        took.append(page.evaluate("window.seen") - began)
    assert statistics.median(took) < 1, took


def test_an_incident_stands_on_every_open_page(running: Stage, open_page: Open) -> None:
    page = open_page(f"{running.url}/incidents")
    expect(page.locator("main")).to_contain_text("Nothing goes on.")
    overview = page.context.new_page()
    overview.goto(running.url)
    expect(overview.locator(".badge")).to_be_hidden()
    expect(page.locator(".pulse")).to_have_attribute("data-pulse", "live")
    happens(running)
    row = page.locator("tr.incident")
    expect(row).to_contain_text("3 orders failed at Commerce Engine: pricing")
    expect(row).to_contain_text("67 % of them: store TH-0412, usually 3 %")
    expect(page.locator("h1")).to_contain_text("1 incident goes on, 1 of them is nobody's yet.")
    expect(overview.locator(".badge")).to_have_text(re.compile("1"))
    overview.get_by_role("link", name="1 incident goes on.").click()
    expect(overview.locator("tr.incident")).to_have_count(1)


def test_an_order_names_the_incidents_it_is_part_of(running: Stage, open_page: Open) -> None:
    running.post(event("o-1", "phoenix_oms", "PENDING"))
    made = happens(running, [a_member("o-1", datetime.now(UTC))])
    page = open_page(f"{running.url}/orders/o-1")
    page.get_by_role("link", name="3 orders failed at Commerce Engine: pricing").click()
    expect(page).to_have_url(f"{running.url}/incidents/{made}")


def test_the_keyboard_walks_acknowledges_and_opens(running: Stage, open_page: Open) -> None:
    older = happens(running, group="a", ago=9)
    happens(running, group="b", title="7 orders failed at Stock: out of stock")
    page = open_page(f"{running.url}/incidents")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_attribute("data-key", str(older))
    page.keyboard.press("a")
    row = page.locator(f'tr[data-key="{older}"]')
    expect(row.locator(".who")).to_contain_text("demo")
    expect(row.get_by_role("button")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("7 orders failed at Stock: out of stock")
    page.keyboard.press("a")
    expect(page.locator(".incident-figures .person")).to_have_text("demo")


def test_somebody_elses_acknowledgement_arrives_and_a_late_one_is_told(
    running: Stage, open_page: Open
) -> None:
    made = happens(running)
    page = open_page(f"{running.url}/incidents/{made}")
    expect(page.locator(".pulse")).to_have_attribute("data-pulse", "live")
    mali_acknowledges(running, made)
    expect(page.locator(".incident-figures .person")).to_have_text("mali", timeout=2_000)
    expect(page.locator(".history")).to_contain_text("Acknowledged by mali")
    # Whoever pressed at the same moment is told who was faster.
    page.evaluate(
        """() => { const form = document.createElement('form'); form.method = 'post';
           form.action = location.pathname + '/acknowledge'; document.body.append(form);
           form.requestSubmit(); }"""
    )
    expect(page.get_by_role("alert")).to_contain_text("Somebody else acknowledged it")


def test_an_incident_is_assigned_commented_silenced_and_taken_back(
    running: Stage, open_page: Open
) -> None:
    made = happens(running)
    page = open_page(f"{running.url}/incidents/{made}")
    page.get_by_text("Assign…").click()
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.locator(".incident-figures")).to_contain_text("assigned, not acknowledged")
    page.get_by_placeholder("Write down what you know").fill("The vendor <b>knows</b>.")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator(".noted")).to_contain_text("The vendor <b>knows</b>.")
    page.get_by_text("Silence…").click()
    page.get_by_label("Why?").fill("a price list is being mended")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.locator(".history")).to_contain_text("a price list is being mended")
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("button", name="Take the acknowledgement back").click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(page.locator(".history")).to_contain_text("demo took the acknowledgement back")


def test_its_orders_stand_there_as_they_are_now(running: Stage, open_page: Open) -> None:
    running.post(
        event("o-1", "phoenix_oms", "PENDING", amount={"value": "90.00", "currency": "THB"})
    )
    running.post(event("o-1", "commerce_engine", "REJECTED"))
    at = datetime.now(UTC)
    members = [a_member("o-1", at), *(a_member(f"x-{n}", at, marks=()) for n in range(14))]
    made = happens(running, members, orders=15, still_open=1)
    page = open_page(f"{running.url}/incidents/{made}")
    row = page.locator('.members li[data-key="o-1"]')
    expect(row).to_contain_text("Failed")
    page.get_by_role("link", name="1 in trouble").click()
    expect(page.locator(".members li")).to_have_count(1)
    running.post(event("o-1", "commerce_engine", "ACCEPTED"))
    expect(row).to_contain_text("Waiting", timeout=3_000)
    page.get_by_role("link", name="All 15").click()
    page.get_by_role("link", name="More of them").click()
    expect(page.locator(".members li")).to_have_count(5)
    page.get_by_role("link", name="The first ones").click()
    page.locator('.members li[data-key="o-1"] a').click()
    expect(page).to_have_url(f"{running.url}/orders/o-1")


def test_what_shares_a_cause_stands_under_it_and_says_so(running: Stage, open_page: Open) -> None:
    silent = happens(running, group="s", title="Invoice is silent", rule="system_silent")
    late = happens(running, group="o", title="131 orders wait for Invoice", parent=silent)
    page = open_page(f"{running.url}/incidents")
    expect(page.locator("tr.under")).to_contain_text("131 orders wait for Invoice")
    page.goto(f"{running.url}/incidents/{silent}")
    expect(page.get_by_role("heading", name="Grouped under this")).to_be_visible()
    page.get_by_role("link", name="131 orders wait for Invoice").click()
    expect(page).to_have_url(f"{running.url}/incidents/{late}")
    expect(page.locator(".because")).to_contain_text("Invoice is silent")


def test_notices_say_to_whom_when_and_what_became_of_them(running: Stage, open_page: Open) -> None:
    made = happens(running)
    at = datetime.now(UTC)
    keeping = {"incident_id": made, "channel": "slack-operations"}
    problem = {"state": "failed", "attempts": 8, "problem": "503 Service Unavailable"}
    database, tenant = running.house.database, running.tenant
    running.run(keep_notice(database, tenant, a_message(at), at, **keeping))
    running.run(keep_notice(database, tenant, a_message(at), at, **keeping | problem))
    page = open_page(f"{running.url}/incidents/{made}")
    told = page.locator('[data-live="notices"]')
    expect(told).to_contain_text("slack-operations")
    expect(told).to_contain_text("not delivered")
    expect(told).to_contain_text("8 tries")


def test_filters_live_in_the_address(running: Stage, open_page: Open) -> None:
    happens(running, group="a")
    happens(running, group="b", rule="anomaly", priority="low", title="Fewer orders than usual")
    happens(running, group="c", title="Yesterday's", resolved_at=datetime.now(UTC))
    page = open_page(f"{running.url}/incidents")
    page.get_by_label("Any priority").select_option("low")
    page.wait_for_url("**/incidents?priority=low**")
    expect(page.locator("tr.incident")).to_have_count(1)
    page.get_by_role("link", name="Resolved").click()
    expect(page.locator("main")).to_contain_text("No incident is like this.")
    page.get_by_role("link", name="Without a filter").first.click()
    expect(page.locator("tr.incident")).to_contain_text("Yesterday's")


def test_a_thumb_acknowledges_at_three_in_the_morning(running: Stage, open_page: Open) -> None:
    happens(running)
    page = open_page(f"{running.url}/incidents", **PHONE)
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] >= 200
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    button.click()
    expect(page.locator("tr.incident .who")).to_contain_text("demo")
    page.locator("tr.incident a.cover").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_page_of_no_incident_says_so(running: Stage, watched: Watched) -> None:
    watched.allow = ("404",)
    page = watched.open(f"{running.url}/incidents/4711")
    expect(page.locator("main")).to_contain_text("There is no incident 4711.")


def test_it_is_copied_for_a_chat(running: Stage, open_page: Open) -> None:
    made = happens(running)
    page = open_page(f"{running.url}/incidents/{made}")
    text = page.locator(".crumb .copy").get_attribute("data-copy")
    assert text is not None
    assert text.startswith("◆ Firing, high: 3 orders failed at Commerce Engine: pricing\n")
    assert "67 % of them: store TH-0412, usually 3 %" in text
