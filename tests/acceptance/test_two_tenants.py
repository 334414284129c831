"""Two customers on one server, with the same order and event ids: neither knows of the other."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from tests.acceptance.words import OMS, event, life, now
from tests.book import book_of
from tests.product import Product, Tenant, eventually

TABLES = (
    "events", "identities", "parked_events", "dead_letters", "orders", "legs", "order_refs",
    "counters", "counters_rolled", "totals", "systems", "templates",
)  # fmt: skip


def test_the_same_order_and_event_ids_of_two_tenants_are_two_orders(
    alice: Tenant, bob: Tenant
) -> None:
    at = now(-3600)
    hers = life("2000001234", at)
    his = [one | {"data": one["data"] | {"location": "TH-BOB"}} for one in hers[:5]]
    assert alice.send(hers).accepted == len(hers)
    assert bob.send(his).accepted == len(his)
    assert alice.get("orders/2000001234").json()["status"] == "COMPLETE"
    assert bob.get("orders/2000001234").json()["status"] == "PROCESSING"
    assert alice.get("orders/2000001234").json()["location"] is None
    assert len(alice.get("orders/2000001234/events").json()["items"]) == len(hers)
    assert len(bob.get("orders/2000001234/events").json()["items"]) == len(his)
    assert bob.get("summary").json()["total"] == 1


def test_an_order_of_the_other_is_an_order_nobody_has_heard_of(alice: Tenant, bob: Tenant) -> None:
    alice.send([*life("a-1", now(-3600)), event("a-2", "stock", "RESERVED", now())])
    for path in ("orders/a-1", "orders/a-1/events", "orders/a-2/events"):
        assert alice.get(path.replace("a-2/", "a-1/")).status_code == 200
        refused = bob.get(path)
        assert refused.status_code == 404
        assert refused.headers["Content-Type"] == "application/problem+json"
    assert bob.get("orders").json()["items"] == []
    assert bob.get("orders", q="INV-a-1").json()["items"] == []
    assert bob.get("summary").json()["total"] == 0
    assert {order["order_id"] for order in alice.get("orders").json()["items"]} == {"a-1"}


def test_a_query_that_forgets_to_ask_for_the_tenant_sees_its_own_rows_alone(
    alice: Tenant, bob: Tenant
) -> None:
    alice.send([*life("same", now(-3600)), event("parked", "stock", "RESERVED", now())])
    alice.post({"id": "nonsense"})
    before = book_of(alice)
    for table in TABLES:
        assert {row[0] for row in alice.rows(f"select tenant_id from {table}")} == {alice.id}
        assert alice.rows(f"select 1 from {table} where tenant_id = {bob.id}") == []
        mine = bob.rows(f"select tenant_id from {table}")
        assert {row[0] for row in mine} <= {bob.id}
    assert bob.rows("delete from orders returning order_id") == []
    assert bob.rows("update legs set class = 'failed' returning order_id") == []
    assert book_of(alice) == before


def test_a_row_cannot_be_slipped_into_the_others_ledger(alice: Tenant, bob: Tenant) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        bob.rows(
            "insert into identities values (%s, gen_random_uuid(), 1, now()) returning 1", alice.id
        )


def test_the_application_bound_to_nobody_sees_nothing(product: Product, alice: Tenant) -> None:
    alice.send([*life("same", now(-3600)), event("parked", "stock", "RESERVED", now())])
    with product.owner() as connection:
        connection.execute("set role orderwatch_app")
        for table in (*TABLES, "keys", "tenants"):
            assert connection.execute(f"select 1 from {table}").fetchall() == [], table


def test_the_application_cannot_step_out_of_its_role(product: Product, alice: Tenant) -> None:
    alice.send(life("same", now(-3600)))
    with product.owner() as connection:
        connection.execute("set role orderwatch_app")
        for statement in (
            "alter table orders disable row level security",
            "drop policy of_bound_tenant on orders",
            "truncate events",
            "delete from events",
            "update events set order_id = 'x'",
            "create table mine (n int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        rights = connection.execute(
            "select rolsuper, rolbypassrls from pg_roles where rolname = 'orderwatch_app'"
        ).fetchall()
    assert rights == [(False, False)]


def test_a_key_speaks_for_its_own_source_alone(product: Product, alice: Tenant) -> None:
    narrow = Tenant(product, alice.name, product.key(alice.name, "/checkout"))
    alice.send([event("o-1", OMS, "PENDING", now(-60))])
    mine = event("o-1", "checkout", "CAPTURED", now(-30))
    foreign = event("o-1", OMS, "CANCELED", now(-20))
    refused = narrow.post(foreign)
    assert refused.status_code == 403
    mixed = narrow.post(mine, foreign)
    assert mixed.status_code == 202
    assert mixed.json()["accepted"] == 1
    assert [one["index"] for one in mixed.json()["rejected"]] == [1]
    assert alice.get("orders/o-1").json()["status"] == "PENDING"
    assert narrow.get("orders/o-1").status_code == 403


def test_a_path_that_is_none_is_a_problem_document(product: Product) -> None:
    for path in ("/api/v1/ordres", "/api/v1/orders/o-1/legs", "/api/v2/orders", "/nowhere"):
        answer = httpx.get(f"{product.url}{path}")
        assert answer.status_code == 404, path
        assert answer.headers["Content-Type"] == "application/problem+json", path
        assert answer.json()["status"] == 404


def test_no_key_a_wrong_key_and_a_revoked_key_open_nothing(product: Product, alice: Tenant) -> None:
    alice.send(life("o-1", now(-3600)))
    made = product.administer("key", "create", "--tenant", alice.name, "--source", "/", "--read")
    spare = Tenant(product, alice.name, made["key"])
    assert spare.get("orders").status_code == 200
    product.do("key", "revoke", made["id"], "--tenant", alice.name)
    for key in ("nonsense", f"{alice.key}x"):
        stranger = Tenant(product, alice.name, key)
        assert stranger.get("orders").status_code == 401
        assert stranger.post(event("o-2", OMS, "PENDING", now())).status_code == 401
    assert httpx.get(f"{product.url}/api/v1/orders").status_code == 401
    assert httpx.post(f"{product.url}/api/v1/events", content=b"{}").status_code == 401
    eventually(lambda: spare.get("orders").status_code == 401, "the revoked key is refused")
    assert alice.rows("select count(*) from orders") == [(1,)]
