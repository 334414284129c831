"""Whoever watches hears within a second, from whichever process, and only of their own orders."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import uvicorn
from litestar import Litestar
from tests.integration.reading.conftest import Story
from tests.story import placed, said

from orderwatch.adapters.postgres.announcing import PostgresAnnouncements
from orderwatch.app.announce_changes import Hub, Update
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.entrypoints.api.stream import messages, stream_handler
from orderwatch.entrypoints.web.sessions import Sessions
from orderwatch.entrypoints.web.sign_in import SignIn


class Server(uvicorn.Server):
    """A server in this loop that leaves the signals alone."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        task = asyncio.create_task(self.serve())
        await until(lambda: self.started)
        port = self.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            self.should_exit = True
            await task


async def until(true: Callable[[], bool]) -> None:
    """Ask again until it is so; five seconds at most."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is asked belongs to others, who set no event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(story: Story, hub: Hub, heartbeat_s: float = 15) -> AsyncIterator[str]:
    sign_in = SignIn(story.keys, Sessions(bytes(32)), story.clock)
    app = Litestar([stream_handler(sign_in, hub, heartbeat_s)])
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off")
    async with Server(config).serving() as url:
        try:
            yield url
        finally:
            hub.close()


@asynccontextmanager
async def watching(
    url: str, key: str, last_event_id: str | None = None
) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
    """The events a browser would get."""
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    headers = {"authorization": f"Bearer {key}"}
    if last_event_id is not None:
        headers["last-event-id"] = last_event_id
    async with (
        httpx.AsyncClient(timeout=20) as client,
        client.stream("GET", f"{url}/api/v1/stream", headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(_read(answer, queue))
        assert await queue.get() == {"retry": "2000"}
        yield queue
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def _read(answer: httpx.Response, queue: asyncio.Queue[dict[str, Any]]) -> None:
    event: dict[str, Any] = {}
    async for line in answer.aiter_lines():
        if not line:
            queue.put_nowait(event)
            event = {}
        else:
            name, _, value = line.partition(": ")
            event[name or "comment"] = value


async def next_event(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    return await asyncio.wait_for(queue.get(), 5)


async def next_orders(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    """The next event about orders; being told to read again first is all right."""
    while (event := await next_event(queue))["event"] != "orders":
        assert event["event"] == "resync"
    found: dict[str, Any] = msgspec.json.decode(event["data"])
    return found


async def test_an_order_is_seen_in_another_process_within_a_second_by_its_tenant_alone(
    story: Story, module_database_url: str
) -> None:
    here, there = Hub(), Hub()
    writing = PostgresAnnouncements(module_database_url, here, "here")
    reading = PostgresAnnouncements(module_database_url, there, "there")
    async with (
        served(story, there) as url,
        writing.running(),
        reading.running(),
        watching(url, story.key_of(story.alice)) as alice,
        watching(url, story.key_of(story.bob)) as bob,
    ):
        recorded = await story.tell(
            placed(0, order="ada", channel="app"), said("commerce_engine", "REJECTED", order="ada")
        )
        told = time.monotonic()
        writing.publish(story.alice, recorded.changed)
        update = await next_orders(alice)
        assert time.monotonic() - told < 1
        (ada,) = update["orders"]
        assert (ada["order_id"], ada["class"], ada["overdue"]) == ("ada", "failed", False)
        assert (ada["status"], ada["channel"], ada["before"]) == ("PENDING", "app", None)
        writing.publish(story.bob, (await story.tell(placed(order="bob"), to=story.bob)).changed)
        bobs = await next_orders(bob)
        assert [one["order_id"] for one in bobs["orders"]] == ["bob"]
        assert alice.empty()


async def test_what_this_process_wrote_is_told_once(story: Story, module_database_url: str) -> None:
    hub = Hub()
    announcements = PostgresAnnouncements(module_database_url, hub, "only")
    async with announcements.running():
        watcher = hub.watch(story.alice)
        announcements.publish(story.alice, (await story.tell(placed(order="ada"))).changed)
        first = await watcher.next(2)
        assert first is not None
        assert [one.order_id for one in first.orders] == ["ada"]
        assert await watcher.next(0.3) is None


async def test_watchers_read_again_after_the_database_was_away(
    story: Story, module_database_url: str
) -> None:
    hub, other = Hub(), Hub()
    listening = PostgresAnnouncements(module_database_url, hub, "listening")
    writing = PostgresAnnouncements(module_database_url, other, "writing")
    watcher = hub.watch(story.alice)
    async with listening.running(), writing.running():
        assert await watcher.next(5) == Update(resync=True)
        _cut_connections(module_database_url)
        assert await watcher.next(5) == Update(resync=True)
        writing.publish(story.alice, (await story.tell(placed(order="ada"))).changed)
        update = await watcher.next(5)
        assert update is not None
        assert [one.order_id for one in update.orders] == ["ada"]


def _cut_connections(url: str) -> None:
    """As a restart of the database would, for those that listen."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and query ilike 'listen%'"
        )


async def test_a_browser_that_comes_back_is_told_to_read_again(story: Story) -> None:
    hub = Hub()
    async with (
        served(story, hub) as url,
        watching(url, story.key_of(story.alice), last_event_id="17") as events,
    ):
        assert (await next_event(events))["event"] == "resync"


async def test_silence_has_a_heartbeat(story: Story) -> None:
    hub = Hub()
    async with (
        served(story, hub, heartbeat_s=0.05) as url,
        watching(url, story.key_of(story.alice)) as events,
    ):
        assert await next_event(events) == {"comment": "still here"}


async def test_a_reader_who_leaves_is_forgotten(story: Story) -> None:
    hub = Hub()
    async with served(story, hub, heartbeat_s=0.05) as url:
        async with watching(url, story.key_of(story.alice)):
            assert hub.watching == 1
        await until(lambda: hub.watching == 0)


async def test_too_many_watchers_are_asked_to_come_later(story: Story) -> None:
    hub = Hub(most_watchers=1)
    async with (
        served(story, hub) as url,
        watching(url, story.key_of(story.alice)),
        httpx.AsyncClient() as client,
    ):
        headers = {"authorization": f"Bearer {story.key_of(story.alice)}"}
        answer = await client.get(f"{url}/api/v1/stream", headers=headers)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
        assert (await client.get(f"{url}/api/v1/stream")).status_code == 401


@pytest.mark.parametrize(
    "update", [Update(resync=True), Update(more=3), Update(incidents=(IncidentId(7),))]
)
def test_a_message_is_one_event_of_one_line_of_data(update: Update) -> None:
    text = messages(7, update).decode()
    assert text.startswith("id: 7\nevent: ")
    assert text.endswith("\n\n")
    assert text.count("\n") == 4


def test_incidents_are_an_event_of_their_own_that_older_readers_never_asked_for() -> None:
    text = messages(7, Update(more=3, incidents=(IncidentId(7), IncidentId(9)))).decode()
    assert [line for line in text.splitlines() if line.startswith("event")] == [
        "event: orders", "event: incidents"
    ]  # fmt: skip
    assert 'data: {"incidents":[7,9]}' in text


async def test_a_reader_who_is_no_longer_let_in_hears_no_more(story: Story) -> None:
    hub = Hub()
    key = story.key_of(story.alice)
    async with (
        served(story, hub, heartbeat_s=0.05) as url,
        httpx.AsyncClient(timeout=20) as client,
        client.stream(
            "GET", f"{url}/api/v1/stream", headers={"authorization": f"Bearer {key}"}
        ) as answer,
    ):
        lines = answer.aiter_lines()
        assert await anext(lines) == "retry: 2000"
        story.keys.kept.clear()
        assert {line async for line in lines} <= {"", ": still here"}
        await until(lambda: hub.watching == 0)
