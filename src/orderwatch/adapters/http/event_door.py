"""The outgoing side of `POST /api/v1/events`: the door of another Orderwatch server."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from orderwatch.app.deliver import Answer, Unreachable

EVENTS_PATH = "/api/v1/events"


class EventDoor:
    """Posts to one server over a few kept connections, with the sender's key."""

    def __init__(self, url: str, key: str | None, connections: int) -> None:
        self.url = events_url(url)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(
            headers=headers,
            # A proxy from the environment is for the world outside, never for this machine.
            trust_env=not _is_here(self.url),
            # A batch that waits for its commit may take a while; nobody waits for ever.
            timeout=httpx.Timeout(60, connect=5),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def post(self, body: bytes, content_type: str) -> Answer:
        """One request; raises Unreachable when there was no answer."""
        try:
            response = await self._client.post(
                self.url, content=body, headers={"Content-Type": content_type}
            )
        except httpx.TransportError as error:
            said = str(error) or type(error).__name__
            raise Unreachable(f"{self.url} does not answer: {said}") from error
        retry_after = response.headers.get("Retry-After", "")
        return Answer(
            status=response.status_code,
            body=response.content,
            retry_after=float(retry_after) if retry_after.isdecimal() else None,
        )


def events_url(url: str) -> str:
    """The address of the events of a server; ValueError if this cannot be one."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is not the address of a server: write http://HOST:PORT")
    trimmed = url.rstrip("/")
    return trimmed if trimmed.endswith(EVENTS_PATH) else trimmed + EVENTS_PATH


def _is_here(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")


class Seconds:
    """The clock of sending: monotonic seconds."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Lets so much time pass."""
        await asyncio.sleep(seconds)
