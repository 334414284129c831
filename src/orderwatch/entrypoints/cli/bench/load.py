"""The load: a process of its own that posts prepared requests over a few connections.

It is told what to do by one line of JSON on its standard input, says `ready` when it has read the
requests, begins when it is sent another line, and ends with one line of JSON. The requests were
written to a file before, whole HTTP/1.1 requests with their lengths, and go out over bare
connections: an HTTP library costs more per request than the server does, and would be measured
in its stead.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from orderwatch.entrypoints.cli.bench.figures import percentile


class Order(Struct, frozen=True):
    """What to post. Without a `rate` each connection posts as soon as it was answered.

    With one (requests a second) requests are due at even times whatever the server does, and
    latency counts from when a request was due: a server that stalls cannot hide it.
    """

    port: int
    requests: str
    connections: int
    rate: float | None = None
    first: int = 0
    count: int | None = None


class Outcome(Struct, frozen=True):
    """How it went. `failed` is the first answer that was no 202; latencies are milliseconds."""

    seconds: float
    requests: int
    statuses: dict[str, int]
    failed: str
    p50_ms: float
    p99_ms: float
    most_ms: float


BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


def write_requests(
    path: Path, port: int, key: str, bodies: Iterable[bytes], content_type: str = BATCH
) -> int:
    """Write one request per body for the load to send; how many there are."""
    count = 0
    head = (
        f"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: {content_type}\r\nContent-Length: "
    ).encode()
    with path.open("wb") as out:
        for body in bodies:
            request = b"%b%d\r\n\r\n%b" % (head, len(body), body)
            out.write(len(request).to_bytes(4, "big") + request)
            count += 1
    return count


def read_requests(path: Path) -> Iterator[bytes]:
    """The requests of a file."""
    with path.open("rb") as file:
        while length := file.read(4):
            yield file.read(int.from_bytes(length, "big"))


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not registered as one

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer learns that none will come."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Hand out the answer once it is complete."""
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0 or self._answer is None:
            return
        end = head + 4 + _length(self._received[:head])
        if len(self._received) >= end:
            answer, self._received = self._received[:end], self._received[end:]
            self._answer.set_result(answer)

    async def post(self, request: bytes) -> bytes:
        """The whole answer to one request."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


class Load:
    """The requests, and what came back."""

    def __init__(self, order: Order) -> None:
        """Reads the requests."""
        self._order = order
        last = None if order.count is None else order.first + order.count
        self._requests = list(read_requests(Path(order.requests)))[order.first : last]
        self._statuses: Counter[str] = Counter()
        self._failed = ""
        self._latencies: list[float] = []

    async def run(self) -> Outcome:
        """Post everything; the clock runs from the first byte to the last answer."""
        loop = asyncio.get_running_loop()
        connections = [
            (await loop.create_connection(Connection, "127.0.0.1", self._order.port))[1]
            for _ in range(self._order.connections)
        ]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        waiting = deque(self._due(time.perf_counter()))
        begin = time.perf_counter()
        await asyncio.gather(*(self._post(connection, waiting) for connection in connections))
        seconds = time.perf_counter() - begin
        return Outcome(
            seconds,
            len(self._latencies),
            dict(self._statuses),
            self._failed,
            percentile(self._latencies, 0.5) * 1000,
            percentile(self._latencies, 0.99) * 1000,
            max(self._latencies) * 1000,
        )

    def _due(self, begin: float) -> Iterator[tuple[float | None, bytes]]:
        rate = self._order.rate
        for number, request in enumerate(self._requests):
            yield (None if rate is None else begin + number / rate), request

    async def _post(
        self, connection: Connection, waiting: deque[tuple[float | None, bytes]]
    ) -> None:
        while waiting:
            due, request = waiting.popleft()
            now = time.perf_counter()
            if due is not None and due > now:
                await asyncio.sleep(due - now)
            begin = due or now
            answer = await connection.post(request)
            self._latencies.append(time.perf_counter() - begin)
            status = answer[9:12].decode()
            self._statuses[status] += 1
            if status != "202" and not self._failed:
                self._failed = answer.decode(errors="replace")


def main() -> None:
    """Do what standard input says."""
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    outcome = uvloop.run(Load(order).run())
    sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")


if __name__ == "__main__":
    main()
