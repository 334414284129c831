"""Whoever is told, for a benchmark: takes webhooks on loopback and notes when each came."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec
from msgspec import Struct


class Came(Struct, frozen=True):
    """A webhook: where it was posted, when (seconds since the epoch), and what it said."""

    path: str
    at: float
    body: Any


class Sink:
    """A server that takes everything, until the block is left."""

    def __init__(self) -> None:
        """Listens from now on, on any free port of this machine."""
        self.came: list[Came] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, path: str) -> str:
        """Where webhooks of this kind are to go."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def wait_for(self, holds: Callable[[list[Came]], bool], most_s: float) -> bool:
        """Whether it holds of what came, within so many seconds."""
        with self._news:
            return self._news.wait_for(lambda: holds(list(self.came)), most_s)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                at = time.time()
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()
                with sink._news:
                    sink.came.append(Came(self.path, at, msgspec.json.decode(body)))
                    sink._news.notify_all()

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        return Handler
