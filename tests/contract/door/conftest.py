"""The door with everything behind it in memory; over ASGI for speed, or as a real server."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, cast

import httpx
import pytest
import uvicorn
from litestar import Litestar
from msgspec import Struct
from tests.fakes.keys import ALICE, BOB, FakeKeys
from tests.fakes.ledger import FakeLedger

from orderwatch.app.receive_events import Door
from orderwatch.app.throttle import Throttle
from orderwatch.core.ingest.limits import Limits, Rates
from orderwatch.core.tenants.keys import NewKey
from orderwatch.entrypoints.api.app import Doors, create_app
from orderwatch.entrypoints.api.protocol import ProblemProtocol

AT = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = AT
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.seconds

    def go_on(self, by: timedelta) -> None:
        self.time += by
        self.seconds += by.total_seconds()


class Place(Struct, frozen=True):
    """Two tenants before one door: Alice may send anything, Bob only for his checkout."""

    ledger: FakeLedger
    keys: FakeKeys
    clock: Clock
    alice: NewKey
    bob: NewKey

    def door(self, limits: Limits | None = None, rates: Rates | None = None) -> Door:
        throttle = Throttle(rates or Rates(), self.clock.monotonic)
        return Door(self.ledger, self.keys, throttle, self.clock.now, limits or Limits())

    def app(self, limits: Limits | None = None, rates: Rates | None = None) -> Litestar:
        return create_app(Doors(self.door(limits, rates), version="9.9.9"))

    def client(self, limits: Limits | None = None, rates: Rates | None = None) -> httpx.AsyncClient:
        """Alice, before a door of her own."""
        return client_of(self.app(limits, rates), self.alice)


def client_of(app: Litestar, key: NewKey) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=cast("Any", app)),
        base_url="http://door.test",
        headers={"Authorization": f"Bearer {key.text}"},
    )


@pytest.fixture
def place() -> Place:
    keys = FakeKeys()
    alice, bob = keys.give(ALICE), keys.give(BOB, "/checkout")
    return Place(FakeLedger(), keys, Clock(), alice, bob)


@pytest.fixture
async def alice(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    async with place.client() as client:
        yield client


@pytest.fixture
async def bob(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(place.app(), place.bob) as client:
        yield client


class Server(Struct, frozen=True):
    """A real server on a free port, and what is behind it."""

    place: Place
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/events"


@pytest.fixture
def server(place: Place) -> Iterator[Server]:
    place.clock.time = datetime.now(UTC)
    limits = Limits(body_bytes=100_000, read_time=timedelta(seconds=0.5))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        place.app(limits), http=ProblemProtocol, log_level="error", access_log=False
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    give_up = monotonic() + 10
    while not running.started and monotonic() < give_up:
        sleep(0.01)
    yield Server(place, listening.getsockname()[1])
    running.should_exit = True
    thread.join(10)
    listening.close()
    assert not thread.is_alive()
