"""Read the queue of what could not be understood or applied."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import Struct

from orderwatch.core.model import FieldError, OrderId, System, TenantId

DeadLetterState = Literal["open", "retried", "discarded"]
NO_SYSTEM: Final = ""
"""Stands for the system of a message that does not say one."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """One message that could not be used, whole, with every reason; `times` it was sent."""

    id: int
    code: str
    errors: tuple[FieldError, ...]
    source: str | None
    event_id: str | None
    order_id: OrderId | None
    system: System | None
    payload: bytes
    received_at: datetime
    last_received_at: datetime
    times: int
    state: DeadLetterState
    closed_at: datetime | None
    closed_by: str | None
    closed_why: str | None


class DeadLetterFilter(Struct, frozen=True):
    """Which dead letters; None does not filter."""

    state: DeadLetterState | None = "open"
    code: str | None = None
    system: System | None = None
    """`NO_SYSTEM` finds those whose system could not be read."""
    before: int | None = None
    """Only those with a smaller id: the place to go on from."""


class DeadLetterKind(Struct, frozen=True):
    """All dead letters of one reason and one system: how many, when, and what the newest says.

    `times` counts the messages: the same one sent again is still one dead letter.
    """

    code: str
    system: System | None
    count: int
    times: int
    first_at: datetime
    last_at: datetime
    example: tuple[FieldError, ...]


class DeadLetterStore(Protocol):
    """Where dead letters are kept. Every call raises Unavailable when the database is away."""

    async def dead_letters(
        self, tenant: TenantId, wanted: DeadLetterFilter, most: int, *, whole: bool = True
    ) -> list[DeadLetter]:
        """Newest first, at most `most`; not `whole`: without their payloads."""
        ...

    async def kinds(self, tenant: TenantId, wanted: DeadLetterFilter) -> list[DeadLetterKind]:
        """By reason and system, the one that was last added to first."""
        ...

    async def dead_letter(self, tenant: TenantId, id_: int) -> DeadLetter | None:
        """One, whatever became of it."""
        ...

    async def count_dead_letters(self, tenant: TenantId, wanted: DeadLetterFilter) -> int:
        """How many there are."""
        ...


async def list_dead_letters(
    letters: DeadLetterStore, tenant: TenantId, wanted: DeadLetterFilter, most: int
) -> tuple[list[DeadLetter], int]:
    """The newest, at most `most`, and how many there are in all."""
    count = await letters.count_dead_letters(tenant, wanted)
    return await letters.dead_letters(tenant, wanted, most), count


async def show_dead_letter(
    letters: DeadLetterStore, tenant: TenantId, id_: int
) -> DeadLetter | None:
    """One dead letter, or None when this tenant has none of this id."""
    return await letters.dead_letter(tenant, id_)
