"""Every call and page a reader may make, with parameters that differ from call to call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

_SYSTEMS = ("commerce_engine", "checkout", "stock", "invoice", "rider_app", "loginext")
_STATUSES = ("PENDING", "PROCESSING", "SHIPPING", "COMPLETE", "CANCELED", "CLOSED", "FRAUD")
_METRICS = ("orders_placed", "failed", "overdue", "success_rate")


class Shelf(Struct, frozen=True):
    """What there is to ask for: orders by id, placed between two times."""

    order_ids: Sequence[str]
    begins: datetime
    ends: datetime


def paths(shelf: Shelf, seed: int) -> dict[str, str]:
    """One path for each kind of call, drawn anew for every seed."""
    rng = random.Random(seed)  # noqa: S311 - parameters, not secrets
    order = rng.choice(shelf.order_ids)
    day = _day(shelf, rng)
    week = {"from": day["from"], "to": _text(datetime.fromisoformat(day["to"]) + timedelta(days=6))}
    class_, channel = rng.choice(("success", "failed", "delayed")), rng.choice(("app", "website"))
    asked: dict[str, tuple[str, dict[str, str]]] = {
        "orders": ("orders", {}),
        "orders, one day": ("orders", day),
        "orders by class": ("orders", {"class": class_, **day}),
        "orders overdue": ("orders", {"overdue": "true"}),
        "orders by status": ("orders", {"status": rng.choice(_STATUSES)}),
        "orders by channel": ("orders", {"channel": channel, **day}),
        "orders by system": ("orders", {"system": rng.choice(_SYSTEMS)}),
        "orders failed at a system": (
            "orders",
            {"class": "failed", "system": rng.choice(_SYSTEMS)},
        ),
        "orders by prefix of the id": ("orders", {"q": order[:-2]}),
        "orders by reference": ("orders", {"q": f"PSP-{order}"}),
        "orders by prefix of a reference": ("orders", {"q": f"PSP-{order[:-2]}"}),
        "500 orders": ("orders", {"limit": "500", **day}),
        "order": (f"orders/{order}", {}),
        "its events": (f"orders/{order}/events", {}),
        "summary": ("summary", {}),
        "summary of a day": ("summary", day),
        "summary of a week and channel": ("summary", {"channel": channel, **week}),
        "summary of a system": ("summary", {"system": rng.choice(_SYSTEMS), **day}),
        "series of a day": ("series", {"metric": rng.choice(_METRICS), **day}),
        "series of a week": ("series", {"metric": rng.choice(_METRICS), "step": "1h", **week}),
        "systems": ("systems", {}),
    }
    calls = {name: _path(f"/api/v1/{call}", query) for name, (call, query) in asked.items()}
    system = rng.choice(_SYSTEMS)
    return calls | {
        "metrics": "/metrics",
        "page /": "/",
        "page / of a week": "/?range=7d",
        "page / of a system": f"/?system={system}",
        "page of systems": "/systems?range=7d",
        "page of a system": f"/systems/{system}?range=7d",
        "page for the wall": "/wall",
        "page of an order": f"/orders/{order}",
    }


def _day(shelf: Shelf, rng: random.Random) -> dict[str, str]:
    """A window of a day that begins at some minute."""
    minutes = int((shelf.ends - shelf.begins) / timedelta(minutes=1)) - 24 * 60
    begins = shelf.begins + timedelta(minutes=rng.randrange(max(minutes, 1)))
    return {"from": _text(begins), "to": _text(begins + timedelta(days=1))}


def _text(at: datetime) -> str:
    return at.isoformat()


def _path(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
