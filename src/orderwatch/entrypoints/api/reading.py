"""What all reading calls share: who asks, with which template, and how they are answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Request, Response
from msgspec import Struct

from orderwatch.app.check_key import Credentials, Denied, check_key
from orderwatch.app.known_templates import KnownTemplates
from orderwatch.app.read_orders import OrderStore
from orderwatch.app.read_series import StepStore
from orderwatch.app.read_summary import CountStore
from orderwatch.core.flow.template import Template
from orderwatch.core.model import TenantId
from orderwatch.core.reading.parameters import Faults, Pairs
from orderwatch.entrypoints.api.auth import read_credentials, unauthorized
from orderwatch.entrypoints.api.problems import PROBLEM_JSON, Problem
from orderwatch.entrypoints.web.sign_in import Forbidden, Reader, SignIn

AnyRequest = Request[Any, Any, Any]
_ENCODE: Final = msgspec.json.Encoder(decimal_format="string").encode
_NO_STORE: Final = {"cache-control": "no-store"}
_MAY_NOT_READ: Final = (
    "this key may send but not read; make one that may with `orderwatch key create --read`"
)


class Reading(Struct, frozen=True):
    """All that the reading calls need. `now` is an aware clock."""

    sign_in: SignIn
    templates: KnownTemplates
    orders: OrderStore
    counts: CountStore
    steps: StepStore
    now: Callable[[], datetime]


class Asker(Struct, frozen=True):
    """Who may read: what of, and with which flow it is judged."""

    tenant: TenantId
    template: Template
    reader: Reader


async def asker_of(reading: Reading, request: AnyRequest) -> Asker | Problem:
    """A key that may read, or a person who is signed in. Raises Unavailable."""
    reader = await let_in(reading.sign_in, request)
    if isinstance(reader, Problem):
        return reader
    return Asker(reader.tenant, await reading.templates.of(reader.tenant), reader)


async def let_in(sign_in: SignIn, request: AnyRequest) -> Reader | Problem:
    """Who may have this: 401 for nobody we know, 403 for who may not or a key that only sends."""
    reader = await sign_in.let_in(request)
    if isinstance(reader, Reader):
        return reader
    if isinstance(reader, Forbidden):
        return Problem(403, "forbidden", reader.message)
    bearer = read_credentials(dict(request.scope["headers"]), b"").bearer
    if bearer is not None:
        key = await check_key(sign_in.keys, Credentials(bearer))
        if not isinstance(key, Denied):
            return Problem(403, "may-not-read", _MAY_NOT_READ, (reader.error,))
    return unauthorized(reader)


def pairs_of(request: AnyRequest) -> Pairs:
    """The query of the URL, every name as often as it was given."""
    return [(name, str(value)) for name, value in request.query_params.multi_items()]


def json(document: object) -> Response[bytes]:
    """200 with a document that is true now and not later."""
    return Response(_ENCODE(document), media_type="application/json", headers=_NO_STORE)


def refuse(problem: Problem) -> Response[bytes]:
    """A problem document."""
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return Response(
        problem.body, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers
    )


def wrong_parameters(faults: Faults) -> Response[bytes]:
    """400: every wrong parameter by its name, with the remedy."""
    detail = "; ".join(f"{fault.field} {fault.message}" for fault in faults)
    return refuse(Problem(400, "wrong-parameters", detail, faults))
