"""POST /api/v1/incidents/{id}/...: acknowledge, take that back, assign, comment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from orderwatch.app.handle_incidents import HandlingDesk
from orderwatch.core.alerting.handle import Done, Handled, Refusal, Refused
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.api.incidents import id_of, incident_document, no_such
from orderwatch.entrypoints.api.problems import Problem
from orderwatch.entrypoints.api.reading import AnyRequest, json, let_in, refuse
from orderwatch.entrypoints.web.sign_in import SignIn, require

HANDLING: Final = require(Permission.HANDLE_INCIDENTS)
_PATH: Final = "/api/v1/incidents/{incident_id:str}"
_MOST_BYTES: Final = 20_000
_DETAILS: Final = {
    Refusal.NO_SUCH: "there is no such incident",
    Refusal.OVER: "the incident is resolved",
    Refusal.ACKNOWLEDGED: "somebody else has acknowledged it",
    Refusal.NOT_ACKNOWLEDGED: "nobody has acknowledged it",
    Refusal.ASSIGNED: "it was given to somebody else meanwhile",
    Refusal.NOBODY: "must be a person who may handle incidents, or null",
    Refusal.EMPTY: "must not be empty",
}
_STATUS: Final = {Refusal.NO_SUCH: 404, Refusal.NOBODY: 422, Refusal.EMPTY: 422}
_FIELDS: Final = {Refusal.NOBODY: "to", Refusal.EMPTY: "text"}

DeskOf = Callable[[TenantId, str, Actor], HandlingDesk]
Work = Callable[[HandlingDesk, IncidentId], Awaitable[Handled]]
WorkWith = Callable[[HandlingDesk, IncidentId, "_Body"], Awaitable[Handled]]
_Body = TypeVar("_Body", bound=Struct)


class Nothing(Struct, frozen=True):
    """The body of a call that needs none."""


class Assignment(Struct, frozen=True):
    """The body of `assign`: to whom, null for nobody; `was` is who has it as far as is known."""

    to: str | None
    was: str | None = None


class Comment(Struct, frozen=True):
    """The body of `comment`."""

    text: str


def handling_handlers(sign_in: SignIn, desk_of: DeskOf) -> list[HTTPRouteHandler]:
    """The routes that handle incidents; `desk_of` is somebody at work: tenant, name, actor."""

    async def handled(request: AnyRequest, typed: str, work: Work) -> Response[bytes]:
        return await handled_with(request, typed, Nothing, lambda desk, id_, _: work(desk, id_))

    async def handled_with(
        request: AnyRequest, typed: str, kind: type[_Body], work: WorkWith[_Body]
    ) -> Response[bytes]:
        reader = await let_in(sign_in, request)
        if isinstance(reader, Problem):
            return refuse(reader)
        id_ = id_of(typed)
        if id_ is None:
            return no_such(typed)
        body = Nothing() if kind is Nothing else await _body(request, kind)
        if isinstance(body, Problem):
            return refuse(body)
        desk = desk_of(reader.tenant, reader.name, reader.acting(request))
        return _answer(await work(desk, id_, cast("_Body", body)), typed)

    @post(
        f"{_PATH}/acknowledge",
        operation_id="acknowledgeIncident",
        summary="Look after an incident",
        opt=HANDLING,
        status_code=200,
    )
    async def acknowledge(request: AnyRequest, incident_id: str) -> Response[bytes]:
        """Nobody else is called then. 409: it is resolved, or somebody else was first."""
        return await handled(request, incident_id, lambda desk, id_: desk.acknowledge(id_))

    @post(
        f"{_PATH}/take-back",
        operation_id="takeBackAcknowledgement",
        summary="Look after an incident no more",
        opt=HANDLING,
        status_code=200,
    )
    async def take_back(request: AnyRequest, incident_id: str) -> Response[bytes]:
        """Others may be called again. 409: it is resolved, or nobody has acknowledged it."""
        return await handled(request, incident_id, lambda desk, id_: desk.take_back(id_))

    @post(
        f"{_PATH}/assign",
        operation_id="assignIncident",
        summary="Give an incident to a person",
        opt=HANDLING,
        status_code=200,
    )
    async def assign(request: AnyRequest, incident_id: str) -> Response[bytes]:
        """A body `{"to": name or null, "was": name or null}`. 409: `was` has it no more."""
        return await handled_with(
            request,
            incident_id,
            Assignment,
            lambda desk, id_, body: desk.assign(id_, body.to, body.was),
        )

    @post(
        f"{_PATH}/comment",
        operation_id="commentIncident",
        summary="Write on an incident's time line",
        opt=HANDLING,
        status_code=200,
    )
    async def comment(request: AnyRequest, incident_id: str) -> Response[bytes]:
        """A body `{"text": ".."}`."""
        return await handled_with(
            request, incident_id, Comment, lambda desk, id_, body: desk.comment(id_, body.text)
        )

    return [acknowledge, take_back, assign, comment]


async def _body(request: AnyRequest, kind: type[_Body]) -> _Body | Problem:
    """The body as JSON of this kind, or a problem that says what it must be."""
    text = await request.body()
    if len(text) > _MOST_BYTES:
        return Problem(413, "too-large", f"the body must be at most {_MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        return Problem(422, "wrong-body", str(error), (FieldError("body", str(error)),))
    except msgspec.DecodeError as error:
        return Problem(400, "not-json", f"the body is not JSON: {error}")


def _answer(handled: Handled, typed: str) -> Response[bytes]:
    """The incident as it is now, or why nothing was done."""
    match handled:
        case Done(incident):
            return json(incident_document(incident))
        case Refused(Refusal.NO_SUCH, _):
            return no_such(typed)
        case Refused(why, incident):
            return refuse(_problem(why, incident))


def _problem(why: Refusal, incident: Any) -> Problem:
    detail = _DETAILS[why]
    errors = (FieldError(_FIELDS[why], detail),) if why in _FIELDS else ()
    more = {} if incident is None else {"incident": incident_document(incident)}
    kind = f"incident-{why.value.replace('_', '-')}"
    return Problem(_STATUS.get(why, 409), kind, detail, errors, more=more)
