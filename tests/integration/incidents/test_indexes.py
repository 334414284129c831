"""No page about incidents passes over all of them, or over all orders of one, however many."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from tests.integration.people.conftest import Office
from tests.story import T0

from orderwatch.adapters.postgres.database import statements
from orderwatch.adapters.postgres.reading import assemble
from orderwatch.core.model import TenantId

MANY, MEMBERS = 20_000, 30_000
SQL = statements("incidents")
TABLES = ("incidents", "incident_orders", "incident_log", "notices")
FILL = (
    """insert into incidents (tenant_id, rule, group_key, priority, team, title, about, labels,
         state, cause_at, fired_at, resolved_at, orders, still_open, money, currency, tally, common,
         told_orders, quiet, external, parent)
       select %(tenant)s, 'rule-' || n %% 13, 'group-' || n %% 500, 'high', 'operations', 'x',
         '{"system": "stock"}', '{}', case when n > %(many)s - 20 then 'firing' else 'resolved' end,
         at, at, case when n > %(many)s - 20 then null else at end, 1, 0, 1, 'THB', '{}', '', 0, '',
         '{}', case when n %% 10 = 0 then n - 1 end
       from generate_series(1, %(many)s) as n,
         lateral (select %(at)s::timestamptz + n * interval '1 minute' as at) as moment""",
    """insert into incident_orders (tenant_id, incident_id, order_id, joined_at, cause_at, system,
         reason, status, channel, location, payment, customer, amount, marks)
       select %(tenant)s, first.id + n %% 2, 'o-' || n, %(at)s, %(at)s, 'stock', '', 'X', '', '',
         '', 'c-' || n, n %% 977, case when n %% 3 = 0 then '{status}'::text[] else '{}' end
       from generate_series(1, %(members)s) as n,
         (select min(incident_id) as id from incidents where tenant_id = %(tenant)s) as first""",
    """insert into incident_log (tenant_id, incident_id, at, kind, actor, entry)
       select tenant_id, incident_id, fired_at, 'fired', '', 'x' from incidents
       where tenant_id = %(tenant)s""",
    """insert into notices (tenant_id, channel, incident_id, kind, rule, message, state, created_at,
         due_at, ended_at)
       select tenant_id, 'channel-' || incident_id %% 5, incident_id, 'firing', rule,
         '{"title": "x"}', 'sent', fired_at, fired_at, fired_at from incidents
       where tenant_id = %(tenant)s""",
)


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """The tenant of this file that has many incidents, once it has them."""
    return {}


@pytest.fixture
async def many(office: Office, known: dict[str, Any]) -> tuple[Office, TenantId, dict[str, Any]]:
    if not known:
        tenant = office.alices.id
        facts = {"tenant": tenant, "many": MANY, "members": MEMBERS, "at": T0}
        with psycopg.connect(office.url, autocommit=True) as owner:
            for statement in FILL:
                owner.execute(statement, facts)
            owner.execute("vacuum analyze " + ", ".join(TABLES))
            row = owner.execute(
                "select min(incident_id), max(fired_at) from incidents where tenant_id = %s",
                [tenant],
            ).fetchone()
        assert row is not None
        known |= {"tenant": tenant, "first": row[0], "last_at": row[1]}
    return office, known["tenant"], known


def values_of(known: dict[str, Any]) -> dict[str, Any]:
    first, last_at = known["first"], known["last_at"]
    return {
        "state": "firing",
        "rule": "rule-3",
        "team": "operations",
        "priority": "high",
        "system": "stock",
        "group": "group-3",
        "fired_from": T0,
        "fired_to": last_at,
        "after_at": last_at,
        "after_id": 2**62,
        "parents": [first, first + 8],
        "incident": first,
        "after_amount": 500,
        "order_id": "o-77",
        "most": 51,
    }


async def nodes_of(
    office: Office, tenant: TenantId, statement: str, values: dict[str, Any]
) -> list[dict[str, Any]]:
    async with office.house.database.tenant(tenant) as connection:
        cursor = await connection.execute(
            f"explain (analyze, format json) {statement}", values, prepare=False
        )
        row = await cursor.fetchone()
    assert row is not None
    return nodes(row[0][0]["Plan"])


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def passed(found: list[dict[str, Any]], table: str) -> float:
    rows: float = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in found
        if "Scan" in node["Node Type"] and node.get("Relation Name") == table
    )
    return rows


@pytest.mark.parametrize(
    "asked",
    [
        ("folded",),
        ("folded", "after"),
        ("state", "folded"),
        ("state", "folded", "after"),
        ("rule",),
        ("team", "after"),
        ("priority",),
        ("system",),
        ("fired_from", "fired_to", "folded"),
    ],
    ids="+".join,
)
async def test_a_page_of_incidents_touches_few_of_them(
    many: tuple[Office, TenantId, dict[str, Any]], asked: tuple[str, ...]
) -> None:
    office, tenant, known = many
    statement = assemble(SQL["list_incidents"], asked)
    found = await nodes_of(office, tenant, statement, values_of(known))
    assert not [node for node in found if node["Node Type"] == "Seq Scan"], json.dumps(found)
    assert passed(found, "incidents") < 2_000, json.dumps(found)


@pytest.mark.parametrize("asked", [(), ("open",), ("after",), ("open", "after")], ids="+".join)
async def test_a_page_of_its_orders_touches_few_of_them(
    many: tuple[Office, TenantId, dict[str, Any]], asked: tuple[str, ...]
) -> None:
    office, tenant, known = many
    values = values_of(known) | {"after_id": "o-1"}
    found = await nodes_of(office, tenant, assemble(SQL["members"], asked), values)
    assert not [node for node in found if node["Node Type"] in {"Seq Scan", "Sort"}], found
    assert passed(found, "incident_orders") < 1_000, json.dumps(found)


@pytest.mark.parametrize(
    "name",
    ["children", "incident", "episodes", "entries", "notices_of", "incidents_of_order", "firing"],
)
async def test_every_other_question_asks_an_index(
    many: tuple[Office, TenantId, dict[str, Any]], name: str
) -> None:
    office, tenant, known = many
    found = await nodes_of(office, tenant, SQL[name], values_of(known))
    scanned = {node.get("Relation Name") for node in found if node["Node Type"] == "Seq Scan"}
    assert not scanned & set(TABLES), json.dumps(found)
    assert sum(passed(found, table) for table in TABLES) < 2_000, json.dumps(found)
