"""One tenant can never read or change another's data: the database itself sees to it."""

from __future__ import annotations

import contextlib

import psycopg
import pytest
from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House
from tests.story import DAY, MINUTE, placed, said

OF_TENANTS = [
    *("templates", "events", "identities", "parked_events", "dead_letters", "orders", "legs"),
    *("order_refs", "counters", "totals", "systems", "keys"),
]


async def a_full_house(house: House) -> None:
    """Both tenants have something in every table, under the same names."""
    for tenant in (house.alice, house.bob):
        await house.hear(
            placed(refs={"awb": "A-1"}),
            said("stock", "RESERVED", 1, order="unheard"),
            said("stock", "RESERVED", 1, order="o-1", id="x"),
            said("stock", "RESERVED", 2, order="o-1", id="x"),
            tenant=tenant,
        )
        async with house.database.tenant(tenant) as connection:
            await connection.execute(
                "insert into templates (tenant_id, version, name, source) values (%s, 1, 't', 't')",
                [tenant],
            )
            await connection.execute(
                "insert into keys (tenant_id, key_id, secret_hash, source_prefix) "
                "values (%s, %s, '', '/')",
                [tenant, f"key-of-{tenant}"],
            )


async def test_the_same_names_are_other_orders_and_other_events(house: House) -> None:
    receipt = await house.hear(placed(amount="1.00"), tenant=house.alice)
    assert receipt.accepted == 1
    receipt = await house.hear(placed(amount="2.00"), said("stock", "RESERVED", 3),
                               now=3, tenant=house.bob)  # fmt: skip
    assert (receipt.accepted, receipt.duplicates, receipt.rejected) == (2, 0, [])
    await house.watch(now=MINUTE, tenant=house.bob)
    await check_book(house, now=0, tenant=house.alice)
    await check_book(house, now=MINUTE, tenant=house.bob)
    assert await house.one("select amount::int from orders", tenant=house.alice) == 1
    assert await house.one("select amount::int from orders", tenant=house.bob) == 2


@pytest.mark.parametrize("table", OF_TENANTS)
async def test_a_query_that_forgets_to_ask_sees_only_its_own(house: House, table: str) -> None:
    await a_full_house(house)
    for tenant in (house.alice, house.bob):
        seen = await house.rows(f"select distinct tenant_id from {table}", tenant=tenant)
        assert seen == [(tenant,)]


@pytest.mark.parametrize("table", [*OF_TENANTS, "tenants"])
async def test_who_is_nobody_sees_nothing(house: House, table: str) -> None:
    await a_full_house(house)
    async with house.database.unbound() as connection:
        assert await (await connection.execute(f"select 1 from {table}")).fetchall() == []


async def test_the_binding_ends_with_its_transaction(house: House) -> None:
    """The same connection serves another tenant next, or nobody."""
    await a_full_house(house)
    for _ in range(20):
        await house.rows("select 1 from orders", tenant=house.alice)
        async with house.database.unbound() as connection:
            assert await (await connection.execute("select 1 from orders")).fetchall() == []


@pytest.mark.parametrize("table", OF_TENANTS)
async def test_nothing_of_anothers_can_be_changed_by_a_statement_that_forgets(
    house: House, table: str
) -> None:
    await a_full_house(house)
    bobs = (
        f"select count(*), md5(string_agg(t::text, '' order by t::text)) from {table} t "
        "where tenant_id = %s"
    )
    before = house.as_owner(bobs, house.bob)
    column = "received_at" if table == "events" else "tenant_id"
    for statement in (f"update {table} set {column} = {column}", f"delete from {table}"):
        with contextlib.suppress(
            psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException
        ):
            async with house.database.tenant(house.alice) as connection:
                await connection.execute(statement)
    assert house.as_owner(bobs, house.bob) == before


COLUMNS = (
    "revision, placed_at, status, class, overdue, refunded, channel, fulfilment, delivery, "
    "location, amount, currency, status_since, deadline, next_deadline, updated_at, rule, "
    "systems, deviations, state, standing"
)


@pytest.mark.parametrize(
    "statement",
    [
        f"insert into orders select %(bob)s, order_id || 'x', {COLUMNS} from orders",
        "update orders set tenant_id = %(bob)s",
        "insert into events select %(bob)s, order_id, event_time, received_at, event from events",
        "insert into systems select %(bob)s, system, 9, now(), now(), 1 from systems",
        "insert into identities values (%(bob)s, gen_random_uuid(), 1, now())",
    ],
)
async def test_nothing_can_be_written_into_anothers_books(house: House, statement: str) -> None:
    await a_full_house(house)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with house.database.tenant(house.alice) as connection:
            await connection.execute(statement, {"bob": house.bob})


FORBIDDEN = [
    "alter table orders disable row level security",
    "alter table orders no force row level security",
    "drop policy of_bound_tenant on orders",
    "create policy all_of_it on orders using (true)",
    "drop table orders",
    "alter table orders owner to orderwatch_app",
    "truncate orders",
    "update events set received_at = now()",
    "delete from events",
    "truncate events",
    "select * from events_default",
    "select * from events_202603",
    "drop function bound_tenant()",
    "create or replace function bound_tenant() returns int language sql as 'select 1'",
    "create table mine (a int)",
    "create function mine() returns int language sql as 'select 1'",
    "create role mine",
    "alter role orderwatch_app bypassrls",
    "delete from tenants",
    "drop trigger roll_counters_on_insert on counters",
    "set session_replication_role = replica",
    "copy orders to program 'true'",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_the_application_may_not(house: House, statement: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject)):
        async with house.database.tenant(house.alice) as connection:
            await connection.execute(statement)


async def test_the_application_owns_nothing_and_stands_above_no_rule(house: House) -> None:
    role = house.as_owner(
        "select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolcanlogin from pg_roles "
        "where rolname = 'orderwatch_app'"
    )
    assert role == [(False, False, False, False, False)]
    owned = house.as_owner(
        "select relname from pg_class where relowner = 'orderwatch_app'::regrole "
        "union all select proname from pg_proc where proowner = 'orderwatch_app'::regrole"
    )
    assert owned == []


async def test_every_table_with_a_tenant_is_under_forced_row_security(house: House) -> None:
    """Also the one somebody adds tomorrow. Partitions are only reached through their table."""
    loose = house.as_owner(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') "
        "and not c.relispartition and a.attname = 'tenant_id' and not a.attisdropped "
        "and not (c.relrowsecurity and c.relforcerowsecurity)"
    )
    assert loose == []
    reachable = house.as_owner(
        "select c.relname from pg_class c where c.relispartition and c.relkind = 'r' "
        "and has_table_privilege('orderwatch_app', c.oid, 'select, insert, update, delete')"
    )
    assert reachable == []


async def test_the_directory_shows_who_they_are_and_none_of_what_they_have(house: House) -> None:
    await a_full_house(house)
    async with house.database.directory() as connection:
        tenants = await connection.execute("select tenant_id from tenants")
        assert {(house.alice,), (house.bob,)} <= set(await tenants.fetchall())
        assert await (await connection.execute("select 1 from orders")).fetchall() == []


async def test_a_presented_key_shows_that_one_key(house: House) -> None:
    await a_full_house(house)
    async with house.database.presented_key(f"key-of-{house.bob}") as connection:
        keys = await connection.execute("select tenant_id from keys")
        assert await keys.fetchall() == [(house.bob,)]
        assert await (await connection.execute("select 1 from orders")).fetchall() == []
        changed = await connection.execute("update keys set source_prefix = '/'")
        assert changed.rowcount == 0


async def test_one_tenants_backlog_is_not_anothers(house: House) -> None:
    await house.hear(placed(), now=1, tenant=house.bob)
    await house.watch(now=3 * DAY, tenant=house.alice)
    assert await house.one("select overdue from orders", tenant=house.bob) is False
