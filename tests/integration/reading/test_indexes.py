"""No list passes over all orders to find a page of them, however many there are."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.reading.conftest import Story
from tests.integration.reading.many_orders import tell_many_orders
from tests.story import T0

from orderwatch.adapters.postgres.database import statements
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.core.model import TenantId

MANY = 50_000
READING = statements("reading")
FIGURES = statements("figures")
VALUES: dict[str, Any] = {
    "class": "failed",
    "overdue": True,
    "status": "FRAUD",
    "channel": "app",
    "system": "stock",
    "placed_from": T0 - timedelta(days=9),
    "placed_to": T0 - timedelta(days=8),
    "text": "done-00001",
    "text_end": "done-00001\U0010ffff",
    "referred": ["done-00000001", "done-00000002"],
    "location": "TH-0123",
    "amount_from": 3090,
    "amount_to": 3095,
    "deviating": True,
    "deviation": "regression",
    "before": True,
    "before_at": T0 - timedelta(days=5),
    "before_id": "done-00012345",
    "names": ["invoice_no"],
    "values": ["INV-done-00000001"],
    "after": True,
    "after_at": T0 - timedelta(days=5),
    "after_id": "done-00012345",
    "most": 51,
    "order_id": "done-00000001",
    "order_ids": ["done-00000001"],
    "systems": ["", "stock"],
    "spans": ["minute", "day"],
    "starts": [T0 - timedelta(days=2), T0 - timedelta(days=1)],
    "ends": [T0 - timedelta(days=1), T0],
    "span": "minute",
    "step": timedelta(minutes=5),
    "origin": T0,
}
OPTIONS = (
    *("class", "overdue", "status", "channel", "system", "placed_from", "placed_to", "location"),
    *("amount_from", "amount_to", "deviating", "deviation", "after", "before"),
)


@pytest.fixture(scope="module")
def known() -> dict[str, TenantId]:
    """The tenant of this file that has many orders, once it has them."""
    return {}


@pytest.fixture
async def many(
    story: Story, module_database_url: str, known: dict[str, TenantId]
) -> tuple[Story, TenantId]:
    if not known:
        await tell_many_orders(story, module_database_url, MANY)
        known["alice"] = story.alice
    return story, known["alice"]


async def plan(story: Story, tenant: TenantId, statement: str, values: dict[str, Any]) -> Any:
    async with story.database.tenant(tenant) as connection:
        cursor = await connection.execute(
            f"explain (analyze, format json) {statement}", values, prepare=False
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0][0]["Plan"]


def nodes(plan_: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan_, *(node for child in plan_.get("Plans", ()) for node in nodes(child))]


@pytest.mark.parametrize(
    "asked",
    [
        (),
        ("after",),
        ("class",),
        ("class", "after"),
        ("overdue",),
        ("status",),
        ("status", "after"),
        ("class", "status"),
        ("placed_from", "placed_to"),
        ("class", "placed_from", "placed_to"),
        ("channel", "placed_from"),
        ("class", "system"),
        ("text",),
        ("text", "class"),
        ("referred",),
        ("before",),
        ("class", "before"),
        ("location",),
        ("location", "after"),
        ("location", "class"),
        ("location", "placed_from", "placed_to"),
        ("amount_from",),
        ("amount_from", "amount_to", "after"),
        ("amount_from", "placed_from", "placed_to"),
        ("deviating",),
        ("deviating", "deviation"),
        ("deviating", "deviation", "before"),
    ],
    ids="+".join,
)
async def test_a_page_of_orders_touches_few_of_them(
    many: tuple[Story, TenantId], asked: tuple[str, ...]
) -> None:
    statement = assemble(READING["list_orders"], asked)
    found = nodes(await plan(*many, statement, VALUES))
    assert not [node for node in found if node["Node Type"] == "Seq Scan"], json.dumps(found)
    passed = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in found
        if "Scan" in node["Node Type"] and node.get("Relation Name") == "orders"
    )
    assert passed < 5_000, json.dumps(found)


@pytest.mark.parametrize(
    "name",
    [
        "referred",
        "related",
        "get_orders",
        "applied_events",
        "parked_for",
        "count_orders",
        "count_steps",
    ],
)
async def test_every_other_question_asks_an_index(many: tuple[Story, TenantId], name: str) -> None:
    values = dict(VALUES)
    if name == "count_steps":
        values |= {"system": "", "starts": T0 - timedelta(days=1), "ends": T0}
    statement = assemble(READING[name], ())
    found = nodes(await plan(*many, statement, values))
    tables = {"orders", "order_refs", "counters", "counters_rolled"}
    scanned = {node.get("Relation Name") for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & tables


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "add_connectors"])
async def test_what_rules_are_judged_by_passes_over_no_orders(
    many: tuple[Story, TenantId], name: str
) -> None:
    values = VALUES | {
        "numbers": [0, 1],
        "whats": ["failed", "passed"],
        "connectors": ["magento"],
        "now": T0,
        "since": T0 - timedelta(days=45),
        "before": T0 - timedelta(days=3),
        "most": 2000,
    }
    found = nodes(await plan(*many, FIGURES[name], values))
    tables = {"orders", "counters", "counters_rolled"}
    scanned = {node.get("Relation Name") for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & tables
    passed = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in found
        if "Scan" in node["Node Type"] and node.get("Relation Name") == "orders"
    )
    assert passed <= 2_000, json.dumps(found)


@pytest.mark.parametrize("name", READING)
async def test_every_statement_is_one_the_schema_knows(story: Story, name: str) -> None:
    """With all its optional lines and with none; executed, so that each type is checked too."""
    values = dict(VALUES)
    if name == "count_steps":
        values |= {"starts": T0 - timedelta(days=1), "ends": T0}
    for asked in (OPTIONS, ()):
        statement = assemble(READING[name], asked)
        assert "-- when" not in statement
        used = {key: values[key] for key in re.findall(r"%\((\w+)\)s", statement)}
        async with story.database.tenant(story.alice) as connection:
            await (await connection.execute(statement, used)).fetchall()
