"""POST /api/v1/alertmanager: what an Alertmanager's webhook tells becomes incidents of ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from litestar import asgi
from litestar.handlers import ASGIRouteHandler
from litestar.types import Receive, Scope, Send
from msgspec import Struct

from orderwatch.app.check_key import Denied, Keys, check_key
from orderwatch.app.handle_incidents import IncidentNews
from orderwatch.app.take_alerts import ExternalStore, TakenIn, take_alerts
from orderwatch.app.throttle import Throttle
from orderwatch.core.alerting.read_alerts import Alert, read_alerts
from orderwatch.core.errors import Unavailable
from orderwatch.core.ingest.limits import MIB, Limits
from orderwatch.core.model import FieldError, TenantId
from orderwatch.entrypoints.api.auth import read_credentials, unauthorized
from orderwatch.entrypoints.api.body import BodyReader, Gone
from orderwatch.entrypoints.api.problems import PROBLEM_JSON, Problem, retry_after, unavailable

PATH: Final = "/api/v1/alertmanager"
SOURCE: Final = "/alertmanager"
"""The source a key must be allowed to speak for."""
_METHODS: Final = (b"allow", b"POST")
_LIMITS: Final = Limits(body_bytes=2 * MIB, bytes_in_flight=16 * MIB)


class AlertDoor(Struct, frozen=True):
    """All that taking alerts in needs. `news` tells open pages which incidents moved."""

    keys: Keys
    throttle: Throttle
    store: ExternalStore
    now: Callable[[], datetime]
    news: IncidentNews | None = None


def alertmanager_handler(door: AlertDoor) -> ASGIRouteHandler:
    """The route handler of this door."""
    bodies = BodyReader(_LIMITS)

    @asgi(PATH, copy_scope=False)
    async def alertmanager(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":  # type: ignore[typeddict-item]
            answer: TakenIn | Problem = Problem(
                405, "method-not-allowed", "POST alerts here", (), (_METHODS,)
            )
        else:
            try:
                answer = await _take(door, bodies, scope, receive)
            except Unavailable as error:
                answer = unavailable(error)
            except Gone:
                return
        await _send(send, answer)

    return alertmanager


async def _take(
    door: AlertDoor, bodies: BodyReader, scope: Scope, receive: Receive
) -> TakenIn | Problem:
    headers = dict(scope["headers"])
    credentials = read_credentials(headers, b"")
    key = await check_key(door.keys, credentials)
    if isinstance(key, Denied):
        return unauthorized(key)
    if credentials.bearer is None:
        return Problem(401, "unauthorized", "send `Authorization: Bearer KEY`")
    if not key.may_speak_for(SOURCE):
        detail = f"this key may not send for {SOURCE}"
        return Problem(403, "foreign-source", detail, (FieldError("authorization", detail),))
    wait = door.throttle.admit(key.id)
    if wait is not None:
        detail = "this key sends faster than it may; wait and send again"
        return Problem(429, "too-many-requests", detail, (), (retry_after(wait),))
    body = await bodies.read(headers, receive)
    if isinstance(body, Problem):
        return body
    return await _take_in(door, key.tenant, body)


async def _take_in(door: AlertDoor, tenant: TenantId, body: bytes) -> TakenIn | Problem:
    read = read_alerts(body)
    alerts = [one for one in read if isinstance(one, Alert)]
    errors = tuple(one for one in read if isinstance(one, FieldError))
    if errors:
        detail = f"{errors[0].field} {errors[0].message}".strip()
        return Problem(422, "alerts-refused", detail, errors)
    taken = await take_alerts(door.store, tenant, alerts, door.now())
    if door.news is not None:
        door.news.announce_incidents(tenant, taken.moved)
    return taken


async def _send(send: Send, answer: TakenIn | Problem) -> None:
    if isinstance(answer, Problem):
        status, body = answer.status, answer.body
        headers = [(b"content-type", PROBLEM_JSON.encode()), *answer.headers]
    else:
        status, headers = 200, [(b"content-type", b"application/json")]
        body = msgspec.json.encode(
            {
                "opened": answer.opened,
                "resolved": answer.resolved,
                "known": answer.known,
                "own": answer.own,
            }
        )
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
