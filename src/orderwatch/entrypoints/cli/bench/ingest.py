"""`bench ingest`: batches over HTTP to folded, durable state, beside COPY of the same events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.adapters.postgres.yardstick import EventLine, event_line
from orderwatch.core.model import Event, TenantId
from orderwatch.entrypoints.cli.bench.figures import Goal, Result, middle, rounded, shown
from orderwatch.entrypoints.cli.bench.ground import (
    Ground,
    Product,
    chosen_settings,
)
from orderwatch.entrypoints.cli.bench.load import Order, write_requests
from orderwatch.entrypoints.cli.bench.loading import Loading
from orderwatch.entrypoints.cli.bench.processes import Memory, processor_seconds
from orderwatch.entrypoints.cli.bench.traffic import (
    batches,
    events_of_a_day,
    midnight_before,
)
from orderwatch.entrypoints.cli.output import messages

ONE_BY_ONE = 2_000
"""Events inserted and committed one by one; more would only take longer."""
MOST_MEMORY_MB = 300.0


class Sizes(Struct, frozen=True):
    """How much of it. `serve` are further words for the server's command line."""

    events: int
    rounds: int
    batch: int
    connections: int
    per_day: float
    serve: Sequence[str] = ()


def bench_ingest(ground: Ground, sizes: Sizes) -> Result:
    """Every round: ours on a fresh database, COPY on another, then one commit per event."""
    messages.print(f"simulating {sizes.events:,} events")
    begin = midnight_before(clock.now(), 2)
    events = events_of_a_day(begin, sizes.per_day, sizes.events)
    decode = msgspec.json.Decoder(Event).decode
    lines = [event_line(decode(text), text) for text in events]
    runs = []
    for number in range(1, sizes.rounds + 1):
        run = _round(ground, sizes, events, lines)
        runs.append(run)
        messages.print(
            f"round {number} of {sizes.rounds}: ours {shown(run['ours'])}/s, "
            f"COPY {shown(run['copy'])}/s, one by one {shown(run['one_by_one'])}/s; "
            f"processor time of an event {shown(run['server_us_per_event'])} µs in the server and "
            f"{shown(run['database_us_per_event'])} µs in the database"
        )
    return _result(sizes, runs)


def _round(
    ground: Ground, sizes: Sizes, events: Sequence[bytes], lines: Sequence[EventLine]
) -> dict[str, Any]:
    with ground.database("ours") as url, Product(url, ground.folder, sizes.serve) as product:
        run = _ours(ground, product, sizes, events)
    with ground.database("bare"), ground.yardstick("bare") as yardstick:
        yardstick.checkpoint()
        tenant, now = TenantId(1), clock.now()
        run["copy"] = len(lines) / yardstick.copy_events(tenant, lines, now)
        yardstick.checkpoint()
        few = lines[:ONE_BY_ONE]
        run["one_by_one"] = len(few) / yardstick.insert_events(tenant, few, now)
    run["ratio"] = run["ours"] / run["copy"]
    run["times_one_by_one"] = run["ours"] / run["one_by_one"]
    return run


def _ours(
    ground: Ground, product: Product, sizes: Sizes, events: Sequence[bytes]
) -> dict[str, Any]:
    requests = Path(ground.folder) / "requests"
    write_requests(requests, product.port, product.key(), batches(events, sizes.batch))
    with ground.yardstick("ours") as yardstick:
        yardstick.checkpoint()
        order = Order(product.port, str(requests), sizes.connections)
        with Loading(order) as load, Memory(product.pid) as memory:
            server, database = (processor_seconds(pid) for pid in (product.pid, ground.postmaster))
            load.go()
            outcome = load.outcome()
            server = processor_seconds(product.pid) - server
            database = processor_seconds(ground.postmaster) - database
        held = yardstick.size()
    return {
        "ours": len(events) / outcome.seconds,
        "seconds": outcome.seconds,
        "orders": held.orders,
        "batch_p50_ms": outcome.p50_ms,
        "batch_p99_ms": outcome.p99_ms,
        "server_us_per_event": server / len(events) * 1e6,
        "database_us_per_event": database / len(events) * 1e6,
        "memory_mb": memory.peak_mb,
        "memory_growth_mb": memory.growth_mb,
        "bytes_per_event": held.bytes / len(events),
    }


def _result(sizes: Sizes, runs: Sequence[dict[str, Any]]) -> Result:
    ours, copy, one = (middle(runs, name) for name in ("ours", "copy", "one_by_one"))
    memory = max(float(run["memory_mb"]) for run in runs)
    return Result(
        bench="ingest",
        figure=ours,
        limit=copy,
        unit="events/s",
        figure_is=f"HTTP batches of {sizes.batch} to folded, durable state",
        limit_is="COPY of the same events, one connection",
        runs=runs,
        goals=[
            Goal("of COPY", ours / copy, 0.30),
            Goal("times one commit per event", ours / one, 40),
            Goal("MB of memory of the server", memory, MOST_MEMORY_MB, at_most=True),
        ],
        more={
            "events": sizes.events,
            "orders": runs[-1]["orders"],
            "batch": sizes.batch,
            "connections": sizes.connections,
            "orders_per_day": sizes.per_day,
            "one_commit_per_event": round(one),
            "server_us_per_event": rounded(middle(runs, "server_us_per_event")),
            "database_us_per_event": rounded(middle(runs, "database_us_per_event")),
            "memory_mb": round(memory),
            "memory_growth_mb": round(max(float(run["memory_growth_mb"]) for run in runs)),
            "serve": list(sizes.serve),
            "settings": chosen_settings(),
        },
    )
