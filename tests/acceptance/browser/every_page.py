"""Every page of the console: where it is, what it answers, who sees it, and how to get there.

The pictures of the documentation, axe-core and the weighing of pages go through this one table. A
test holds it against the routes, so that no page is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from playwright.sync_api import Page

from orderwatch.core.people.roles import Permission as May

PASSWORD: Final = "purple monkey lamp"


class Shown(NamedTuple):
    """One page. `reached`: forms have to be sent at the address to get there."""

    address: str
    says: str
    permission: May = May.READ_ORDERS
    reached: Callable[[Page], None] | None = None


def _draft_of_flow(page: Page) -> None:
    _change(page, "threshold: 30 s", "threshold: 10 s")
    page.get_by_role("button", name="Check and preview").click()
    page.wait_for_url("**/settings/flow/draft")
    page.wait_for_selector("section.preview:not([data-busy])")


def _draft_of_rules(page: Page) -> None:
    _change(page, "trouble_share > 0.05", "trouble_share > 0.2")
    page.get_by_role("button", name="Check and preview").click()
    page.wait_for_selector(".try-rule")


def _mistake_in_rules(page: Page) -> None:
    _change(page, "trouble_share > 0.05", "troubl_share > 0.2")
    page.get_by_role("button", name="Check and preview").click()
    page.wait_for_selector(".wrongs")


def _tried_rule(page: Page) -> None:
    _change(page, 'class == "failed"', 'class == "failed" && amount > 300')
    page.get_by_role("button", name="Check and preview").click()
    page.get_by_label("On the last").select_option("6h")
    page.get_by_role("button", name="Try it on the past").click()
    page.wait_for_url("**/settings/alerts/backtest")
    page.wait_for_selector("section.preview:not([data-busy])", timeout=60_000)


def _change(page: Page, old: str, new: str) -> None:
    """A draft that was left there has the change already."""
    text = page.input_value("#source")
    assert old in text or new in text
    page.fill("#source", text.replace(old, new, 1))


PAGES: Final[Mapping[str, Shown]] = {
    "overview": Shown("/", "How is business now, against yesterday, and where is the trouble?"),
    "wall": Shown("/wall", "The same for a screen that everybody in the office sees"),
    "orders": Shown("/orders", "Which orders? By everything they are, with what is wrong"),
    "orders-beside": Shown("/orders?beside={order}", "One of them, beside the others"),
    "order": Shown("/orders/{order}", "What happened to it, what should have, and why is it so?"),
    "systems": Shown("/systems", "Which system is slow, failing or silent?"),
    "system": Shown("/systems/{system}", "How is it doing over time, and what waits for it?"),
    "incidents": Shown("/incidents", "What goes on, who has it, how much does it touch?"),
    "incident": Shown(
        "/incidents/{incident}", "What happened when, to which orders, to whom told?"
    ),
    "silences": Shown("/silences", "Of what is nobody told, until when, and why?"),
    "channels": Shown(
        "/channels", "Over what are people told, and does it work?", May.READ_TEMPLATES
    ),
    "channel": Shown(
        "/channels/mailbox", "What went over it, and what did not?", May.READ_TEMPLATES
    ),
    "mailbox": Shown("/mailbox", "What would people have been sent?"),
    "dead-letters": Shown(
        "/dead-letters", "What could not be used, and why?", May.READ_DEAD_LETTERS
    ),
    "dead-letter": Shown(
        "/dead-letters/{letter}", "What was in it, and what is wrong there?", May.READ_DEAD_LETTERS
    ),
    "parked": Shown("/parked", "Which events wait for their order?", May.READ_DEAD_LETTERS),
    "flow": Shown("/settings/flow", "By which rules are orders judged?", May.READ_TEMPLATES),
    "flow-version": Shown(
        "/settings/flow/versions/1", "What did this version change?", May.READ_TEMPLATES
    ),
    "flow-edit": Shown("/settings/flow/edit", "Change it", May.EDIT_TEMPLATES),
    "flow-draft": Shown(
        "/settings/flow/edit",
        "Which open orders would have another verdict?",
        May.EDIT_TEMPLATES,
        _draft_of_flow,
    ),
    "thresholds": Shown("/settings/thresholds", "How long may each step take?", May.READ_TEMPLATES),
    "alert-rules": Shown(
        "/settings/alerts", "What is watched, and whose is it?", May.READ_TEMPLATES
    ),
    "alert-rules-version": Shown(
        "/settings/alerts/versions/1", "What did this version change?", May.READ_TEMPLATES
    ),
    "alert-rules-edit": Shown("/settings/alerts/edit", "Change them", May.EDIT_TEMPLATES),
    "alert-rules-wrong": Shown(
        "/settings/alerts/edit", "What is wrong with a text?", May.EDIT_TEMPLATES, _mistake_in_rules
    ),
    "alert-rules-draft": Shown(
        "/settings/alerts/edit", "What would be different?", May.EDIT_TEMPLATES, _draft_of_rules
    ),
    "backtest": Shown(
        "/settings/alerts/edit",
        "What would the draft have raised on the past, beside what is in force?",
        May.EDIT_TEMPLATES,
        _tried_rule,
    ),
    "keys": Shown("/settings/keys", "Which program may send or read?", May.READ_KEYS),
    "server": Shown("/settings/server", "With which settings does this server run?", May.READ_KEYS),
    "people": Shown("/settings/people", "Who may sign in, as what?", May.MANAGE_PEOPLE),
    "audit": Shown("/settings/audit", "Who did what, and is the log whole?", May.READ_AUDIT),
    "nowhere": Shown("/orders/nowhere", "What an address says that leads nowhere"),
}


def visit(page: Page, url: str, shown: Shown, values: Mapping[str, str]) -> None:
    """Go there; `values` are those the address wants."""
    page.goto(url + shown.address.format_map(values))
    if shown.reached is not None:
        shown.reached(page)
