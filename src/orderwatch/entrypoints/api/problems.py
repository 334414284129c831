"""Every error the server makes is a problem document: RFC 9457 `application/problem+json`."""

from __future__ import annotations

import http
import logging
import math
from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import Struct

from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Overloaded
from orderwatch.core.model import FieldError

PROBLEM_JSON: Final = "application/problem+json"
_LOG: Final = logging.getLogger("orderwatch.api")
_SOON: Final = timedelta(seconds=2)


class Problem(Struct, frozen=True):
    """One problem document. `headers` go beside it, `more` are members of its own kind."""

    status: int
    kind: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()
    more: dict[str, Any] = {}

    @property
    def body(self) -> bytes:
        """The document as JSON."""
        document = {
            "type": f"urn:orderwatch:problem:{self.kind}",
            "title": self.kind.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
        }
        # A sentence that a page may say otherwise is text here.
        return msgspec.json.encode(document | self.more, enc_hook=str)


def retry_after(time: timedelta) -> tuple[bytes, bytes]:
    """The header that says when to come again: whole seconds, at least one."""
    return (b"retry-after", b"%d" % max(1, math.ceil(time.total_seconds())))


def unavailable(error: Unavailable | Overloaded) -> Problem:
    """The server cannot store anything just now."""
    if isinstance(error, Overloaded):
        headers = (retry_after(error.retry_after),)
        return Problem(503, "overloaded", f"{error}; send again later", headers=headers)
    detail = "the database cannot be reached just now; send again later"
    return Problem(503, "unavailable", detail, headers=(retry_after(_SOON),))


def _respond(problem: Problem) -> Response[bytes]:
    return Response(
        problem.body,
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={name.decode(): value.decode() for name, value in problem.headers},
    )


def handle_http_exception(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """What the framework refuses: no such page, no such method, wrong parameters."""
    if error.status_code >= 500:
        _LOG.error("request failed", exc_info=error)
        return _respond(_internal())
    phrase = http.HTTPStatus(error.status_code).phrase
    headers = tuple(
        (name.lower().encode(), value.encode()) for name, value in (error.headers or {}).items()
    )
    detail = phrase if error.status_code in {404, 405} else error.detail or phrase
    problem = Problem(
        error.status_code, phrase.lower().replace(" ", "-"), detail, _faults(error), headers
    )
    return _respond(problem)


def _faults(error: HTTPException) -> tuple[FieldError, ...]:
    if not isinstance(error, ValidationException) or not isinstance(error.extra, list):
        return ()
    return tuple(
        FieldError(str(fault.get("key", "")), str(fault.get("message", "")))
        for fault in error.extra
        if isinstance(fault, dict)
    )


def handle_unavailable(_: Request[Any, Any, Any], error: Unavailable) -> Response[bytes]:
    """The database is away: for a while, every call that needs it says so."""
    return _respond(unavailable(error))


def handle_anything(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A mistake of ours: logged whole, told without a word about what is inside."""
    _LOG.error("request failed", exc_info=error)
    return _respond(_internal())


def _internal() -> Problem:
    return Problem(500, "internal-error", "something went wrong on our side; it was recorded")


EXCEPTION_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    HTTPException: handle_http_exception,
    Unavailable: handle_unavailable,
    Overloaded: handle_unavailable,
    Exception: handle_anything,
}
