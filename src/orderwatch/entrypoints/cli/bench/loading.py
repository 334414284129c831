"""Running the load: a process beside the server, told what to post, asked how it went."""

from __future__ import annotations

import subprocess
import sys
from typing import Self

import msgspec

from orderwatch.entrypoints.cli.bench.ground import BenchFailed, environment
from orderwatch.entrypoints.cli.bench.load import Order, Outcome


class Loading:
    """The load in a process of its own: ready when entered, running from `go` on."""

    def __init__(self, order: Order) -> None:
        """`order` says what to post."""
        self._order = order
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "orderwatch.entrypoints.cli.bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(""),
            text=True,
        )
        self._tell(msgspec.json.encode(self._order).decode())
        if self._hear() != "ready":
            raise BenchFailed("The load did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def go(self) -> None:
        """Begin."""
        self._tell("go")

    def outcome(self) -> Outcome:
        """Wait for the end; raises BenchFailed when an answer was no 202."""
        outcome = msgspec.json.decode(self._hear() or "null", type=Outcome | None)
        if outcome is None:
            raise BenchFailed("The load ended without a result: the server hung up.")
        if outcome.failed:
            raise BenchFailed(f"Not all was accepted, {outcome.statuses}: {outcome.failed[:500]}")
        return outcome

    def _tell(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def loaded(order: Order) -> Outcome:
    """Post all of it and wait."""
    with Loading(order) as load:
        load.go()
        return load.outcome()
