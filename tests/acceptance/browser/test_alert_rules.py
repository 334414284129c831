"""Alert rules are seen, switched, changed with what is wrong beside its line, and put in force."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.acceptance.browser.conftest import Watched
from tests.acceptance.browser.stage import Stage, event

from orderwatch.app.manage_users import NewUser, create_user
from orderwatch.core.alerting.situation import Broken, Situation, begin
from orderwatch.core.people.audit import THE_PRODUCT
from orderwatch.core.people.roles import Role

Open = Callable[..., Page]
PASSWORD = "purple monkey lamp"
RULES = "/settings/alerts"


def signed_in(server: Stage, open_page: Open, path: str, role: Role = Role.DEVELOPER) -> Page:
    """The page, for a person of this role."""
    parts = server.house.reception
    new = NewUser("anna", role, PASSWORD)
    server.run(create_user(parts.users, parts.passwords, server.tenant, new, THE_PRODUCT))
    page = open_page(f"{server.url}/login?next={path}")
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{server.url}{path}")
    return page


def change(page: Page, old: str, new: str) -> None:
    """Write something else in the editor."""
    text = page.input_value("#source")
    assert old in text
    page.fill("#source", text.replace(old, new, 1))


def some_failures(server: Stage) -> None:
    """One order failed, one is well."""
    server.post(
        event("F-1", "phoenix_oms", "PENDING", ago=5),
        event("F-1", "commerce_engine", "REJECTED", ago=3),
        event("W-1", "phoenix_oms", "PENDING", ago=2),
    )


def test_the_thirteen_rules_are_listed_and_one_is_switched_off(
    running: Stage, open_page: Open
) -> None:
    page = signed_in(running, open_page, RULES)
    expect(page.locator("h1")).to_contain_text("13 rules are on. They are those everybody begins")
    expect(page.locator(".alert-rules tbody tr")).to_have_count(13)
    expect(page.locator("#rule-failure_rate")).to_contain_text("orders active in 10 min")
    expect(page.locator("#rule-failure_rate")).to_contain_text("trouble_share > 0.05")
    page.get_by_role("button", name="Switch off Unlike other weeks").click()
    expect(page.locator("h1")).to_contain_text("12 rules are on. Version 1, in force since")
    expect(page.locator("#rule-anomaly.off")).to_be_visible()
    book = running.run(running.house.books.of(running.tenant))
    assert not book.rules["anomaly"].enabled
    page.get_by_role("button", name="Switch on Unlike other weeks").click()
    expect(page.locator("h1")).to_contain_text("13 rules are on.")


def test_a_change_is_checked_compared_and_put_in_force(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("422",)
    page = signed_in(running, open_page, f"{RULES}/edit")
    says = page.locator("[data-editor-says]")
    expect(says).to_have_text("Nothing is wrong with it")
    change(page, "when: trouble_share > 0.05", "when: troubl_share > 0.1")
    expect(says).to_contain_text("did you mean trouble_share?")
    expect(page.locator(".editor .margin p")).to_contain_text("no fact troubl_share here")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator("h1")).to_contain_text("1 thing is wrong.")
    change(page, "troubl_share", "trouble_share")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.locator("h1")).to_contain_text("1 thing would be different.")
    expect(page.locator(".changes tbody tr")).to_contain_text("failure_rate")
    expect(page.locator(".changes tbody tr")).to_contain_text("trouble_share > 0.1")
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator(".notice")).to_contain_text("Version 1 is in force.")
    page.locator(".versions a").first.click()
    expect(page.locator("h1")).to_contain_text("Version 1, in force.")
    expect(page.locator(".diff .in code")).to_contain_text("trouble_share > 0.1")


def test_who_was_overtaken_is_told_and_loses_nothing(
    running: Stage, open_page: Open, watched: Watched
) -> None:
    watched.allow = ("409",)
    page = signed_in(running, open_page, f"{RULES}/edit")
    change(page, "trouble_share > 0.05", "trouble_share > 0.2")
    page.get_by_role("button", name="Check and preview").click()
    store = running.house.book_store
    from_elsewhere = running.house.books.default.replace("> 0.05", "> 0.3")
    running.run(store.apply(running.tenant, "default", from_elsewhere, 0, THE_PRODUCT))
    page.get_by_role("button", name="Put it in force").click()
    expect(page.locator(".notice")).to_contain_text("while you were at it")
    assert "trouble_share > 0.2" in page.input_value("#source")


@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [
        (Role.VIEWER, False, False),
        (Role.OPERATOR, True, False),
        (Role.DEVELOPER, True, True),
    ],
)
def test_who_may_not_change_rules_is_not_offered_it(
    running: Stage, open_page: Open, watched: Watched, role: Role, sees: bool, changes: bool
) -> None:
    watched.allow = ("403",)
    page = signed_in(running, open_page, RULES, role)
    expect(page.locator(".alert-rules")).to_have_count(1 if sees else 0)
    expect(page.get_by_role("link", name="Change the rules")).to_have_count(1 if changes else 0)
    expect(page.locator(".alert-rules button")).to_have_count(13 if changes else 0)
    answer = page.request.get(f"{running.url}{RULES}/edit")
    assert answer.status == (200 if changes else 403)


def test_a_rule_in_force_is_tried_on_the_past(running: Stage, open_page: Open) -> None:
    some_failures(running)
    page = signed_in(running, open_page, RULES)
    page.get_by_role("link", name="Backtest Orders failed").click()
    expect(page.locator("h1")).to_contain_text("Try a rule on the past.")
    expect(page.get_by_label("Rule")).to_have_value("order_failed")
    page.get_by_label("On the last").select_option("1d")
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.locator("h1")).to_contain_text("It would have raised 1 incident.")
    expect(page.locator("h1")).to_contain_text("on the last 24 h")
    page.get_by_text("its orders").click()
    page.get_by_role("link", name="F-1").click()
    page.wait_for_url(f"{running.url}/orders/F-1")
    page.go_back()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("h1")).to_contain_text("Try a rule on the past.")


def test_a_draft_is_tried_beside_what_is_in_force(running: Stage, open_page: Open) -> None:
    some_failures(running)
    page = signed_in(running, open_page, f"{RULES}/edit")
    failing = 'when: what == "status" && class == "failed"'
    change(page, failing, f"{failing} && amount > 1000000")
    page.get_by_role("button", name="Check and preview").click()
    expect(page.get_by_label("Rule")).to_have_value("order_failed")
    page.get_by_role("button", name="Try it on the past").click()
    expect(page.locator("h1")).to_contain_text(
        "The draft would have raised 0 incidents, the rule in force 1 incident."
    )
    row = page.locator(".tried tbody tr")
    expect(row).to_have_count(1)
    expect(row.locator("td").first).to_have_text("nothing")
    page.get_by_role("button", name="Back to the draft").click()
    expect(page.locator("h1")).to_contain_text("1 thing would be different.")


def test_a_rule_that_cannot_be_decided_says_why(running: Stage, open_page: Open) -> None:
    running.run(undecided(running, "anomaly", "no such thing"))
    page = signed_in(running, open_page, RULES)
    card = page.locator("section", has=page.get_by_role("heading", name="Could not be decided"))
    expect(card).to_contain_text("anomaly no such thing 1 time since")
    card.get_by_role("link", name="anomaly").click()
    expect(page.locator("#rule-anomaly:target")).to_be_visible()


async def undecided(server: Stage, rule: str, why: str) -> None:
    """A round of evaluation in which a condition could not be decided."""
    house = server.house
    async with house.alarms.alerting.store.evaluating(server.tenant) as evaluation:
        assert evaluation is not None
        book = await house.books.of(server.tenant)
        template = await house.templates.of(server.tenant)
        round_ = begin(Situation(now=house.now(), book=book, template=template))
        round_.broken[rule] = Broken(rule, why)
        await evaluation.save(round_, {})
