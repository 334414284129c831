"""GET /api/v1/stream: server-sent events about what changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from orderwatch.app.announce_changes import Hub, TooManyWatchers, Update, Watcher
from orderwatch.core.errors import Unavailable
from orderwatch.entrypoints.api.problems import Problem, retry_after
from orderwatch.entrypoints.api.reading import AnyRequest, let_in, refuse
from orderwatch.entrypoints.web.sign_in import SignIn

HEARTBEAT_S: Final = 15.0
ASK_EVERY_S: Final = 5.0
"""How often it is asked whether a watcher is still to be let in, at the next message or beat."""
PACE_S: Final = 0.1
"""The least time between two messages to one watcher; what moves meanwhile is one message."""
_RETRY: Final = b"retry: 2000\n\n"
_BEAT: Final = b": still here\n\n"
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


def stream_handler(sign_in: SignIn, hub: Hub, heartbeat_s: float = HEARTBEAT_S) -> HTTPRouteHandler:
    """The route of the live stream."""

    @get("/api/v1/stream", operation_id="watchChanges", summary="What changes, live")
    async def watch(request: AnyRequest) -> Response[bytes] | Stream:
        """Server-sent events: `orders` and `incidents` that moved; `resync`: some were missed."""
        reader = await let_in(sign_in, request)
        if isinstance(reader, Problem):
            return refuse(reader)

        async def may_stay() -> bool:
            try:
                return not isinstance(await let_in(sign_in, request), Problem)
            except Unavailable:
                return True

        try:
            watcher = hub.watch(reader.tenant)
        except TooManyWatchers as error:
            headers = (retry_after(timedelta(seconds=10)),)
            return refuse(Problem(503, "too-many-watchers", f"{error}; try later", (), headers))
        if "last-event-id" in request.headers:
            watcher.offer(Update(resync=True))
        return Stream(
            _messages(hub, watcher, heartbeat_s, may_stay),
            media_type="text/event-stream",
            headers=_HEADERS,
        )

    return watch


async def _messages(
    hub: Hub, watcher: Watcher, heartbeat_s: float, may_stay: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """Until the reader leaves, is no longer let in, or the server stops."""
    try:
        yield _RETRY
        number, asked = 0, time.monotonic()
        while not watcher.closed:
            update = await watcher.next(heartbeat_s)
            if time.monotonic() - asked >= min(ASK_EVERY_S, heartbeat_s):
                if not await may_stay():
                    break
                asked = time.monotonic()
            if update is None:
                yield _BEAT
                continue
            number += 1
            yield messages(number, update)
            await asyncio.sleep(PACE_S)
    finally:
        hub.leave(watcher)


def messages(number: int, update: Update) -> bytes:
    """An update as server-sent events: of orders, of incidents, or that something was missed."""
    if update.resync:
        return b"id: %d\nevent: resync\ndata: {}\n\n" % number
    told = b""
    if update.orders or update.more:
        data = msgspec.json.encode({"orders": update.orders, "more": update.more})
        told += b"id: %d\nevent: orders\ndata: %s\n\n" % (number, data)
    if update.incidents:
        data = msgspec.json.encode({"incidents": update.incidents})
        told += b"id: %d\nevent: incidents\ndata: %s\n\n" % (number, data)
    return told
