"""A sender that never gives up: posts each batch until it is answered, and keeps the promises."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

BATCH = "application/cloudevents-batch+json"
LATER = frozenset({429, 503})


@dataclass
class Counts:
    """What the server answered in sum. `acknowledged` are the lines a 202 has promised to keep."""

    accepted: int = 0
    duplicates: int = 0
    parked: int = 0
    rejected: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    cut_off: int = 0
    acknowledged: list[bytes] = field(default_factory=list)
    without_retry_after: int = 0

    @property
    def taken(self) -> int:
        """Events the server has said it has."""
        return self.accepted + self.duplicates + self.parked

    def __iadd__(self, other: Counts) -> Self:
        self.accepted += other.accepted
        self.duplicates += other.duplicates
        self.parked += other.parked
        self.rejected += other.rejected
        self.statuses += other.statuses
        self.cut_off += other.cut_off
        self.acknowledged += other.acknowledged
        self.without_retry_after += other.without_retry_after
        return self


class Sender:
    """One connection to one server. It waits a moment and repeats what was not taken.

    `log` gives the server's own words for the message of a test that failed.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: float = 90.0,
        pause: float = 0.05,
        log: Callable[[], str] = str,
    ) -> None:
        self._url = f"{url}/api/v1/events"
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": BATCH}
        self._patience = patience
        self._pause = pause
        self._log = log
        self._client = httpx.Client(timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(self, lines: Sequence[bytes], batch: int = 500) -> Counts:
        """Everything, in batches of this size."""
        counts = Counts()
        for start in range(0, len(lines), batch):
            counts += self.insist(lines[start : start + batch])
        return counts

    def insist(self, lines: Sequence[bytes]) -> Counts:
        """One batch, until the server has judged it."""
        counts = Counts()
        until = time.monotonic() + self._patience
        while not self._posted(lines, counts):
            assert time.monotonic() < until, (
                f"not taken for {self._patience} s: {counts.statuses}\n{self._log()}"
            )
            time.sleep(self._pause)
        return counts

    def _posted(self, lines: Sequence[bytes], counts: Counts) -> bool:
        body = b"[" + b",".join(lines) + b"]"
        try:
            answer = self._client.post(self._url, content=body, headers=self._headers)
        except httpx.TransportError:
            counts.cut_off += 1
            return False
        counts.statuses[answer.status_code] += 1
        if answer.status_code in LATER:
            counts.without_retry_after += "Retry-After" not in answer.headers
            return False
        assert answer.status_code in {202, 400, 422}, (
            f"{answer.status_code}: {answer.text}\n{self._log()}"
        )
        said = answer.json()
        refused = said.get("rejected", [])
        counts.accepted += said.get("accepted", 0)
        counts.duplicates += said.get("duplicates", 0)
        counts.parked += said.get("parked", 0)
        counts.rejected += len(refused)
        bad = {one["index"] for one in refused}
        counts.acknowledged += [line for n, line in enumerate(lines) if n not in bad]
        return True


def send_beside(
    sender: Callable[[], Sender],
    batches: Sequence[Sequence[bytes]],
    connections: int,
    counts: Counts | None = None,
) -> Counts:
    """The batches over several connections at once, each taking the next that is left.

    Who looks on may give the `counts` that are added to as the answers come.
    """
    waiting = iter(list(batches))
    mutex = threading.Lock()
    counts = Counts() if counts is None else counts
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with sender() as one:
                while True:
                    with mutex:
                        lines = next(waiting, None)
                    if lines is None or failures:
                        return
                    answer = one.insist(lines)
                    with mutex:
                        counts.__iadd__(answer)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return counts


def lines_of(events: Iterable[bytes] | Iterable[dict[str, Any]]) -> list[bytes]:
    """Events as the lines of a file."""
    return [
        event if isinstance(event, bytes) else json.dumps(event, default=_text).encode()
        for event in events
    ]


def _text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def read_lines(path: Path) -> list[bytes]:
    """The lines of an NDJSON file."""
    return path.read_bytes().splitlines()


def shuffled_and_repeated(lines: Sequence[bytes], seed: int) -> list[list[bytes]]:
    """All lines in any order, three in ten of them twice or more, in batches of odd sizes."""
    chance = random.Random(seed)
    told = [*lines, *chance.choices(lines, k=len(lines) * 3 // 10)]
    chance.shuffle(told)
    batches = []
    while told:
        size = chance.choice((1, 7, 50, 333, 1000, 2500))
        batches.append(told[:size])
        told = told[size:]
    return batches
