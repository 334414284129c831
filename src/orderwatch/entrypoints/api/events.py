"""POST /api/v1/events: the door for CloudEvents. Spoken in ASGI, since most requests end here."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send

from orderwatch.app.check_key import Denied, check_key, check_signed_body
from orderwatch.app.receive_events import Delivery, Door, Received, receive_events
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.batch import Overloaded, RefusalCode
from orderwatch.core.ingest.cloudevents import BATCH, STRUCTURED, Unreadable
from orderwatch.core.model import FieldError
from orderwatch.core.tenants.keys import ApiKey
from orderwatch.entrypoints.api.auth import read_credentials, unauthorized
from orderwatch.entrypoints.api.body import BodyReader, Gone
from orderwatch.entrypoints.api.problems import PROBLEM_JSON, Problem, retry_after, unavailable

PATH: Final = "/api/v1/events"
_METHODS: Final = (b"allow", b"OPTIONS, POST")
_ACCEPTED: Final = (b"accept-post", f"{STRUCTURED}, {BATCH}, application/json".encode())
_MOST_ERRORS: Final = 100

_UNREADABLE: Final = {
    "not_json": (400, "not-json"),
    "unsupported_media_type": (415, "unsupported-media-type"),
    "too_many_events": (413, "too-many-events"),
}
_REFUSED: Final[dict[frozenset[RefusalCode], tuple[int, str]]] = {
    frozenset({"not_json"}): (400, "not-json"),
    frozenset({"foreign_source"}): (403, "foreign-source"),
    frozenset({"too_large"}): (413, "too-large"),
}
"""What a request is told when all of its events were refused for one reason; otherwise 422."""


def events_handler(door: Door) -> ASGIRouteHandler:
    """The route handler of this door."""
    bodies = BodyReader(door.limits)
    most_per_minute = door.throttle.requests_per_minute

    @asgi(PATH, copy_scope=False)
    async def events(scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]  # type: ignore[typeddict-item]
        if method == "OPTIONS":
            await _send(send, 204, _handshake(dict(scope["headers"]), most_per_minute))
        elif method != "POST":
            problem = Problem(405, "method-not-allowed", "POST events here", (), (_METHODS,))
            await _send_problem(send, problem)
        else:
            await _post(door, bodies, scope, receive, send)

    return events


async def _post(door: Door, bodies: BodyReader, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one POST. A sender that hung up gets none."""
    try:
        answer = await _receive(door, bodies, scope, receive)
    except (Unavailable, Overloaded) as error:
        answer = unavailable(error)
    except Gone:
        return
    if isinstance(answer, Problem):
        await _send_problem(send, answer)
    else:
        await _send(send, 202, _JSON_HEADERS, msgspec.json.encode(_counts(answer)))


async def _receive(
    door: Door, bodies: BodyReader, scope: Scope, receive: Receive
) -> Received | Problem:
    """Who, how often, what: in this order, so that strangers cost the least."""
    headers = dict(scope["headers"])
    credentials = read_credentials(headers, scope["query_string"])
    key = await check_key(door.keys, credentials)
    if isinstance(key, Denied):
        return unauthorized(key)
    wait = door.throttle.admit(key.id)
    if wait is not None:
        detail = "this key sends faster than it may; wait and send again"
        return Problem(429, "too-many-requests", detail, (), (retry_after(wait),))
    raw = await bodies.read(headers, receive)
    if isinstance(raw, Problem):
        return raw
    denied = check_signed_body(key, credentials, raw, door.now())
    if denied is not None:
        return unauthorized(denied)
    body = bodies.decode(headers, raw) if b"content-encoding" in headers else raw
    if isinstance(body, Problem):
        return body
    return await _deliver(door, key, scope, headers, body)


async def _deliver(
    door: Door, key: ApiKey, scope: Scope, headers: dict[bytes, bytes], body: bytes
) -> Received | Problem:
    content_type = headers.get(b"content-type", b"").decode("latin-1")
    delivery = Delivery(key, content_type, list(scope["headers"]), body)
    outcome = await receive_events(door, delivery)
    if isinstance(outcome, Unreadable):
        status, kind = _UNREADABLE[outcome.code]
        fault = outcome.error
        return Problem(status, kind, f"{fault.field} {fault.message}", (fault,), (_ACCEPTED,))
    return _refusal(outcome) if outcome.is_refused else outcome


def _refusal(received: Received) -> Problem:
    """The answer to a request none of whose events was good."""
    status, kind = _REFUSED.get(received.refusals, (422, "events-refused"))
    detail = f"none of the events was accepted; {len(received.rejected)} refused and kept"
    faults = _all_faults(received)
    return Problem(status, kind, detail, faults, more=_counts(received))


def _all_faults(received: Received) -> tuple[FieldError, ...]:
    """Every event's faults in one list; of a batch, each with the event's index."""
    rejected = received.rejected
    if len(rejected) == 1:
        return rejected[0].errors
    faults = [
        FieldError(f"[{rejection.index}].{error.field}", error.message)
        for rejection in rejected[:_MOST_ERRORS]
        for error in rejection.errors
    ]
    return tuple(faults[:_MOST_ERRORS])


def _counts(received: Received) -> dict[str, Any]:
    return {
        "accepted": received.accepted,
        "duplicates": received.duplicates,
        "parked": received.parked,
        "rejected": received.rejected,
    }


def _handshake(headers: dict[bytes, bytes], per_minute: int) -> list[tuple[bytes, bytes]]:
    """Allow whoever asks to deliver webhooks here; each delivery still needs its key.

    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
    """
    answer = [_METHODS, _ACCEPTED]
    origin = headers.get(b"webhook-request-origin")
    if origin is not None:
        answer.append((b"webhook-allowed-origin", origin))
        answer.append((b"webhook-allowed-rate", b"%d" % per_minute))
    return answer


_JSON_HEADERS: Final = [(b"content-type", b"application/json")]


async def _send_problem(send: Send, problem: Problem) -> None:
    headers = [(b"content-type", PROBLEM_JSON.encode()), *problem.headers]
    await _send(send, problem.status, headers, problem.body)


async def _send(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes = b""
) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
