"""`bench rebuild`: all state folded again from the events, beside reading those events once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.app.rebuild_state import Rebuilt, rebuild_state
from orderwatch.bootstrap import environment_settings, first_tenant, open_house
from orderwatch.entrypoints.cli.bench.figures import Goal, Result, middle, shown
from orderwatch.entrypoints.cli.bench.ground import (
    BenchFailed,
    Ground,
    Product,
    chosen_settings,
)
from orderwatch.entrypoints.cli.bench.load import Order, write_requests
from orderwatch.entrypoints.cli.bench.loading import loaded
from orderwatch.entrypoints.cli.bench.traffic import (
    batches,
    events_of_a_day,
    midnight_before,
)
from orderwatch.entrypoints.cli.output import messages

BATCH = 500
CONNECTIONS = 8


class RebuildSizes(Struct, frozen=True):
    """How much of it."""

    events: int
    rounds: int
    per_day: float


def bench_rebuild(ground: Ground, sizes: RebuildSizes) -> Result:
    """Fill the ledger through the door once, then read and rebuild in turn."""
    messages.print(f"filling a ledger with {sizes.events:,} events through its door")
    with ground.database("rebuilt") as url:
        fill(
            ground,
            url,
            events_of_a_day(midnight_before(clock.now(), 9), sizes.per_day, sizes.events),
        )
        runs = []
        for number in range(1, sizes.rounds + 1):
            run = _round(ground, url)
            runs.append(run)
            messages.print(
                f"round {number} of {sizes.rounds}: ours {shown(run['ours'])}/s, "
                f"reading {shown(run['read'])}/s"
            )
    return _result(sizes, runs)


def fill(ground: Ground, url: str, events: Sequence[bytes]) -> None:
    """Send events through the door of a server, and wait until its watcher has nothing to do."""
    with Product(url, ground.folder) as product:
        requests = Path(ground.folder) / "filling"
        write_requests(requests, product.port, product.key(), batches(events, BATCH))
        loaded(Order(product.port, str(requests), CONNECTIONS))
        with ground.yardstick(url.rpartition("/")[2].partition("?")[0]) as yardstick:
            while yardstick.unsettled():
                time.sleep(0.2)
            yardstick.analyze()


def _round(ground: Ground, url: str) -> dict[str, Any]:
    with ground.yardstick("rebuilt") as yardstick:
        events, seconds = yardstick.read_events()
    begin = time.perf_counter()
    rebuilt, took = asyncio.run(_rebuild(url))
    if rebuilt.changed or rebuilt.events != events:
        raise BenchFailed(f"Rebuilding {events} events changed something: {rebuilt}")
    return {
        "ours": rebuilt.events / took,
        "read": events / seconds,
        "ratio": rebuilt.events / took / (events / seconds),
        "orders": rebuilt.orders,
        "seconds": time.perf_counter() - begin,
    }


async def _rebuild(url: str) -> tuple[Rebuilt, float]:
    """The use case as `orderwatch rebuild` calls it, without the start of a Python."""
    async with open_house(environment_settings(), url) as house:
        tenant = await first_tenant(house.directory)
        template = await house.templates.of(tenant)
        begin = time.perf_counter()
        rebuilt = await rebuild_state(house.store, tenant, template, clock.now)
        return rebuilt, time.perf_counter() - begin


def _result(sizes: RebuildSizes, runs: Sequence[dict[str, Any]]) -> Result:
    ours, read = middle(runs, "ours"), middle(runs, "read")
    return Result(
        bench="rebuild",
        figure=ours,
        limit=read,
        unit="events/s",
        figure_is="fold all state again and compare it with what is stored",
        limit_is="reading the events once",
        runs=runs,
        goals=[Goal("of reading", ours / read, 0.25)],
        more={
            "events": sizes.events,
            "orders": runs[-1]["orders"],
            "orders_per_day": sizes.per_day,
            "settings": chosen_settings(),
        },
    )
