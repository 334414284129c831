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
    """What there is to ask for: orders by id, placed between two times; an incident."""

    order_ids: Sequence[str]
    begins: datetime
    ends: datetime
    incident: int = 1


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
        "incidents": ("incidents", {}),
        "an incident": (f"incidents/{shelf.incident}", {}),
        "its orders": (f"incidents/{shelf.incident}/orders", {}),
    }
    calls = {name: _path(f"/api/v1/{call}", query) for name, (call, query) in asked.items()}
    return calls | {"metrics": "/metrics"} | _pages(order, day, week, rng) | _alarms(shelf)


def _pages(
    order: str, day: dict[str, str], week: dict[str, str], rng: random.Random
) -> dict[str, str]:
    """Every page of the console, and what moves on it."""
    system, channel = rng.choice(_SYSTEMS), rng.choice(("app", "website"))
    lists: dict[str, dict[str, str]] = {
        "": day,
        ", failed": {"class": "failed", **week},
        ", by status": {"status": rng.choice(_STATUSES), **week},
        ", by channel": {"channel": channel, **week},
        ", by system": {"system": system, **week},
        ", failed at a system": {"class": "failed", "system": system, **week},
        ", by amount": {"amount_from": "2000", **week},
        ", by reference": {"q": f"PSP-{order[:-1]}"},
    }
    pages = {
        "/": _path("/", day),
        "/ now": "/",
        "/ live": _path("/live", day),
        "/ of a week": _path("/", week),
        "/ of a system": _path("/", {"system": system, **day}),
        "/ of a channel": _path("/", {"channel": channel, **week}),
        "systems": _path("/systems", week),
        "one system": _path(f"/systems/{system}", week),
        "the wall": _path("/wall", day),
        "an order": f"/orders/{order}",
        "dead letters": "/dead-letters",
        "dead letters of a kind": "/dead-letters?code=invalid",
        "parked": "/parked",
        "flow": "/settings/flow",
        "flow, to edit": "/settings/flow/edit",
        "thresholds": "/settings/thresholds",
        "keys": "/settings/keys",
        "people": "/settings/people",
        "audit": "/settings/audit",
        "this server": "/settings/server",
    }
    listed = {f"orders{name}": _path("/orders", query) for name, query in lists.items()}
    return {f"page {name}": path for name, path in (pages | listed).items()}


def _alarms(shelf: Shelf) -> dict[str, str]:
    """The pages about incidents, and those about their rules."""
    pages = {
        "incidents": "/incidents",
        "incidents, all": "/incidents?state=all",
        "an incident": f"/incidents/{shelf.incident}",
        "silences": "/silences",
        "channels": "/channels",
        "a channel": "/channels/mailbox",
        "mailbox": "/mailbox",
        "alert rules": "/settings/alerts",
        "alert rules, to edit": "/settings/alerts/edit",
        "backtest": "/settings/alerts/backtest",
    }
    return {f"page {name}": path for name, path in pages.items()}


def _day(shelf: Shelf, rng: random.Random) -> dict[str, str]:
    """A window of a day that begins at some minute."""
    minutes = int((shelf.ends - shelf.begins) / timedelta(minutes=1)) - 24 * 60
    begins = shelf.begins + timedelta(minutes=rng.randrange(max(minutes, 1)))
    return {"from": _text(begins), "to": _text(begins + timedelta(days=1))}


def _text(at: datetime) -> str:
    return at.isoformat()


def _path(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
