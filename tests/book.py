"""The ledger of one tenant laid open, in a form that two of them can be held against each other.

Left out is only what tells when and how often something was written rather than what is so:
revisions, arrival times, what was active lately, the spread of sums over slots, and the totals of
what was reached on the way, which rightly differ when events come in another order.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace
from tests.product import Tenant

from orderwatch.adapters.postgres.ledger import decode_standing, decode_state

Table = dict[Any, Any]
Book = dict[str, Table]

STANDING_TOTALS = (
    "orders_placed",
    "orders_open",
    "orders_overdue",
    "transmissions_overdue",
    "mismatches_open",
)
"""Totals that follow from where the orders stand, whichever way they came there."""


def book_of(tenant: Tenant) -> Book:
    """Every table of the tenant's, as the application's role sees it."""
    return {
        "orders": {
            order_id: row | {"state": _plain(decode_state(state)), "standing": _lasting(row)}
            for order_id, row, state in tenant.rows(
                "select order_id, to_jsonb(o) - 'tenant_id' - 'revision' - 'state', state::text"
                " from orders o"
            )
        },
        "legs": {
            (row["order_id"], row["system"]): row
            for (row,) in tenant.rows("select to_jsonb(l) - 'tenant_id' from legs l")
        },
        "events": _counted(tenant.rows("select event::jsonb::text from events")),
        "identities": _keyed(tenant.rows("select identity, content from identities")),
        "parked": _counted(tenant.rows("select event::jsonb::text from parked_events")),
        "refs": _counted(tenant.rows("select order_id, name, value from order_refs")),
        "counters": _sums(
            tenant,
            "select minute, system, channel, bucket, sum(n), sum(value) from counters"
            " group by 1, 2, 3, 4",
        ),
        "rolled counters": _sums(
            tenant,
            "select span, start, system, channel, bucket, sum(n), sum(value) from counters_rolled"
            " group by 1, 2, 3, 4, 5",
        ),
        "totals": _totals(tenant),
        "systems": _keyed(
            tenant.rows(
                "select system, array[max(last_event_at)::text, sum(events)::text]"
                " from systems group by 1"
            )
        ),
        "dead letters": _counted(tenant.rows("select code, digest from dead_letters")),
    }


def differences(one: Book, other: Book) -> list[str]:
    """What is not the same in both, in words; at most a few of each table."""
    found = []
    for table in one:
        ours, theirs = one[table], other[table]
        apart = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        if apart:
            found.append(f"{table}: {len(apart)} of {len(ours)} and {len(theirs)} differ")
        found += [
            f"  {key}: {_apart(ours.get(key), theirs.get(key))}"
            for key in sorted(apart, key=str)[:3]
        ]
    return found


def counted_again(book: Book) -> list[str]:
    """Where the counters do not say what the orders and legs themselves add up to."""
    counters: Counter[tuple[str, str, str]] = Counter()
    for (_, system, channel, bucket), (n, _) in book["counters"].items():
        if bucket != "refunded":
            counters[system, channel, bucket] += int(n)
    standing: Counter[tuple[str, str, str]] = Counter()
    for order in book["orders"].values():
        standing["", order["channel"] or "", _bucket(order)] += 1
    for leg in book["legs"].values():
        channel = book["orders"][leg["order_id"]]["channel"] or ""
        standing[leg["system"], channel, _bucket(leg)] += 1
    return [
        f"{key}: counted {counters[key]}, there are {standing[key]}"
        for key in sorted(counters.keys() | standing.keys())
        if counters[key] != standing[key]
    ]


def _bucket(judged: dict[str, Any]) -> str:
    if judged["class"] == "delayed":
        return "overdue" if judged["overdue"] else "waiting"
    return str(judged["class"])


def _lasting(row: dict[str, Any]) -> Any:
    """What was counted of an order, but for the minute of its latest activity."""
    standing = decode_standing(json.dumps(row["standing"]))
    return _plain(replace(standing, active=None))


def _plain(value: Any) -> Any:
    """Structs as dicts by the names of their fields, whatever form they are stored in."""
    if isinstance(value, Struct):
        return {name: _plain(one) for name, one in asdict(value).items()}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _keyed(rows: list[tuple[Any, ...]]) -> Table:
    return dict(rows)


def _counted(rows: list[tuple[Any, ...]]) -> Table:
    return dict(Counter(rows))


def _sums(tenant: Tenant, query: str) -> Table:
    return {row[:-2]: row[-2:] for row in tenant.rows(query) if any(row[-2:])}


def _totals(tenant: Tenant) -> Table:
    """Standing totals, and how many events came in for the first time."""
    totals: dict[Any, float] = {}
    for metric, labels, value in tenant.rows(
        "select metric, labels, sum(value) from totals where le = '' group by 1, 2"
    ):
        if metric in STANDING_TOTALS and value:
            totals[metric, *labels] = value
        elif metric == "events" and labels[1] in {"accepted", "parked"}:
            key = (metric, labels[0], "taken")
            totals[key] = totals.get(key, 0) + value
    return totals


def _apart(ours: Any, theirs: Any) -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        return "; ".join(f"{key}: {_apart(ours.get(key), theirs.get(key))}" for key in keys)
    return f"{ours!r} and {theirs!r}"
