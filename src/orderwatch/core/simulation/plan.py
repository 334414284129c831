"""What a simulated day is made of. Data, never code: another flow is another plan.

Durations in here are seconds as floats: a simulation draws millions of them.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from orderwatch.core.model import AmountKind, Class, System

SHORT = 2.0
"""A step of so many seconds or fewer keeps its length at any pace."""


class Latency(Struct, frozen=True):
    """A lognormal size, mostly seconds: half are below `median`, none above `most`."""

    median: float
    spread: float = 0.5
    most: float = float("inf")


class Step(Struct, frozen=True):
    """One statement of one system, told once what it waits for has happened.

    It is told to orders that have every trait of `when` and none of `unless`, `takes` after the
    last of the steps in `after` that this order has; without any of them it never happens. A
    `staffed` step waits for the opening hours, an `ends` step drops whatever would come later.
    """

    name: str
    system: System
    status: str
    after: tuple[str, ...] = ()
    takes: Latency = Latency(0.0)
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    amount: AmountKind | None = None
    reason: tuple[str, str] | None = None
    ref: tuple[str, str] | None = None
    attempt: int | None = None
    staffed: bool = False
    ends: bool = False


class Course(Struct, frozen=True):
    """What an order's life turns into without any fault: its share, and the traits it brings."""

    share: float
    traits: tuple[str, ...] = ()


class Promise(Struct, frozen=True, kw_only=True):
    """A `due_at` told with some steps: `within` seconds of the step, or of the next opening."""

    steps: tuple[str, ...]
    within: float
    when: tuple[str, ...] = ()
    from_opening: bool = False


class Setback(Struct, frozen=True, kw_only=True):
    """Steps that may turn out badly: the order's one says `status` instead, with one of the reasons
    (code, text), and what depends on it never happens.

    The OMS cancels such an order with probability `cancels`, `cancel_takes` later.
    """

    steps: tuple[str, ...]
    status: str
    reasons: tuple[tuple[str, str], ...]
    cancels: float
    cancel_takes: Latency


class Store(Struct, frozen=True):
    """A store and its share of the store orders."""

    code: str
    share: float


class Product(Struct, frozen=True):
    """Something to buy, at a price in hundredths of the currency."""

    sku: str
    name: str
    price: int


class Hours(Struct, frozen=True):
    """When stores work, in local hours. `last_order`: before closing, for the same day."""

    opens: float
    closes: float
    last_order: float = 1.5


class WarmUp(Struct, frozen=True):
    """Orders placed in the time before the start, at their natural pace."""

    orders: int
    span: timedelta


class Meaning(Struct, frozen=True):
    """What the plan's words amount to, for the truth file: what a ledger should conclude.

    `ranks` orders the OMS's main path, `skew` is how far a leg may precede the placing.
    """

    oms: System
    oms_classes: dict[str, Class]
    ranks: dict[str, int]
    final: tuple[str, ...]
    leg_classes: dict[System, dict[str, Class]]
    skew: timedelta = timedelta(seconds=2)


class Plan(Struct, frozen=True, kw_only=True):
    """A whole simulation. The first step is the placing of the order, told by the OMS.

    `orders` None goes on for ever. `per_day` follows `day_curve` (weights of the local hours),
    `per_minute` overrides it with an even rate. Shares are weights, `habits` chances
    on their own; what is drawn becomes a trait that steps ask for. `pace` divides every latency
    of orders placed from the start on; `first_order` None derives it from the seed.
    """

    orders: int | None = None
    per_day: float = 20_000.0
    per_minute: float | None = None
    day_curve: tuple[float, ...]
    utc_offset: timedelta
    hours: Hours
    pace: float = 1.0
    warm_up: WarmUp | None = None
    first_order: int | None = None
    currency: str
    channels: dict[str, float]
    fulfilments: dict[str, float]
    deliveries: dict[str, dict[str, float]]
    payments: dict[str, float]
    courses: dict[str, Course]
    habits: dict[str, float]
    stores: tuple[Store, ...]
    warehouses: tuple[Store, ...]
    products: tuple[Product, ...]
    basket: Latency
    delivery_fees: dict[str, int]
    transport: Latency
    steps: tuple[Step, ...]
    promises: tuple[Promise, ...]
    setbacks: dict[str, Setback]
    cancel: str = "CANCELED"
    meaning: Meaning

    @property
    def systems(self) -> tuple[System, ...]:
        """Everyone who speaks, in the order of their first step."""
        return tuple(dict.fromkeys(step.system for step in self.steps))


def paced(seconds: float, pace: float) -> float:
    """A duration at a pace: what lasts beyond two seconds is divided by it."""
    return seconds if seconds <= SHORT else SHORT + (seconds - SHORT) / pace
