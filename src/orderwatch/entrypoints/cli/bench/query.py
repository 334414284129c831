"""`bench query`: every call and page on a large ledger, beside the same on a small one."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.adapters import clock
from orderwatch.adapters.postgres.multiply import Base, Growth, multiply
from orderwatch.adapters.postgres.yardstick import Size, create_database, drop_database
from orderwatch.entrypoints.cli.bench.calls import Shelf, paths
from orderwatch.entrypoints.cli.bench.figures import (
    Goal,
    Result,
    growth_allowed,
    middle,
    percentile,
    rounded,
    shown,
)
from orderwatch.entrypoints.cli.bench.ground import (
    PATIENCE,
    BenchFailed,
    Ground,
    Product,
    chosen_settings,
)
from orderwatch.entrypoints.cli.bench.load import Order, write_requests
from orderwatch.entrypoints.cli.bench.loading import Loading
from orderwatch.entrypoints.cli.bench.rebuild import fill
from orderwatch.entrypoints.cli.bench.traffic import (
    batches,
    events_of_a_day,
    events_of_orders,
    failing,
    midnight_before,
    orphans,
    refused_events,
)
from orderwatch.entrypoints.cli.output import messages

WANTED_MS = 50.0
PREFIX = 731_000
"""The first digits of every simulated order's number; copies count down from here."""
DAYS_AGO = 12
"""When the copied day was: every order of it has ended, or is overdue for good."""
LIVE_BATCH = 20
UNAPPLIED = 500
FAILED = 250
PROGRAMS = ("/api/", "/metrics")
"""What is asked with a key; all else are pages, which an administrator asks for."""


class QuerySizes(Struct, frozen=True):
    """How much of it. `base` orders are folded for real, the others are copies of them."""

    orders: int
    events: int
    small: int
    base: int
    rounds: int
    calls: int
    live_rate: float


class Side(Struct, frozen=True):
    """One ledger with the server on it."""

    product: Product
    key: str
    cookie: str
    shelf: Shelf
    size: Size


def bench_query(ground: Ground, sizes: QuerySizes) -> Result:
    """Make both ledgers, then ask both the same things in turn while both take in events."""
    with _ledgers(ground, sizes) as shelves, ExitStack() as stack:
        small, large = (
            stack.enter_context(_side(ground, name, shelf)) for name, shelf in shelves.items()
        )
        for side in (small, large):
            stack.enter_context(_live(ground, side, sizes))
        runs = []
        for number in range(1, sizes.rounds + 1):
            run = _round(small, large, sizes, number)
            runs.append(run)
            messages.print(
                f"round {number} of {sizes.rounds}: worst p95 {shown(run['ours'])} ms "
                f"({run['worst']}), same call on the small ledger {shown(run['small'])} ms"
            )
        return _result(sizes, small.size, large.size, runs)


@contextmanager
def _ledgers(ground: Ground, sizes: QuerySizes) -> Iterator[dict[str, Shelf]]:
    """A small and a large database grown from one that was filled through the door."""
    begin = midnight_before(clock.now(), DAYS_AGO)
    width = len(str(sizes.base - 1))
    prefix = str(PREFIX)
    first = PREFIX * 10**width
    with ground.database("base") as url:
        messages.print(f"filling a ledger with {sizes.base:,} orders through its door")
        fill(ground, url, events_of_orders(begin, sizes.base * 1.25, sizes.base, first))
        shelves = {}
        for name, orders in (("small", sizes.small), ("large", sizes.orders)):
            create_database(ground.url_of("postgres"), name, "base")
            messages.print(f"copying it to {orders:,} orders")
            base = Base(prefix, sizes.base, (clock.now() - timedelta(days=2)).date())
            told = multiply(ground.url_of(name), base, Growth(orders, sizes.events), _say)
            days = -(-orders // sizes.base)
            ids = list(_order_ids(sizes.base, first, told))
            shelves[name] = Shelf(ids, begin - timedelta(days=days - 1), begin + timedelta(days=1))
    try:
        yield shelves
    finally:
        for name in shelves:
            drop_database(ground.url_of("postgres"), name)


def _say(text: str) -> None:
    messages.print(f"  {text}")


def _order_ids(base: int, first: int, copies: int) -> Iterator[str]:
    """Some of the orders of each copy that has its events."""
    width = 10 ** len(str(base - 1))
    for copy in range(copies + 1):
        yield from (str(first - copy * width + number) for number in range(0, base, 97))


@contextmanager
def _side(ground: Ground, name: str, shelf: Shelf) -> Iterator[Side]:
    with ground.yardstick(name) as yardstick:
        size = yardstick.size()
    messages.print(
        f"{name}: {size.orders:,} orders, {size.legs:,} legs, {size.events:,} events, "
        f"{size.bytes / 2**30:.1f} GB"
    )
    with Product(ground.url_of(name), ground.folder) as product:
        key = product.key()
        _leave_unapplied(product, key)
        shelf = replace(shelf, incident=_leave_in_trouble(product, key))
        yield Side(product, key, product.cookie(), shelf, size)


def _leave_unapplied(product: Product, key: str) -> None:
    """Dead letters and parked events, for the pages that list them."""
    pairs = zip(refused_events(UNAPPLIED), orphans(UNAPPLIED), strict=True)
    events = [event for pair in pairs for event in pair]
    for batch in batches(events, UNAPPLIED):
        product.post("/api/v1/events", batch, "application/cloudevents-batch+json", key)


def _leave_in_trouble(product: Product, key: str) -> int:
    """Orders that failed, for the pages about incidents; the number of the one they made."""
    for batch in batches(failing(FAILED, clock.now()), UNAPPLIED):
        product.post("/api/v1/events", batch, "application/cloudevents-batch+json", key)
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        _, body = product.get("/api/v1/incidents?rule=order_failed&limit=1", key)
        items = msgspec.json.decode(body)["items"]
        if items:
            return int(items[0]["id"])
        time.sleep(0.1)
    raise BenchFailed(f"No incident of orders that failed within {PATIENCE:g} s.")


@contextmanager
def _live(ground: Ground, side: Side, sizes: QuerySizes) -> Iterator[None]:
    """Orders of today come in at a modest, even rate until the block is left."""
    requests = Path(ground.folder) / f"live-{side.product.port}"
    events = events_of_a_day(clock.now() - timedelta(hours=1), 500_000, int(sizes.live_rate * 600))
    write_requests(requests, side.product.port, side.key, batches(events, LIVE_BATCH))
    rate = sizes.live_rate / LIVE_BATCH
    with Loading(Order(side.product.port, str(requests), 4, rate=rate)) as load:
        load.go()
        yield


def _round(small: Side, large: Side, sizes: QuerySizes, number: int) -> dict[str, Any]:
    """Each call so often on both sides in turn; p95 of each in milliseconds."""
    names = list(paths(large.shelf, 0))
    taken: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in names}
    with _asker(small) as ask_small, _asker(large) as ask_large:
        for call in range(sizes.calls):
            seed = number * 1_000_000 + call
            for name in names:
                taken[name][0].append(ask_small.get(paths(small.shelf, seed)[name]))
                taken[name][1].append(ask_large.get(paths(large.shelf, seed)[name]))
    p95 = {name: [percentile(side, 0.95) * 1000 for side in both] for name, both in taken.items()}
    worst = max(names, key=lambda name: p95[name][1])
    return {"ours": p95[worst][1], "small": p95[worst][0], "worst": worst, "p95_ms": p95}


class _Asker:
    def __init__(self, side: Side) -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", side.product.port, timeout=PATIENCE
        )
        self._program = {"Authorization": f"Bearer {side.key}"}
        self._person = {"Cookie": side.cookie, "Accept-Encoding": "gzip"}

    def get(self, path: str) -> float:
        """Seconds until the whole answer was there."""
        begin = time.perf_counter()
        headers = self._program if path.startswith(PROGRAMS) else self._person
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - begin
        if answer.status != 200:
            raise BenchFailed(f"GET {path} answered {answer.status}: {body[:200]!r}")
        return took

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _asker(side: Side) -> Iterator[_Asker]:
    """One connection that has asked everything once before."""
    asker = _Asker(side)
    try:
        for path in paths(side.shelf, 0).values():
            asker.get(path)
        yield asker
    finally:
        asker.close()


def _result(sizes: QuerySizes, small: Size, large: Size, runs: Sequence[dict[str, Any]]) -> Result:
    calls = _calls(runs)
    worst = max(calls, key=lambda name: float(calls[name]["p95_ms"]))
    allowed = growth_allowed(small.orders, large.orders)
    grown = max(calls, key=lambda name: float(calls[name]["growth"]))
    return Result(
        bench="query",
        figure=calls[worst]["p95_ms"],
        limit=calls[worst]["small_p95_ms"],
        unit="ms",
        figure_is=f"worst p95, {worst}: {large.orders:,} orders, {large.events:,} events",
        limit_is=f"the same call, {small.orders:,} orders",
        runs=[{name: run[name] for name in ("ours", "small", "worst")} for run in runs],
        goals=[
            Goal("ms, worst p95", calls[worst]["p95_ms"], WANTED_MS, at_most=True),
            Goal(f"times slower than small, worst: {grown}", calls[grown]["growth"], allowed, True),
        ],
        more={
            "calls": {
                name: {what: rounded(value) for what, value in call.items()}
                for name, call in calls.items()
            },
            "small": size_of(small),
            "large": size_of(large),
            "live_events_per_s": sizes.live_rate,
            "calls_per_round": sizes.calls,
            "settings": chosen_settings(),
        },
    )


def _calls(runs: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """For each call the median over the rounds of its p95 on both sides."""
    calls = {}
    for name in runs[0]["p95_ms"]:
        sides = [{"small": run["p95_ms"][name][0], "large": run["p95_ms"][name][1]} for run in runs]
        small, large = middle(sides, "small"), middle(sides, "large")
        calls[name] = {"p95_ms": large, "small_p95_ms": small, "growth": large / small}
    return calls


def size_of(size: Size) -> dict[str, int]:
    """A size as the JSON tells it."""
    return {"orders": size.orders, "events": size.events, "legs": size.legs, "bytes": size.bytes}
