"""What was done to simulated orders, held against what was raised. Pure.

An order with a fault is found when it is in an incident of a rule that is meant to see this fault.
An order in an incident that neither a fault nor its own course of life explains is a false alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.model import OrderId
from orderwatch.core.simulation.truth import Fault, Truth

_LATE: Final = frozenset({"order_overdue", "slow_processing"})
MEANT: Final[Mapping[str, frozenset[str]]] = {
    "rejected": frozenset({"order_failed"}),
    "declined": frozenset({"order_failed"}),
    "out_of_stock": frozenset({"order_failed"}),
    "stuck": _LATE,
    "slow": _LATE,
    "wrong_total": frozenset({"mismatch"}),
    "lost": _LATE,
    "malformed": _LATE,
    "silent": _LATE,
}
"""By fault: the rules of the default book that are to see it.

The other kinds are none of an alert rule's business: what is repeated or out of order changes no
verdict, and a wrong clock is recorded as a deviation.
"""
_DELAYING: Final = frozenset(
    {"stuck", "slow", "lost", "malformed", "silent", "shuffled", "clock_skew", "regression"}
)
EXPLAINS: Final[Mapping[str, frozenset[str]]] = {
    "order_failed": frozenset({"rejected", "declined", "out_of_stock"}),
    "order_overdue": _DELAYING,
    "slow_processing": _DELAYING,
    "delivery_failed": frozenset(),
    "mismatch": frozenset({"wrong_total"}),
}
"""By rule: the faults that may bring an order into its incidents."""
COURSES: Final[Mapping[str, frozenset[str]]] = {
    "order_failed": frozenset(
        {"customer_canceled", "second_attempt", "returned", "short_picked", "fraud",
         "fraud_cleared"}
    ),
    "delivery_failed": frozenset({"second_attempt", "returned"}),
}  # fmt: skip
"""By rule: lives without a fault of which it tells rightly, for an order did fail."""


class Raised(Struct, frozen=True):
    """One incident that has orders: its rule, and who they are."""

    rule: str
    orders: frozenset[OrderId]


class Found(Struct, frozen=True, kw_only=True):
    """One kind of fault: orders that have it, those a rule is to see, and those it saw.

    `told` are all orders in the incidents that told of these, `explained` those among them that a
    fault or their own course explains.
    """

    orders: int
    wanted: int
    seen: int
    told: int
    explained: int

    @property
    def recall(self) -> float | None:
        """Seen of those to be seen."""
        return self.seen / self.wanted if self.wanted else None

    @property
    def precision(self) -> float | None:
        """Rightly told of those told with them."""
        return self.explained / self.told if self.told else None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "orders": self.orders,
            "wanted": self.wanted,
            "seen": self.seen,
            "told": self.told,
            "recall": _rounded(self.recall),
            "precision": _rounded(self.precision),
        }


def by_kind(
    truths: Sequence[Truth], raised: Sequence[Raised], template: Template
) -> dict[str, Found]:
    """Every kind of fault there was, in the order of their names."""
    kinds = sorted({fault.kind for truth in truths for fault in truth.faults})
    known = {truth.order_id: truth for truth in truths}
    return {kind: _found(kind, known, raised, template) for kind in kinds}


def false_alarms(
    truths: Sequence[Truth], raised: Sequence[Raised]
) -> dict[str, tuple[int, list[OrderId]]]:
    """By rule: how many orders it told of, and of which nothing explains it."""
    known = {truth.order_id: truth for truth in truths}
    found: dict[str, tuple[int, list[OrderId]]] = {}
    for rule in sorted({one.rule for one in raised}):
        orders = {order_id for one in raised if one.rule == rule for order_id in one.orders}
        wrong = sorted(one for one in orders if not is_explained(known[one], rule))
        found[rule] = (len(orders), wrong)
    return found


def is_explained(truth: Truth, rule: str) -> bool:
    """Whether a fault, or the course of its life, brings this order into the rule's incidents."""
    kinds = {fault.kind for fault in truth.faults}
    return bool(kinds & EXPLAINS.get(rule, frozenset())) or (
        truth.natural in COURSES.get(rule, frozenset())
    )


def is_wanted(truth: Truth, fault: Fault, template: Template) -> bool:
    """Whether a rule is to see what this fault did: it may have done nothing that matters."""
    if fault.kind not in MEANT or truth.expected.status is None or _unheard(truth, fault):
        return False
    if fault.kind in {"stuck", "lost", "malformed"} or fault.how == "lost":
        return truth.expected.overdue
    if fault.kind in {"slow", "silent"}:
        return not _told_twice(truth, fault) and _too_late(truth, fault, template)
    return True


def _too_late(truth: Truth, fault: Fault, template: Template) -> bool:
    """Whether the delay alone is longer than the system may take, and it is its answer that is."""
    rule = template.legs.get(fault.system)
    if rule is None or fault.delay_s is None or fault.status not in rule.success:
        return False
    return fault.delay_s > rule.threshold.of(truth.channel).total_seconds()


def _told_twice(truth: Truth, fault: Fault) -> bool:
    """Whether a copy of the message got through, so that nobody waited for it."""
    return any(other.kind == "duplicate" and other.event == fault.event for other in truth.faults)


def _unheard(truth: Truth, fault: Fault) -> bool:
    """Whether another fault swallowed the very message that would have shown it."""
    return any(
        other is not fault
        and other.event == fault.event is not None
        and (other.kind in {"lost", "malformed"} or other.how == "lost")
        for other in truth.faults
    )


def _found(
    kind: str, known: Mapping[OrderId, Truth], raised: Sequence[Raised], template: Template
) -> Found:
    having = {one.order_id for one in known.values() if _has(one, kind)}
    wanted = {
        one.order_id
        for one in known.values()
        if any(fault.kind == kind and is_wanted(one, fault, template) for fault in one.faults)
    }
    meant = [one for one in raised if one.rule in MEANT.get(kind, ())]
    seen = {order_id for one in meant for order_id in one.orders} & wanted
    told = {(one.rule, order_id) for one in meant if one.orders & wanted for order_id in one.orders}
    return Found(
        orders=len(having),
        wanted=len(wanted),
        seen=len(seen),
        told=len(told),
        explained=sum(is_explained(known[order_id], rule) for rule, order_id in told),
    )


def _has(truth: Truth, kind: str) -> bool:
    return any(fault.kind == kind for fault in truth.faults)


def missed(
    truths: Iterable[Truth], raised: Sequence[Raised], template: Template
) -> list[tuple[str, OrderId]]:
    """Faults that no fitting rule told of."""
    return [
        (fault.kind, truth.order_id)
        for truth in truths
        for fault in truth.faults
        if is_wanted(truth, fault, template)
        and not any(
            one.rule in MEANT[fault.kind] and truth.order_id in one.orders for one in raised
        )
    ]


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
