"""`bench detect`: from a cause to the received notice, beside Prometheus with Alertmanager.

Both watch the same failing orders in the same run: ours is told by its own rules, Prometheus
scrapes our metrics and evaluates every 15 s, as is usual, and Alertmanager tells at once.
"""

from __future__ import annotations

import base64
import os
import random
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from orderwatch.adapters import clock
from orderwatch.entrypoints.cli.bench.figures import Goal, Result, middle, percentile, shown
from orderwatch.entrypoints.cli.bench.ground import (
    BenchFailed,
    Ground,
    Product,
    command,
    environment,
)
from orderwatch.entrypoints.cli.bench.prometheus import prometheus
from orderwatch.entrypoints.cli.bench.sink import Came, Sink
from orderwatch.entrypoints.cli.output import messages

GOAL_S: Final = 1.0
_PATIENCE_S: Final = 30.0
_THEIR_PATIENCE_S: Final = 60.0
_SECRET: Final = "whsec_" + base64.b64encode(b"a benchmark's own").decode()
_BOOK: Final = """\
alerts: bench
version: 1
channels:
  sink:
    kind: webhook
    url: {url}
    secret: BENCH
    most: 1000
    most_within: 1 min
routes:
  - to: [sink]
rules:
  order_failed:
    title: Orders failed
    text: "{{orders}} failed"
    team: operations
    priority: high
    looks_at: order
    when: what == "status" && class == "failed"
    group_by: [reason]
  order_overdue:
    title: Orders past their deadline
    text: "{{orders}} overdue"
    team: operations
    priority: high
    looks_at: deadline
    when: what == "status" && overdue
    group_by: [location]
teams:
  operations: Operations
"""
_FAILING: Final = (
    ("commerce_engine", "REJECTED"),
    ("checkout", "DECLINED"),
    ("stock", "OUT_OF_STOCK"),
    ("invoice", "REJECTED"),
    ("instore_app", "SHORT_PICKED"),
    ("highjump", "SHORT_PICKED"),
)
_CHANNELS: Final = ("website", "app", None)
MOST_SAMPLES: Final = len(_FAILING) * len(_CHANNELS)
"""Each failure is a time series of its own, or Prometheus would see but the first."""


class DetectSizes(Struct, frozen=True):
    """How much of it: failures and deadlines of a round, each so many."""

    samples: int
    rounds: int


class Sample(Struct, frozen=True):
    """One cause: by which name its notice is known, and when it happened."""

    name: str
    kind: str
    at: float
    system: str = ""
    channel: str = ""


def bench_detect(ground: Ground, sizes: DetectSizes) -> Result:
    """Every round: orders fail and deadlines pass at odd moments; who hears of it, and when?"""
    runs = []
    for number in range(1, sizes.rounds + 1):
        with ground.database("detect") as url, Sink() as sink:
            runs.append(_round(ground, url, sink, sizes.samples, number))
        messages.print(
            f"round {number} of {sizes.rounds}: p50 {shown(runs[-1]['p50_s'])} s, "
            f"p99 {shown(runs[-1]['p99_s'])} s of {runs[-1]['samples']}; Prometheus and "
            f"Alertmanager p50 {_maybe(runs[-1]['theirs_p50_s'])}"
        )
    return _result(runs)


def _maybe(seconds: float | None) -> str:
    return f"{shown(seconds)} s" if seconds else "not installed here"


def _round(ground: Ground, url: str, sink: Sink, samples: int, seed: int) -> dict[str, Any]:
    secret = {"ORDERWATCH_CHANNEL_SECRET_DEFAULT__BENCH": _SECRET}
    allowed = {"ORDERWATCH_CHANNEL_HOSTS": "127.0.0.1"}
    with ExitStack() as stack:
        stack.enter_context(_environment(secret | allowed))
        product = stack.enter_context(Product(url, ground.folder))
        _apply(ground.folder, sink.url("/ours"), url)
        theirs = stack.enter_context(prometheus(ground.folder, product.port, sink.url("/theirs")))
        key = product.key()
        time.sleep(3)  # the book is looked at again after two seconds
        caused = [*_cause(product.port, key, samples, random.Random(seed))]  # noqa: S311
        ours = _heard(sink, caused)
        run: dict[str, Any] = {
            "samples": len(ours),
            "p50_s": percentile(ours, 0.5),
            "p99_s": percentile(ours, 0.99),
            "most_s": max(ours),
            "theirs_p50_s": None,
            "theirs_most_s": None,
        }
        if theirs:
            waited = _heard_by_them(sink, caused)
            run |= {"theirs_p50_s": percentile(waited, 0.5), "theirs_most_s": max(waited)}
    return run


@contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """These variables, for the processes that are started in the block."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _apply(folder: Path, sink: str, url: str) -> None:
    book = folder / "bench-alerts.yaml"
    book.write_text(_BOOK.format(url=sink))
    words = command("alerts", "apply", str(book), "--tenant", "default", "--yes")
    done = subprocess.run(words, env=environment(url), capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"The alert book was refused: {done.stderr}")


def _cause(port: int, key: str, samples: int, chance: random.Random) -> Iterator[Sample]:
    """Failures and deadlines in turn, at odd moments; each is there when it is yielded."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {key}", "content-type": _JSON},
        timeout=_PATIENCE_S,
    ) as client:
        for number in range(min(samples, MOST_SAMPLES)):
            time.sleep(chance.uniform(0.05, 0.6))
            system, status = _FAILING[number % len(_FAILING)]
            channel = _CHANNELS[number // len(_FAILING)]
            yield _fail(client, f"code-{number}", system, status, channel)
            time.sleep(chance.uniform(0.05, 0.6))
            yield _promise(client, f"store-{number}", chance.uniform(0.8, 1.6))


_JSON: Final = "application/cloudevents+json"


def _fail(client: httpx.Client, name: str, system: str, status: str, channel: str | None) -> Sample:
    order = f"bench-{name}"
    _post(client, order, "phoenix_oms", "PENDING", channel=channel)
    at = time.time()
    _post(client, order, system, status, reason={"code": name})
    return Sample(name, "order_failed", at, system, channel or "")


def _promise(client: httpx.Client, name: str, seconds: float) -> Sample:
    due = clock.now() + timedelta(seconds=seconds)
    _post(client, f"bench-{name}", "phoenix_oms", "PENDING", due_at=due, location=name)
    return Sample(name, "order_overdue", due.timestamp())


def _post(client: httpx.Client, order: str, system: str, status: str, **data: Any) -> None:
    now = clock.now()
    given = {name: _plain(value) for name, value in data.items() if value is not None}
    answer = client.post(
        "/api/v1/events",
        json={
            "specversion": "1.0",
            "id": f"{order}-{system}-{status}",
            "source": f"/{system}",
            "type": "orderwatch.status.v1",
            "subject": order,
            "time": now.isoformat(),
            "data": {"system": system, "status": status, **given},
        },
    )
    if answer.status_code != 202:
        raise BenchFailed(f"An event was answered {answer.status_code}: {answer.text[:200]}")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _heard(sink: Sink, caused: Sequence[Sample]) -> list[float]:
    """How long after its cause the notice of each came."""
    wanted = {one.name for one in caused}

    def first(came: Sequence[Came]) -> dict[str, float]:
        found: dict[str, float] = {}
        for one in came:
            if one.path == "/ours" and one.body["data"]["kind"] == "firing":
                for told in one.body["data"]["notices"]:
                    found.setdefault(str(told["group"]), one.at)
        return found

    if not sink.wait_for(lambda came: wanted <= first(came).keys(), _PATIENCE_S):
        missing = sorted(wanted - first(sink.came).keys())
        raise BenchFailed(f"No notice within {_PATIENCE_S:g} s of {', '.join(missing[:5])}.")
    came = first(sink.came)
    return [came[one.name] - one.at for one in caused]


def _heard_by_them(sink: Sink, caused: Sequence[Sample]) -> list[float]:
    """How long after each failure Alertmanager told of it."""
    failed = {(one.system, one.channel): one.at for one in caused if one.system}

    def first(came: Sequence[Came]) -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = {}
        for one in came:
            if one.path == "/theirs":
                for alert in one.body["alerts"]:
                    labels = alert["labels"]
                    channel = labels.get("channel", "")
                    place = (labels["system"], channel if channel in ("website", "app") else "")
                    found.setdefault(place, one.at)
        return found

    if not sink.wait_for(lambda came: failed.keys() <= first(came).keys(), _THEIR_PATIENCE_S):
        raise BenchFailed(f"Prometheus did not tell within {_THEIR_PATIENCE_S:g} s.")
    came = first(sink.came)
    return [came[place] - at for place, at in failed.items()]


def _result(runs: Sequence[dict[str, Any]]) -> Result:
    ours, worst = middle(runs, "p50_s"), middle(runs, "p99_s")
    theirs = [run["theirs_p50_s"] for run in runs if run["theirs_p50_s"] is not None]
    return Result(
        bench="detect",
        figure=ours,
        limit=middle(runs, "theirs_p50_s") if theirs else 0.0,
        unit="s",
        figure_is="a cause to the received notice, p50",
        limit_is="Prometheus and Alertmanager at their usual 15 s, p50"
        if theirs
        else "Prometheus and Alertmanager are not installed here",
        runs=runs,
        goals=[Goal("p99 in s", worst, GOAL_S, at_most=True)],
        more={"p50_s": round(ours, 4), "p99_s": round(worst, 4)},
    )
