"""What can go wrong, as rules: a kind, how often, whom it hits, when, and how badly."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

DAY: Final = 86_400.0

Kind = Literal[
    "rejected",
    "declined",
    "out_of_stock",
    "stuck",
    "slow",
    "wrong_total",
    "clock_skew",
    "regression",
    "lost",
    "malformed",
    "duplicate",
    "shuffled",
    "silent",
]


class KindRule(Struct, frozen=True):
    """What a fault kind does, and the further keys its rules may have."""

    does: str
    keys: tuple[str, ...] = ()


KINDS: Final[dict[str, KindRule]] = {
    "rejected": KindRule("the commerce engine rejects the order, one check is named"),
    "declined": KindRule("the payment is declined (orders paid by card or QR)"),
    "out_of_stock": KindRule("the stock system cannot reserve"),
    "stuck": KindRule(
        "the hand-over to the next step gets lost: nothing that depends on it ever happens",
        ("system", "status"),
    ),
    "slow": KindRule("a system takes `factor` times as long", ("system", "status", "factor")),
    "wrong_total": KindRule("a system states another amount than the OMS", ("system",)),
    "clock_skew": KindRule("a system's clock is off by `offset`", ("system", "offset")),
    "regression": KindRule("the OMS repeats an earlier status, then goes on"),
    "lost": KindRule("one message never arrives, the order goes on", ("system", "status")),
    "malformed": KindRule("one message is broken and never sent again", ("system", "status")),
    "duplicate": KindRule("one message is sent `copies` more times", ("system", "copies")),
    "shuffled": KindRule("messages arrive in any order, up to `spread` late", ("spread",)),
    "silent": KindRule(
        "a system sends nothing between `from` and `to`; afterwards its backlog is sent or lost",
        ("system", "backlog"),
    ),
}
"""In the order in which they are applied to an order; every rule also has rate, from and to."""


class FaultRule(Struct, frozen=True, kw_only=True):
    """One line of a fault plan.

    `rate` is the share of the orders it can happen to. `since` and `until` are seconds of the local
    day and bound the placing of the order; for `slow` and `silent` they bound the step or message.
    `offset` and `spread` are seconds; no `offset` draws one of two to ten minutes, before or after.
    """

    kind: Kind
    rate: float
    system: str | None = None
    status: str | None = None
    since: float | None = None
    until: float | None = None
    factor: float = 10.0
    copies: int = 1
    spread: float = 120.0
    offset: float | None = None
    backlog: Literal["sent", "lost"] = "sent"

    def covers(self, second: float) -> bool:
        """Whether a second of the local day is inside the rule's hours, which may span midnight."""
        if self.since is None or self.until is None:
            return True
        second %= DAY
        if self.since < self.until:
            return self.since <= second < self.until
        return second >= self.since or second < self.until

    def concerns(self, system: str, status: str) -> bool:
        """Whether the rule is about such a statement."""
        return self.system in (None, system) and self.status in (None, status)

    def until_over(self, second: float) -> float:
        """Seconds from a covered second of the day to the end of the rule's hours."""
        return ((self.until or 0.0) - second) % DAY


FaultPlan = tuple[FaultRule, ...]

DEMO_FAULTS: Final[FaultPlan] = (
    FaultRule(kind="rejected", rate=0.02),
    FaultRule(kind="declined", rate=0.02),
    FaultRule(kind="out_of_stock", rate=0.015),
    FaultRule(kind="stuck", rate=0.015, system="commerce_engine", status="ACCEPTED"),
    FaultRule(kind="stuck", rate=0.015),
    FaultRule(kind="slow", rate=0.03, system="commerce_engine", factor=60),
    FaultRule(kind="wrong_total", rate=0.01),
    FaultRule(kind="clock_skew", rate=0.004),
    FaultRule(kind="regression", rate=0.006),
    FaultRule(kind="lost", rate=0.01),
    FaultRule(kind="malformed", rate=0.004),
    FaultRule(kind="duplicate", rate=0.01),
    FaultRule(kind="shuffled", rate=0.01, spread=20),
)
"""A bad day, but not a hopeless one: each kind turns up within a few minutes of the demo."""
