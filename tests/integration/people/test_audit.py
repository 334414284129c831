"""The log is written once, in one row after the other, and whatever is done to it shows."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import psycopg
import pytest
from tests.integration.people.conftest import BOSS, PASSWORD, Office

from orderwatch.adapters.postgres.audit import PostgresAudit, write_deed
from orderwatch.app.administer import create_key
from orderwatch.app.audit import Wanted, verify_audit
from orderwatch.app.check_audit import AuditDesk, begin_check, last_check
from orderwatch.app.export_audit import export_audit
from orderwatch.app.run_jobs import Jobs
from orderwatch.core.people.audit import Actor, ActorKind, Break, Deed, Head
from orderwatch.core.people.deeds import key_revoked, order_noted


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


async def test_rows_are_found_by_who_by_what_and_by_when(office: Office) -> None:
    audit, alice = office.house.reception.audit, office.alices.id
    carol = Actor(ActorKind.PERSON, "carol")
    for actor, deed in ((carol, key_revoked("k-1")), (BOSS, key_revoked("k-2"))):
        await audit.write(alice, actor, deed)
    await audit.write(alice, carol, order_noted("o-1"))
    (noted, second, first) = await audit.newest(alice, Wanted(3))

    async def found(wanted: Wanted) -> list[str]:
        return [row.deed.subject for row in await audit.newest(alice, wanted)]

    assert await found(Wanted(actor="carol")) == ["o-1", "k-1"]
    assert await found(Wanted(actor="carol", action="key.")) == ["k-1"]
    assert await found(Wanted(action="key.revoked", before=second.seq)) == ["k-1"]
    assert await found(Wanted(starts=second.at)) == ["o-1", "k-2"]
    assert await found(Wanted(starts=first.at, ends=noted.at)) == ["k-2", "k-1"]
    assert await found(Wanted(action="order_")) == []
    assert await audit.actors(alice) == sorted({"carol", "boss", "orderwatch"})
    assert "carol" not in await audit.actors(office.bobs.id)


async def test_a_check_is_on_record_and_the_newest_one_counts(office: Office) -> None:
    audit, alice = office.house.reception.audit, office.alices.id
    jobs = Jobs(office.clock, lambda: "j", lambda error: None)
    assert await last_check(audit, alice) is None
    job = begin_check(AuditDesk(audit, jobs, alice, BOSS), None)
    assert job is not None
    await jobs.wait(job, timedelta(seconds=20))
    assert (job.done, job.total, job.percent) == (job.found.rows, job.found.rows, 100)
    checked = await last_check(audit, alice)
    assert checked is not None
    assert (checked.by, checked.rows, checked.broken) == (BOSS.name, job.found.rows, None)
    cut_off = Head(10_000, bytes(32))
    job = begin_check(AuditDesk(audit, jobs, alice, BOSS), cut_off)
    assert job is not None
    await jobs.wait(job, timedelta(seconds=20))
    checked = await last_check(audit, alice)
    assert checked is not None
    assert checked.broken == Break(
        10_000, f"the log ends at row {job.total}: newer rows were cut off"
    )
    assert (await office.verified()).broken is None


async def test_all_rows_are_exported_whatever_their_number(office: Office) -> None:
    audit, alice = office.house.reception.audit, office.alices.id
    await asyncio.gather(*(audit.write(alice, BOSS, key_revoked(f"=k-{n}")) for n in range(505)))
    pages = [page async for page in export_audit(audit, alice, Wanted(action="key."), "UTC")]
    lines = "".join(pages).splitlines()
    assert len(pages) == 2
    assert lines[0].startswith('row,"at (UTC)",kind,actor,address,action,subject,details,hash')
    subjects = {line.split(",")[6] for line in lines[1:]}
    assert subjects == {f"'=k-{n}" for n in range(505)}
