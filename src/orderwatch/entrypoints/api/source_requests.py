"""POST /api/v1/source-requests: pollers report how the systems they poll answered."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from orderwatch.app.check_key import Denied, check_key, check_signed_body
from orderwatch.app.count_requests import RequestCounts, count_source_requests
from orderwatch.app.receive_events import Door
from orderwatch.core.tenants.keys import ApiKey
from orderwatch.entrypoints.api.auth import read_credentials, unauthorized
from orderwatch.entrypoints.api.problems import Problem, retry_after
from orderwatch.entrypoints.api.reading import json, refuse

_MOST_BYTES: Final = 512 * 1024


def source_requests_handler(door: Door, store: RequestCounts) -> HTTPRouteHandler:
    """The route; whoever may send events may report requests, and at the same rates."""

    @post(
        "/api/v1/source-requests",
        operation_id="reportSourceRequests",
        summary="How polled systems answered",
        status_code=202,
        request_max_body_size=_MOST_BYTES,
    )
    async def report(request: Request[Any, Any, Any]) -> Response[bytes]:
        """A JSON list of `connector`, `outcome` (ok, error, timeout), `duration_s` and `at`.

        Needs a key that may send. All of the list is counted or, with 422, nothing of it.
        """
        key = await _sender(door, request)
        if isinstance(key, Problem):
            return refuse(key)
        counted = await count_source_requests(store, key.tenant, await request.body(), door.now())
        if isinstance(counted, tuple):
            detail = "nothing of this report was counted"
            return refuse(Problem(422, "report-refused", detail, counted))
        answer = json({"counted": counted})
        answer.status_code = 202
        return answer

    return report


async def _sender(door: Door, request: Request[Any, Any, Any]) -> ApiKey | Problem:
    headers = dict(request.scope["headers"])
    credentials = read_credentials(headers, request.scope["query_string"])
    key = await check_key(door.keys, credentials)
    if isinstance(key, Denied):
        return unauthorized(key)
    wait = door.throttle.admit(key.id)
    if wait is not None:
        detail = "this key sends faster than it may; wait and send again"
        return Problem(429, "too-many-requests", detail, (), (retry_after(wait),))
    denied = check_signed_body(key, credentials, await request.body(), door.now())
    return key if denied is None else unauthorized(denied)
