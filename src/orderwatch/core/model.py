"""The words of the product: what a system says (Event) and what Orderwatch concludes (Order).

Everything else imports these; they import nothing of ours. There are many of them and none can be
part of a cycle, so the collector need not look at them (gc=False). Instants are aware datetimes
in UTC, durations are timedeltas, money is Decimal.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NewType

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

TenantId = NewType("TenantId", int)
"""A tenant that was looked up, not merely asked for."""
OrderId = str
System = str

EVENT_TYPE: Final = "orderwatch.status.v1"

Text60 = Annotated[str, Meta(max_length=60)]
Text80 = Annotated[str, Meta(max_length=80)]
Text100 = Annotated[str, Meta(max_length=100)]
Text200 = Annotated[str, Meta(max_length=200)]
Text1000 = Annotated[str, Meta(max_length=1000)]
Name60 = Annotated[str, Meta(min_length=1, max_length=60)]
Name80 = Annotated[str, Meta(min_length=1, max_length=80)]
Name100 = Annotated[str, Meta(min_length=1, max_length=100)]
Name200 = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
Fulfilment = Literal["store", "warehouse"]
Delivery = Literal["express", "scheduled"]
AmountKind = Literal[
    "order_total", "authorized", "captured", "invoiced", "refunded", "cod_expected", "cod_collected"
]


class Class(StrEnum):
    """The three verdicts of the product. Delayed is split into waiting and overdue by `overdue`."""

    SUCCESS = "success"
    FAILED = "failed"
    DELAYED = "delayed"


class Amount(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A decimal string with its currency, as sent; never a float."""

    value: Annotated[str, Meta(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,4})?$")]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    kind: AmountKind | UnsetType = UNSET

    @property
    def decimal(self) -> Decimal:
        """The value as an exact number."""
        return Decimal(self.value)


class Reason(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Why a system says what it says, in its own code and words."""

    code: Text80 | None = None
    text: Text1000 | None = None


class Statement(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """`data` of an event: one system's statement about one order."""

    system: Name60
    status: Name80
    channel: Text60 | None = None
    fulfilment: Fulfilment | None = None
    delivery: Delivery | None = None
    location: Text100 | None = None
    amount: Amount | None = None
    due_at: Instant | None = None
    attempt: Annotated[int, Meta(ge=1, le=1000)] | None = None
    reason: Reason | None = None
    refs: Annotated[dict[str, Text200], Meta(max_length=20)] = {}
    details: dict[str, Any] | UnsetType = UNSET


class Event(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One immutable CloudEvent by one system about one order; the wire shape of order-event v1.

    `source` and `id` identify it: sent twice, it is one event. Unknown extension attributes are
    allowed by CloudEvents and stay in the stored text.
    """

    specversion: Literal["1.0"]
    id: Name200
    source: Name200
    type: Literal["orderwatch.status.v1"]
    order_id: Name100 = field(name="subject")
    time: Instant
    data: Statement
    datacontenttype: Literal["application/json"] | UnsetType = UNSET
    sequence: Annotated[str, Meta(max_length=40)] | UnsetType = UNSET
    correlationid: Text200 | UnsetType = UNSET
    causationid: Text200 | UnsetType = UNSET
    traceparent: (
        Annotated[str, Meta(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | UnsetType
    ) = UNSET

    @property
    def ref(self) -> str:
        """The event's name in `why` and deviations: `source#id`."""
        return f"{self.source}#{self.id}"


class ReceivedEvent(Struct, frozen=True, gc=False):
    """A trusted event, with its text as stored and the instant of its first arrival."""

    event: Event
    received_at: datetime
    text: Raw


class FieldError(Struct, frozen=True):
    """What is wrong with one field: where (`data.status`, empty for the whole), and the remedy."""

    field: str
    message: str


class DeviationKind(StrEnum):
    """Irregularities that are recorded on the order and never dropped."""

    REGRESSION = "regression"
    SKIPPED_STEP = "skipped_step"
    UNEXPECTED_TRANSITION = "unexpected_transition"
    EVENT_AFTER_FINAL = "event_after_final"
    IMPOSSIBLE_TIME = "impossible_time"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_SYSTEM = "unknown_system"


class Deviation(Struct, frozen=True, gc=False, omit_defaults=True, rename={"from_": "from"}):
    """One irregularity: from which word to which, said by whom, when, by which event."""

    kind: DeviationKind
    system: System
    at: datetime
    event: str
    from_: str | None = None
    to: str | None = None


MismatchType = Literal["missing", "orphan", "status", "total", "timestamp", "duplicate"]


class Mismatch(Struct, frozen=True, gc=False, omit_defaults=True):
    """A system contradicts another about one order: what of it, what it says, what was expected.

    `of` is `status` or the kind of an amount. `since` is when both had been said, where known.
    """

    type: MismatchType
    system: System
    of: str
    says: str
    expected: str
    since: datetime | None = None


class Why(Struct, frozen=True, gc=False, omit_defaults=True):
    """The explanation of a verdict: the rule, its numbers, and the events that decided it."""

    rule: str
    sentence: str = ""
    threshold_s: float | None = None
    deadline: datetime | None = None
    events: tuple[str, ...] = ()
    reason: Reason | None = None


class Leg(Struct, frozen=True, gc=False):
    """One hop of one order, as judged at one instant. `status` None: expected, but never spoke."""

    system: System
    status: str | None
    class_: Class = field(name="class")
    overdue: bool
    required: bool
    started_at: datetime | None
    ended_at: datetime | None
    deadline: datetime | None
    duration_s: float | None
    attempts: int
    reason: Reason | None
    blind_since: datetime | None
    why: Why


class Money(Struct, frozen=True, gc=False):
    """An amount one system stated: `kind` as in the event schema."""

    system: System
    kind: str
    value: str
    currency: str


class Order(Struct, frozen=True, gc=False):
    """One order, as judged at one instant: what the API gives and the console shows."""

    order_id: OrderId
    status: str
    class_: Class = field(name="class")
    overdue: bool
    channel: str | None
    fulfilment: str | None
    delivery: str | None
    location: str | None
    amount: Amount | None
    amounts: tuple[Money, ...]
    refunded: bool
    placed_at: datetime
    status_since: datetime
    deadline: datetime | None
    updated_at: datetime
    next_deadline: datetime | None
    why: Why
    refs: dict[str, str]
    legs: tuple[Leg, ...]
    deviations: tuple[Deviation, ...]
    deviation_count: int
    event_count: int
    mismatches: tuple[Mismatch, ...] = ()
