"""The audit log: what people did, each row sealed with a hash over itself and the row before it.

`docs/reference/audit-log.md` says how a row is written for its hash, for whoever checks it without
us. A row that was changed, taken out, put in or moved breaks the chain at that place; rows cut
off at the end are missed by whoever remembers the head, the newest row's number and hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.model import TenantId

BEFORE_THE_FIRST: Final = bytes(32)
"""What the first row of a tenant names as the hash before it."""
MOST_LETTERS: Final = 500
_SEAL: Final = b"orderwatch audit v1\n"
_HEAD: Final = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)


class ActorKind(StrEnum):
    """How somebody acts: signed in, with a key, on the command line; or the product by itself."""

    PERSON = "person"
    KEY = "key"
    CLI = "cli"
    SYSTEM = "system"


class Actor(Struct, frozen=True):
    """Who did it, and from which address."""

    kind: ActorKind
    name: str
    address: str = ""


THE_PRODUCT: Final = Actor(ActorKind.SYSTEM, "orderwatch")


class Deed(Struct, frozen=True):
    """What was done, to what, with what is worth knowing of it. Never a secret."""

    action: str
    subject: str = ""
    details: Mapping[str, str] = {}


class Head(Struct, frozen=True):
    """Where a log ends: its newest row's number, and that row's hash."""

    seq: int = 0
    hash: bytes = BEFORE_THE_FIRST


class Row(Struct, frozen=True, kw_only=True):
    """One row of the log as it is stored."""

    tenant: TenantId
    seq: int
    at: datetime
    actor: Actor
    deed: Deed
    previous: bytes
    hash: bytes = b""


class Break(Struct, frozen=True):
    """Where a log is not as it was written, and how."""

    seq: int
    what: str


class Checked(Struct, frozen=True):
    """How far a log was checked: so many rows, up to this head, and the first break."""

    head: Head = Head()
    rows: int = 0
    broken: Break | None = None


def append(head: Head, tenant: TenantId, actor: Actor, deed: Deed, at: datetime) -> Row:
    """The row that follows the head, sealed."""
    row = Row(
        tenant=tenant,
        seq=head.seq + 1,
        at=at.astimezone(UTC),
        actor=Actor(actor.kind, storable(actor.name), storable(actor.address)),
        deed=Deed(
            storable(deed.action),
            storable(deed.subject),
            {storable(name): storable(value) for name, value in deed.details.items()},
        ),
        previous=head.hash,
    )
    return replace(row, hash=seal(row))


def seal(row: Row) -> bytes:
    """The SHA-256 a row must carry."""
    return hashlib.sha256(_SEAL + canonical(row)).digest()


def canonical(row: Row) -> bytes:
    """A row, without its own hash, as the bytes that are hashed: JSON with nothing left to choose.

    Members sorted by name, no white space, letters as they are in UTF-8, instants in UTC with
    microseconds, every value a string but the two numbers.
    """
    document = {
        "tenant": row.tenant,
        "seq": row.seq,
        "at": row.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": str(row.actor.kind),
        "actor": row.actor.name,
        "address": row.actor.address,
        "action": row.deed.action,
        "subject": row.deed.subject,
        "details": dict(row.deed.details),
        "previous": row.previous.hex(),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def storable(text: str) -> str:
    """A text that a database takes and a terminal can show: no control characters, not endless."""
    seen = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
    return seen[:MOST_LETTERS]


def check(so_far: Checked, row: Row) -> Checked:
    """The log checked one row further; after the first break it stays as it was."""
    if so_far.broken is not None:
        return so_far
    what = _fault(so_far.head, row)
    if what is not None:
        return replace(so_far, broken=Break(row.seq, what))
    return Checked(Head(row.seq, row.hash), so_far.rows + 1)


def _fault(head: Head, row: Row) -> str | None:
    if row.seq != head.seq + 1:
        return f"row {head.seq + 1} should stand here: rows were taken out, put in or moved"
    if row.previous != head.hash:
        return "it does not follow the row before it: one of the two was replaced"
    if row.hash != seal(row):
        return "it was changed after it was written"
    return None


def check_remembered(so_far: Checked, row: Row, remembered: Head | None) -> Checked:
    """As `check`; beside that, the row a head was remembered of must still be that row."""
    checked = check(so_far, row)
    same = remembered is None or row.seq != remembered.seq or row.hash == remembered.hash
    if same or checked.broken is not None:
        return checked
    return replace(checked, broken=Break(row.seq, "it is not the row that was remembered"))


def finish(checked: Checked, remembered: Head | None) -> Checked:
    """The whole log was seen: it must reach as far as the head somebody remembers."""
    if checked.broken is None and remembered and checked.head.seq < remembered.seq:
        missing = f"the log ends at row {checked.head.seq}: newer rows were cut off"
        return replace(checked, broken=Break(remembered.seq, missing))
    return checked


def write_head(head: Head) -> str:
    """A head to be kept elsewhere: `17:6a3f...`."""
    return f"{head.seq}:{head.hash.hex()}"


def read_head(text: str) -> Head | None:
    """The head of a text; None when it is not one."""
    match = _HEAD.fullmatch(text.strip())
    return Head(int(match[1]), bytes.fromhex(match[2])) if match else None
