"""The log is written once, in one row after the other, and whatever is done to it shows."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from tests.integration.people.conftest import BOSS, PASSWORD, Office

from orderwatch.adapters.postgres.audit import PostgresAudit, write_deed
from orderwatch.app.administer import create_key
from orderwatch.app.audit import verify_audit
from orderwatch.core.people.audit import Deed, Head
from orderwatch.core.people.deeds import key_revoked


async def test_all_that_administration_does_is_written(office: Office) -> None:
    directory, alice = office.house.directory, office.alices
    key = await create_key(directory, alice.id, "/", True, lambda n: bytes([7] * n), BOSS)
    await directory.revoke_key(alice.id, key.id, BOSS)
    assert await directory.revoke_key(alice.id, "no-such-key", BOSS) is False
    await directory.set_disabled(alice.name, True, BOSS)
    await directory.set_disabled(alice.name, False, BOSS)
    done = await office.done()
    assert [deed[1] for deed in done[:2]] == ["tenant.created", "template.applied"]
    assert [deed for deed in done if deed[1].startswith(("key.", "tenant."))] == [
        ("orderwatch", "tenant.created", alice.name),
        ("boss", "key.created", key.id),
        ("boss", "key.revoked", key.id),
        ("boss", "tenant.disabled", alice.name),
        ("boss", "tenant.enabled", alice.name),
    ]
    assert (await office.verified()).broken is None


async def test_many_writers_at_once_leave_no_gap(office: Office) -> None:
    audit = PostgresAudit(office.house.database)
    before = (await office.verified()).rows
    await asyncio.gather(
        *(audit.write(office.alices.id, BOSS, key_revoked(f"k-{n}")) for n in range(40)),
        *(audit.write(office.bobs.id, BOSS, key_revoked(f"k-{n}")) for n in range(40)),
    )
    for company in (office.alices, office.bobs):
        checked = await office.verified(company)
        assert checked.broken is None
        assert checked.rows == checked.head.seq == before + 40


async def test_a_deed_that_is_rolled_back_leaves_no_row_and_no_gap(office: Office) -> None:
    before = (await office.verified()).rows
    async with office.house.database.tenant(office.alices.id) as connection:
        await write_deed(connection, BOSS, Deed("never.happened"))
        await connection.rollback()
    await office.alices.desk.change_password("viewer", PASSWORD)
    assert (await office.verified()).rows == before + 1
    assert (await office.verified()).broken is None


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set actor = 'somebody else'",
        "delete from audit_log",
        "truncate audit_log",
        "alter table audit_log disable trigger audit_log_kept",
        "drop trigger audit_log_kept on audit_log",
    ],
)
async def test_the_application_may_write_the_log_and_not_change_it(
    office: Office, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with office.house.database.tenant(office.alices.id) as connection:
            await connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["update audit_log set actor = 'x'", "delete from audit_log", "truncate audit_log"],
)
async def test_not_even_the_owner_changes_it_by_mistake(office: Office, statement: str) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="written once"):
        office.as_owner(statement)


TAMPERING = {
    "update audit_log set actor = 'x' where tenant_id = %s and seq = 3": 3,
    "update audit_log set at = at + interval '1 microsecond' where tenant_id = %s and seq = 3": 3,
    "update audit_log set details = '{}' where tenant_id = %s and seq = 3": 3,
    "update audit_log set details = '[1]' where tenant_id = %s and seq = 3": 3,
    "update audit_log set hash = sha256('x') where tenant_id = %s and seq = 3": 3,
    "delete from audit_log where tenant_id = %s and seq = 3": 4,
    "delete from audit_log where tenant_id = %s and seq <= 3": 4,
    "update audit_log set seq = case seq when 3 then 4 else 3 end "
    "where tenant_id = %s and seq in (3, 4)": 3,
}


@pytest.mark.parametrize(("statement", "row"), TAMPERING.items())
async def test_what_the_owner_does_on_purpose_is_found(
    office: Office, statement: str, row: int
) -> None:
    office.as_owner("alter table audit_log disable trigger audit_log_kept")
    office.as_owner("alter table audit_log drop constraint audit_log_pkey")
    try:
        office.as_owner(statement, office.alices.id)
    finally:
        # Some of it leaves two rows of one number for a moment, as tampering may.
        office.as_owner("alter table audit_log add primary key (tenant_id, seq)")
        office.as_owner("alter table audit_log enable trigger audit_log_kept")
    broken = (await office.verified()).broken
    assert broken is not None
    assert broken.seq == row
    assert (await office.verified(office.bobs)).broken is None


async def test_rows_cut_off_at_the_end_are_missed_by_the_head(office: Office) -> None:
    remembered = (await office.verified()).head
    office.as_owner("alter table audit_log disable trigger audit_log_kept")
    office.as_owner(
        "delete from audit_log where tenant_id = %s and seq = %s",
        office.alices.id,
        remembered.seq,
    )
    office.as_owner("alter table audit_log enable trigger audit_log_kept")
    audit = office.house.reception.audit
    assert (await verify_audit(audit, office.alices.id)).broken is None
    broken = (await verify_audit(audit, office.alices.id, remembered)).broken
    assert broken is not None
    assert broken.seq == remembered.seq
    other = Head(remembered.seq - 1, bytes(32))
    assert (await verify_audit(audit, office.alices.id, other)).broken is not None
