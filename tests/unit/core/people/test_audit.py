"""Whatever is done to the log afterwards is found: a change, a loss, an addition, another order."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from orderwatch.core.model import TenantId
from orderwatch.core.people import deeds
from orderwatch.core.people.audit import (
    BEFORE_THE_FIRST,
    THE_PRODUCT,
    Actor,
    ActorKind,
    Checked,
    Deed,
    Head,
    Row,
    append,
    canonical,
    check,
    check_remembered,
    finish,
    read_head,
    seal,
    write_head,
)

REPOSITORY = Path(__file__).resolve().parents[4]
T0 = datetime(2026, 3, 1, 10, 2, tzinfo=UTC)
TENANT = TenantId(1)
TEXT = st.text(max_size=20)
DEEDS = st.builds(Deed, action=TEXT, subject=TEXT, details=st.dictionaries(TEXT, TEXT, max_size=3))
ACTORS = st.builds(Actor, st.sampled_from(ActorKind), TEXT, TEXT)


def written(done: Sequence[tuple[Actor, Deed]]) -> list[Row]:
    rows: list[Row] = []
    head = Head()
    for number, (actor, deed) in enumerate(done):
        row = append(head, TENANT, actor, deed, T0 + timedelta(seconds=number))
        rows.append(row)
        head = Head(row.seq, row.hash)
    return rows


LOGS = st.lists(st.tuples(ACTORS, DEEDS), min_size=2, max_size=8).map(written)


def checked(rows: Sequence[Row], remembered: Head | None = None) -> Checked:
    so_far = Checked()
    for row in rows:
        so_far = check_remembered(so_far, row, remembered)
    return finish(so_far, remembered)


@given(LOGS)
def test_a_log_as_it_was_written_is_whole(rows: list[Row]) -> None:
    result = checked(rows)
    assert result.broken is None
    assert result.rows == len(rows)
    assert result.head == Head(rows[-1].seq, rows[-1].hash)


def test_an_empty_log_is_whole() -> None:
    assert checked([]) == Checked(Head(0, BEFORE_THE_FIRST), 0, None)


CHANGES = st.sampled_from(
    [
        lambda row: replace(row, at=row.at + timedelta(microseconds=1)),
        lambda row: replace(row, actor=replace(row.actor, name=row.actor.name + "x")),
        lambda row: replace(row, actor=replace(row.actor, address=row.actor.address + "x")),
        lambda row: replace(row, deed=replace(row.deed, action=row.deed.action + "x")),
        lambda row: replace(row, deed=replace(row.deed, subject=row.deed.subject + "x")),
        lambda row: replace(row, deed=replace(row.deed, details={**row.deed.details, "x": "y"})),
        lambda row: replace(row, tenant=TenantId(row.tenant + 1)),
        lambda row: replace(row, previous=bytes(reversed(row.previous)) + b"x"),
        lambda row: replace(row, hash=hashlib.sha256(row.hash).digest()),
    ]
)


@given(LOGS, st.data())
def test_a_change_of_any_row_is_found_at_that_row_or_the_next(
    rows: list[Row], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    rows[place] = data.draw(CHANGES)(rows[place])
    broken = checked(rows).broken
    assert broken is not None
    assert broken.seq == place + 1


@given(LOGS, st.data())
def test_a_change_that_is_sealed_again_is_found_at_the_next_row(
    rows: list[Row], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    forged = replace(rows[place], actor=Actor(ActorKind.PERSON, rows[place].actor.name + "x"))
    rows[place] = replace(forged, hash=seal(forged))
    broken = checked(rows).broken
    assert broken is not None
    assert broken.seq == place + 2


@given(LOGS, st.data())
def test_a_row_taken_out_before_the_end_is_found(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 2))
    del rows[place]
    broken = checked(rows).broken
    assert broken is not None
    assert "taken out" in broken.what


@given(LOGS, st.data())
def test_two_rows_in_each_others_place_are_found(rows: list[Row], data: st.DataObject) -> None:
    first, second = data.draw(
        st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)
    )
    rows[first], rows[second] = rows[second], rows[first]
    assert checked(rows).broken is not None


@given(LOGS, st.data())
def test_a_row_put_in_is_found(rows: list[Row], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(rows) - 1))
    rows.insert(place, rows[data.draw(st.integers(0, len(rows) - 1))])
    assert checked(rows).broken is not None


@given(LOGS, st.data())
def test_rows_cut_off_at_the_end_are_missed_by_who_remembers_the_head(
    rows: list[Row], data: st.DataObject
) -> None:
    remembered = Head(rows[-1].seq, rows[-1].hash)
    left = rows[: data.draw(st.integers(0, len(rows) - 1))]
    assert checked(left).broken is None
    broken = checked(left, remembered).broken
    assert broken is not None
    assert broken.seq == remembered.seq


@given(LOGS, LOGS)
def test_a_log_written_anew_is_found_by_who_remembers_a_head(
    rows: list[Row], others: list[Row]
) -> None:
    """Whoever owns the database can write a log that is whole in itself; not the same one."""
    remembered = Head(rows[0].seq, rows[0].hash)
    assert checked(others).broken is None
    assert (checked(others, remembered).broken is None) == (others[0] == rows[0])


@given(LOGS)
def test_a_log_that_grew_still_has_the_head_somebody_remembers(rows: list[Row]) -> None:
    for row in rows:
        assert checked(rows, Head(row.seq, row.hash)).broken is None


def test_the_bytes_that_are_hashed_are_those_of_the_documentation() -> None:
    row = append(
        Head(),
        TENANT,
        Actor(ActorKind.PERSON, "anna", "10.0.0.7"),
        Deed("key.created", "f3f270e67c93", {"source": "/ö", "read": "yes"}),
        datetime(2026, 3, 1, 17, 2, tzinfo=timezone(timedelta(hours=7))),
    )
    expected = (
        '{"action":"key.created","actor":"anna","address":"10.0.0.7",'
        '"at":"2026-03-01T10:02:00.000000Z","details":{"read":"yes","source":"/ö"},'
        '"kind":"person","previous":"' + "0" * 64 + '","seq":1,"subject":"f3f270e67c93","tenant":1}'
    )
    assert canonical(row).decode() == expected
    assert json.loads(expected)["seq"] == 1
    sealed = hashlib.sha256(b"orderwatch audit v1\n" + expected.encode()).hexdigest()
    assert row.hash.hex() == sealed


def test_what_no_database_takes_is_written_so_that_it_does() -> None:
    row = append(Head(), TENANT, THE_PRODUCT, Deed("a\0b", "\ud800", {"x": "y" * 9_000}), T0)
    assert row.deed.action == "a\N{REPLACEMENT CHARACTER}b"
    assert row.deed.subject == "\N{REPLACEMENT CHARACTER}"
    assert len(row.deed.details["x"]) == 500
    assert check(Checked(), row).broken is None


def test_a_head_can_be_written_down_and_read() -> None:
    head = Head(17, bytes(range(32)))
    assert read_head(write_head(head)) == head


@pytest.mark.parametrize("text", ["", "17", "17:", "x:" + "0" * 64, "17:" + "0" * 63])
def test_what_is_no_head_is_not_taken_for_one(text: str) -> None:
    assert read_head(text) is None


def test_every_deed_the_product_knows_is_explained_in_the_documentation() -> None:
    page = (REPOSITORY / "docs" / "reference" / "audit-log.md").read_text()
    known = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', inspect.getsource(deeds)))
    assert "key.created" in known
    assert {action for action in known if f"`{action}`" not in page} == set()
