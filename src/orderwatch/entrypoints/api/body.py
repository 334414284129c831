"""Reading a request's body: counted while it comes, whatever its Content-Length promised."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from litestar.types import Receive

from orderwatch.core.ingest.batch import Overloaded
from orderwatch.core.ingest.inflate import gunzip
from orderwatch.core.ingest.limits import Limits
from orderwatch.core.model import FieldError
from orderwatch.entrypoints.api.problems import Problem, unavailable

_CLOSE: Final = (b"connection", b"close")
_GZIP_NAMES: Final = {b"gzip", b"x-gzip"}


class Gone(Exception):
    """The sender hung up before its request was complete."""


class BodyReader:
    """Reads bodies within limits, and all of them together within the memory they may take."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._in_flight = 0

    async def read(self, headers: dict[bytes, bytes], receive: Receive) -> bytes | Problem:
        """The body as sent. Raises Gone."""
        if _promised(headers) > self._limits.body_bytes:
            return self._too_large()
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= self._limits.body_bytes else self._too_large()
        try:
            async with asyncio.timeout(self._limits.read_time.total_seconds()):
                return await self._rest(body, receive)
        except TimeoutError:
            seconds = self._limits.read_time.total_seconds()
            fault = FieldError("body", f"must arrive within {seconds:g} seconds")
            return Problem(408, "too-slow", "the body took too long", (fault,), (_CLOSE,))

    async def _rest(self, begin: bytes, receive: Receive) -> bytes | Problem:
        """The body from its second part on, which counts against the memory of all."""
        parts, size, more = [begin], len(begin), True
        self._in_flight += size
        try:
            while more:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                more = message.get("more_body", False)
                parts.append(part)
                size += len(part)
                self._in_flight += len(part)
                if size > self._limits.body_bytes:
                    return self._too_large()
                if self._in_flight > self._limits.bytes_in_flight:
                    return _full()
            return b"".join(parts)
        finally:
            self._in_flight -= size

    def decode(self, headers: dict[bytes, bytes], body: bytes) -> bytes | Problem:
        """The body without its Content-Encoding."""
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        if encoding in {b"identity", b""}:
            return body
        if encoding not in _GZIP_NAMES:
            fault = FieldError("content-encoding", "must be gzip or left out")
            accept = ((b"accept-encoding", b"gzip"),)
            return Problem(415, "unsupported-encoding", "unknown encoding", (fault,), accept)
        plain = gunzip(body, self._limits.body_bytes)
        if plain == "too_large":
            return self._too_large()
        if plain == "broken":
            fault = FieldError("body", "must be gzip, as Content-Encoding says")
            return Problem(400, "broken-encoding", "the body is not complete gzip", (fault,))
        return plain

    def _too_large(self) -> Problem:
        most = self._limits.body_bytes
        fault = FieldError("body", f"must be at most {most} bytes, unpacked; send several batches")
        return Problem(413, "too-large", "the body is too large", (fault,), (_CLOSE,))


def _promised(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _full() -> Problem:
    problem = unavailable(Overloaded("the server is taking in as much as it can hold"))
    return Problem(problem.status, problem.kind, problem.detail, (), (*problem.headers, _CLOSE))
