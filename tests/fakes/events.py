"""Order events as a system would write them: one good one, and any number of ways to spoil it."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


def order_event(**changes: Any) -> dict[str, Any]:
    """A good event of the OMS with every field there is; `data__status="X"` changes inside."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e-17",
        "source": "/phoenix-oms",
        "type": "orderwatch.status.v1",
        "subject": "2000001234",
        "time": "2026-01-31T10:42:00.123+07:00",
        "datacontenttype": "application/json",
        "sequence": "17",
        "correlationid": "c-1",
        "causationid": "c-0",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {
            "system": "phoenix_oms",
            "status": "PROCESSING",
            "channel": "app",
            "fulfilment": "store",
            "delivery": "express",
            "location": "TH-0412 ลาดพร้าว",
            "amount": {"value": "1250.00", "currency": "THB", "kind": "order_total"},
            "due_at": "2026-01-31T11:42:00Z",
            "attempt": 1,
            "reason": {"code": "OK", "text": "paid in full"},
            "refs": {"entity_id": "42"},
            "details": {"basket": [{"sku": "A-1", "price": 12.5}]},
        },
    }
    for path, value in changes.items():
        put(event, path.split("__"), value)
    return event


class _Missing(Enum):
    """Its name in a test's id is the same in every worker, as an object's address is not."""

    MISSING = "missing"


MISSING = _Missing.MISSING


def put(event: dict[str, Any], path: list[str], value: Any) -> None:
    """Set one member, or take it away when the value is MISSING."""
    *outer, last = path
    for name in outer:
        event = event[name]
    if value is MISSING:
        event.pop(last, None)
    else:
        event[last] = value


def as_json(value: Any, *, ascii_only: bool = False) -> bytes:
    """JSON as a sender would write it."""
    return json.dumps(value, ensure_ascii=ascii_only).encode()
