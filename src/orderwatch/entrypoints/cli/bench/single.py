"""`bench ingest --single`: one event per POST, beside the same server answering an empty POST."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.entrypoints.cli.bench.figures import Goal, Result, middle, rounded, shown
from orderwatch.entrypoints.cli.bench.ground import Ground, Product, chosen_settings
from orderwatch.entrypoints.cli.bench.load import BATCH, SINGLE, Order, write_requests
from orderwatch.entrypoints.cli.bench.loading import loaded
from orderwatch.entrypoints.cli.bench.traffic import events_of_a_day, midnight_before
from orderwatch.entrypoints.cli.output import messages


class SingleSizes(Struct, frozen=True):
    """How much of it. As many posts again are empty, and again at half the rate."""

    events: int
    rounds: int
    connections: int
    per_day: float
    serve: Sequence[str] = ()


def bench_single(ground: Ground, sizes: SingleSizes) -> Result:
    """Every round on a fresh database: empty posts, events, then events at half that rate."""
    events = events_of_a_day(midnight_before(clock.now(), 2), sizes.per_day, 2 * sizes.events)
    runs = []
    for number in range(1, sizes.rounds + 1):
        with ground.database("single") as url, Product(url, ground.folder, sizes.serve) as product:
            run = _round(ground, product, sizes, events)
        runs.append(run)
        messages.print(
            f"round {number} of {sizes.rounds}: ours {shown(run['ours'])}/s, "
            f"empty {shown(run['empty'])}/s; at half rate p50 {shown(run['p50_ms'])} ms, "
            f"p99 {shown(run['p99_ms'])} ms"
        )
    return _result(sizes, runs)


def _round(
    ground: Ground, product: Product, sizes: SingleSizes, events: Sequence[bytes]
) -> dict[str, Any]:
    key, half = product.key(), len(events) // 2
    nothing, something = (Path(ground.folder) / name for name in ("empty", "events"))
    write_requests(nothing, product.port, key, [b"[]"] * half, BATCH)
    write_requests(something, product.port, key, events, SINGLE)
    with ground.yardstick("single") as yardstick:
        yardstick.checkpoint()
    empty = loaded(Order(product.port, str(nothing), sizes.connections))
    full = loaded(Order(product.port, str(something), sizes.connections, count=half))
    ours = half / full.seconds
    calm = loaded(Order(product.port, str(something), sizes.connections, rate=ours / 2, first=half))
    return {
        "ours": ours,
        "empty": half / empty.seconds,
        "ratio": ours / (half / empty.seconds),
        "full_p50_ms": full.p50_ms,
        "full_p99_ms": full.p99_ms,
        "half_rate": ours / 2,
        "p50_ms": calm.p50_ms,
        "p99_ms": calm.p99_ms,
        "most_ms": calm.most_ms,
    }


def _result(sizes: SingleSizes, runs: Sequence[dict[str, Any]]) -> Result:
    ours, empty, p99 = (middle(runs, name) for name in ("ours", "empty", "p99_ms"))
    return Result(
        bench="ingest --single",
        figure=ours,
        limit=empty,
        unit="events/s",
        figure_is=f"one event per POST, {sizes.connections} connections",
        limit_is="the same server answering an empty POST",
        runs=runs,
        goals=[
            Goal("of an empty POST", ours / empty, 0.25),
            Goal("ms p99 at half the rate", p99, 50, at_most=True),
        ],
        more={
            "events": sizes.events,
            "connections": sizes.connections,
            "p50_ms": rounded(middle(runs, "p50_ms")),
            "p99_ms": rounded(p99),
            "serve": list(sizes.serve),
            "settings": chosen_settings(),
        },
    )
