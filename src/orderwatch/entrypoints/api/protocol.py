"""HTTP that is none: even what never becomes a request is answered with a problem document."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from orderwatch.core.model import FieldError
from orderwatch.entrypoints.api.problems import PROBLEM_JSON, Problem

_HEAD = (
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: {}\r\n"
    "content-length: {}\r\n"
    "connection: close\r\n\r\n"
)


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, save for the one answer it gives by itself."""

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not HTTP, and hang up."""
        body = Problem(400, "not-http", msg, (FieldError("request", "must be HTTP/1.1"),)).body
        self.transport.write(_HEAD.format(PROBLEM_JSON, len(body)).encode() + body)
        self.transport.close()
