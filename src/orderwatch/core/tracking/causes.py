"""What a changed order gives the alert rules to look at: its own trouble and that of its legs.

Decided in the transaction that stores the verdict, from the standing counted before and the new
one: a retry, a refold or a repeat causes nothing twice. An order that is well causes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from orderwatch.core.flow.template import Template
from orderwatch.core.model import Class, Leg, Order, OrderId, System
from orderwatch.core.tracking.counting import FAILED_BUCKETS, Standing

What = Literal["status", "leg"]


class Cause(Struct, frozen=True, omit_defaults=True, rename={"class_": "class"}):
    """One order, or one of its legs, got into trouble or out of it. `at` is when that happened.

    `system` is whose leg it is; of the order itself the system that failed or delays it, or the
    OMS.
    """

    order_id: OrderId
    what: What
    system: System
    status: str
    class_: str
    at: datetime
    placed_at: datetime
    rule: str = ""
    before: str = ""
    overdue: bool = False
    final: bool = False
    stage: str = ""
    reason: str = ""
    channel: str = ""
    location: str = ""
    fulfilment: str = ""
    delivery: str = ""
    payment: str = ""
    customer: str = ""
    amount: str = "0"
    currency: str = ""
    deadline: datetime | None = None
    given_up: bool = False
    """Nobody awaits this leg any more."""

    @property
    def mark(self) -> str:
        """What of the order is in trouble: `status`, or `leg:SYSTEM`."""
        return self.what if self.what == "status" else f"leg:{self.system}"

    @property
    def is_trouble(self) -> bool:
        """Whether this is the beginning of trouble; else its end."""
        return (self.class_ == Class.FAILED or self.overdue) and not self.given_up


def causes_of(
    before: Standing | None, order: Order, after: Standing, template: Template
) -> list[Cause]:
    """What of this order moved into trouble, within trouble, or out of it."""
    if before == after:
        return []
    return [
        *_of_the_order(before, order, after, template),
        *_of_its_legs(before, order, after, template),
        *_of_dropped_legs(before, order, after, template),
    ]


def _of_the_order(
    before: Standing | None, order: Order, after: Standing, template: Template
) -> Iterator[Cause]:
    was = before.bucket if before else ""
    if not _moved(was, after.bucket):
        return
    leg = _deciding_leg(order)
    status = template.statuses.get(order.status)
    yield _cause(
        order,
        template,
        what="status",
        system=leg.system if leg else template.oms,
        status=order.status,
        class_=order.class_.value,
        at=_since(order, leg),
        rule=order.why.rule,
        before=was,
        overdue=order.overdue,
        final=status is not None and status.final,
        reason=_reason(leg),
        deadline=order.why.deadline,
    )


def _of_its_legs(
    before: Standing | None, order: Order, after: Standing, template: Template
) -> Iterator[Cause]:
    known = before.legs if before else {}
    for leg in order.legs:
        was = known[leg.system][0] if leg.system in known else ""
        if not _moved(was, after.legs[leg.system][0]):
            continue
        yield _cause(
            order,
            template,
            what="leg",
            system=leg.system,
            status=leg.status or "",
            class_=leg.class_.value,
            at=_leg_since(leg, order),
            rule=leg.why.rule,
            before=was,
            overdue=leg.overdue,
            reason=_reason(leg),
            deadline=leg.deadline if leg.overdue else None,
        )


def _of_dropped_legs(
    before: Standing | None, order: Order, after: Standing, template: Template
) -> Iterator[Cause]:
    """Once the OMS has settled the order nobody awaits a leg that never spoke."""
    for system, (was, _) in before.legs.items() if before else ():
        if system not in after.legs and was in FAILED_BUCKETS:
            yield _cause(
                order,
                template,
                what="leg",
                system=system,
                status="",
                class_=order.class_.value,
                at=order.status_since,
                before=was,
                given_up=True,
            )


def _moved(was: str, bucket: str) -> bool:
    return was != bucket and (bucket in FAILED_BUCKETS or was in FAILED_BUCKETS)


def _cause(order: Order, template: Template, **about: object) -> Cause:
    """A cause with what it has of its order."""
    rule = template.legs.get(str(about["system"]))
    return Cause(
        order_id=order.order_id,
        placed_at=order.placed_at,
        stage=rule.stage if rule else "",
        channel=order.channel or "",
        location=order.location or "",
        fulfilment=order.fulfilment or "",
        delivery=order.delivery or "",
        payment=_payment(order),
        customer=order.refs.get("customer_id", ""),
        amount=order.amount.value if order.amount else "0",
        currency=order.amount.currency if order.amount else template.currency,
        **about,  # type: ignore[arg-type]
    )


def _payment(order: Order) -> str:
    """How it is paid, as far as the amounts say: the schema has no word for it."""
    kinds = {money.kind for money in order.amounts}
    if kinds & {"cod_expected", "cod_collected"}:
        return "cod"
    return "prepaid" if kinds & {"authorized", "captured"} else ""


def _deciding_leg(order: Order) -> Leg | None:
    """The leg whose failure or delay is the order's; None: the order's own status decides."""
    if not order.why.rule.startswith("leg."):
        return None
    system = order.why.rule.removeprefix("leg.").rpartition(".")[0]
    return next((leg for leg in order.legs if leg.system == system), None)


def _since(order: Order, leg: Leg | None) -> datetime:
    if leg is not None:
        return _leg_since(leg, order)
    return (order.why.deadline if order.overdue else None) or order.status_since


def _leg_since(leg: Leg, order: Order) -> datetime:
    if leg.overdue and leg.deadline is not None:
        return leg.deadline
    return leg.ended_at or order.updated_at


def _reason(leg: Leg | None) -> str:
    return (leg.reason.code or "") if leg is not None and leg.reason is not None else ""
