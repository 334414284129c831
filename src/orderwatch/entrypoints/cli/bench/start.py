"""`bench start`: `demo` to the first live order, beside a bare start of the database server."""

from __future__ import annotations

import contextlib
import http.client
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import msgspec

from orderwatch.adapters import clock
from orderwatch.adapters.postgres.embedded import EmbeddedPostgres
from orderwatch.entrypoints.cli.bench.figures import Goal, Result, middle, shown
from orderwatch.entrypoints.cli.bench.ground import (
    PATIENCE,
    BenchFailed,
    command,
    environment,
    free_port,
)
from orderwatch.entrypoints.cli.output import messages

_KEY = re.compile(r"send and read\s+(\S+)")
WANTED_S = 5.0


def bench_start(rounds: int) -> Result:
    """Every round: a bare start of the database server, then a demo until an order shows."""
    runs = []
    for number in range(1, rounds + 1):
        run = {"database": _bare_start(), **_demo_start()}
        run["ratio"] = run["ours"] / run["database"]
        runs.append(run)
        messages.print(
            f"round {number} of {rounds}: first live order after {shown(run['ours'])} s "
            f"(answering after {shown(run['answering'])} s), "
            f"bare database {shown(run['database'])} s"
        )
    return _result(runs)


def _bare_start() -> float:
    """Make and start a database server on a new folder; seconds until it takes connections."""
    begin = time.perf_counter()
    with EmbeddedPostgres.temporary():
        return time.perf_counter() - begin


def _demo_start() -> dict[str, float]:
    """Run `orderwatch demo` until the API shows an order that was placed since."""
    port, placed_from, begin = free_port(), clock.now(), time.perf_counter()
    path = f"/api/v1/orders?limit=1&from={quote(placed_from.isoformat())}"
    answering = 0.0
    with _demo(port) as said:
        while time.perf_counter() - begin < PATIENCE:
            key = _KEY.search("".join(said))
            items = _orders(port, path, key[1]) if key else None
            if items is not None:
                answering = answering or time.perf_counter() - begin
            if items:
                return {"ours": time.perf_counter() - begin, "answering": answering}
            time.sleep(0.02)
        raise BenchFailed(f"No order within {PATIENCE:g} s. The demo said: {''.join(said)[-500:]}")


@contextmanager
def _demo(port: int) -> Iterator[list[str]]:
    """A demo on a port; what it has said so far, growing."""
    demo = subprocess.Popen(
        command("demo", "--port", str(port)),
        env=environment(""),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stderr is not None
    said: list[str] = []
    reader = threading.Thread(target=said.extend, args=(demo.stderr,), daemon=True)
    reader.start()
    try:
        yield said
    finally:
        demo.terminate()
        demo.wait()
        reader.join()
        demo.stderr.close()


def _orders(port: int, path: str, key: str) -> list[Any] | None:
    """The orders of one answer; None while there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise BenchFailed(f"GET {path} answered {answer.status}: {body[:200]!r}")
        return list(msgspec.json.decode(body)["items"])
    return None


def _result(runs: Sequence[dict[str, Any]]) -> Result:
    ours, bare = middle(runs, "ours"), middle(runs, "database")
    return Result(
        bench="start",
        figure=ours,
        limit=bare,
        unit="s",
        figure_is="`demo` to the first live order in the API",
        limit_is="a bare embedded PostgreSQL start",
        runs=runs,
        goals=[Goal("s to the first live order", ours, WANTED_S, at_most=True)],
        more={"answering_s": round(middle(runs, "answering"), 2)},
    )
