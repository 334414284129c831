"""What the fold remembers of an order between two events; stored with it, judged from it.

Stored as arrays, since it is written with every event: a quarter less to log. New fields therefore
go to the end and have a default; `rebuild` fills them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field

from orderwatch.core.model import Amount, Class, Deviation, OrderId, Reason, System

Position = tuple[bool, datetime, str, str, str]
"""An event's place in the one order of all events of an order (see `position.py`)."""


class Mention(Struct, frozen=True, array_like=True, gc=False):
    """An event that came before the order was known to be placed: by whom, when, which."""

    system: System
    at: datetime
    event: str


class LegState(Struct, frozen=True, array_like=True, gc=False):
    """One hop as its system told it. `class_` is that of the last word that was understood.

    Not `trusted` while all its words came with unbelievable times.
    """

    status: str
    class_: Class
    first_at: datetime
    event: str
    ended_at: datetime | None = None
    reopened_at: datetime | None = None
    due_at: datetime | None = None
    attempts: int = 1
    reason: Reason | None = None
    trusted: bool = True


class OrderState(Struct, array_like=True, gc=False):
    """The fold of an order's events so far.

    `status` is the word to show; `understood` the last OMS status the template knows, which
    decides the verdict. `trusted` turns true with the first OMS event of a believable time.
    `amounts` are value and currency by "system/kind".
    """

    order_id: OrderId
    last: Position
    status: str | None = None
    understood: str | None = None
    trusted: bool = False
    initial_seen: bool = False
    placed_at: datetime | None = None
    since: datetime | None = None
    status_event: str = ""
    due_at: datetime | None = None
    held_from: str | None = None
    updated_at: datetime | None = None
    channel: str | None = None
    fulfilment: str | None = None
    delivery: str | None = None
    location: str | None = None
    amount: Amount | None = None
    amounts: dict[str, tuple[str, str]] = {}
    refunded: bool = False
    legs: dict[System, LegState] = {}
    refs: dict[str, str] = {}
    early: tuple[Mention, ...] = ()
    deviations: list[Deviation] = field(default_factory=list)
    deviation_count: int = 0
    event_count: int = 0

    @property
    def announced(self) -> bool:
        """Whether the OMS has spoken: without it there is no order, only parked events."""
        return self.status is not None
