"""What systems say in these stories, as CloudEvents: one line each, at a time of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

OMS = "phoenix_oms"


def now(seconds: float = 0) -> datetime:
    """The present, or so many seconds from it."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def event(
    order: str,
    system: str,
    status: str,
    time: datetime,
    *,
    id: str | None = None,  # noqa: A002 - the word of CloudEvents
    source: str | None = None,
    **data: Any,
) -> dict[str, Any]:
    """One system's word about one order; `data` are further members of the event's `data`."""
    if isinstance(data.get("due_at"), datetime):
        data["due_at"] = data["due_at"].isoformat()
    return {
        "specversion": "1.0",
        "id": id or f"{order}/{system}/{status}/{time.timestamp()}",
        "source": source or f"/{system}",
        "type": "orderwatch.status.v1",
        "subject": order,
        "time": time.isoformat(),
        "data": {"system": system, "status": status, **data},
    }


def baht(value: str, kind: str = "order_total") -> dict[str, str]:
    """An amount of money."""
    return {"value": value, "currency": "THB", "kind": kind}


def life(order: str, placed_at: datetime, **facts: Any) -> list[dict[str, Any]]:
    """The whole life of an ordinary store order, a minute a step."""

    def at(minutes: float) -> datetime:
        return placed_at + timedelta(minutes=minutes)

    facts = {"channel": "app", "fulfilment": "store", "delivery": "express"} | facts
    return [
        event(order, OMS, "PENDING", at(0), amount=baht("250.00"), **facts),
        event(order, "commerce_engine", "ACCEPTED", at(0.1)),
        event(order, "stock", "RESERVED", at(0.5)),
        event(order, "checkout", "CAPTURED", at(1), amount=baht("250.00", "captured")),
        event(order, OMS, "PROCESSING", at(1.1)),
        event(order, "invoice", "ISSUED", at(2), refs={"invoice_no": f"INV-{order}"}),
        event(order, "instore_app", "HANDED_OVER", at(20)),
        event(order, OMS, "SHIPPING", at(20.1)),
        event(order, "rider_app", "DELIVERED", at(50)),
        event(order, OMS, "COMPLETE", at(50.1)),
    ]
