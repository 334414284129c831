"""A stranger's server that keeps the published contract of `POST /api/v1/events`, and has moods."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import msgspec

from orderwatch.core.model import Event

KEY = "key-of-the-test"
Mood = tuple[int, dict[str, str]]


class Ledger:
    """What the server has taken, and the moods it answers with before it works."""

    def __init__(self, moods: list[Mood] | None = None, refuses: str = "422") -> None:
        self.moods = moods or []
        self.refuses_plainly = refuses == "plainly"
        self.lock = Lock()
        self.events: dict[str, bytes] = {}
        self.requests: list[tuple[str, int]] = []
        self.url = ""

    def receive(self, content_type: str, body: bytes) -> tuple[int, dict[str, str], object]:
        """Status, headers and document of the answer."""
        with self.lock:
            self.requests.append((content_type, len(body)))
            if self.moods:
                status, headers = self.moods.pop(0)
                return status, headers, {"title": "a mood", "status": status}
            try:
                read = json.loads(body)
            except ValueError as error:
                return 400, {}, {"title": "not JSON", "status": 400, "detail": str(error)}
            return self._judge(read if content_type.startswith(BATCH) else [read])

    def _judge(self, items: list[Any]) -> tuple[int, dict[str, str], object]:
        counts: Counter[str] = Counter(accepted=0, duplicates=0, parked=0)
        rejected = []
        for index, item in enumerate(items):
            try:
                event = msgspec.convert(item, Event)
            except msgspec.ValidationError as error:
                known = item.get("id") if isinstance(item, dict) else None
                errors = [{"field": "data.status", "message": str(error)}]
                rejected.append({"index": index, "id": known, "errors": errors})
                continue
            counts["duplicates" if event.ref in self.events else "accepted"] += 1
            self.events[event.ref] = msgspec.json.encode(item)
        if rejected and len(rejected) == len(items):
            if self.refuses_plainly:
                return 422, {}, {"title": "all rejected", "errors": rejected[0]["errors"]}
            return 422, {}, {"title": "all rejected", **counts, "rejected": rejected}
        return 202, {}, {**counts, "rejected": rejected}


BATCH = "application/cloudevents-batch+json"


@contextmanager
def server(ledger: Ledger, port: int = 0) -> Iterator[str]:
    """The server on a free port of this machine, until the block ends; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave together; waiting for the other side costs 40 ms a request.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != "/api/v1/events":
                answer: tuple[int, dict[str, str], object] = (404, {}, {"title": "not here"})
            elif self.headers.get("Authorization") != f"Bearer {KEY}":
                answer = (401, {}, {"title": "who are you", "detail": "the key is not known"})
            else:
                answer = ledger.receive(self.headers["Content-Type"], body)
            status, headers, document = answer
            text = json.dumps(document).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is none of its business."""

        block_on_close = False

    with Server(("127.0.0.1", port), Handler) as listening:
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        ledger.url = f"http://127.0.0.1:{listening.server_address[1]}"
        yield ledger.url
        listening.shutdown()
        thread.join()
