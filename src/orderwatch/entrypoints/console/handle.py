"""Forms that handle an incident: acknowledge, take back, assign, comment, silence."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, post

from orderwatch.app.handle_incidents import HandlingDesk
from orderwatch.core.alerting.handle import Handled, Refused
from orderwatch.core.alerting.incident import IncidentId, SilenceKind
from orderwatch.core.alerting.quiet import Names, NewSilence
from orderwatch.core.people.roles import Permission
from orderwatch.entrypoints.console.incident import length_of
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    TheConsole,
    TheReader,
    visit_of,
)
from orderwatch.entrypoints.console.workshop import Form, see_other, typed, with_notice
from orderwatch.entrypoints.web.sign_in import Reader, require

HANDLING: Final = require(Permission.HANDLE_INCIDENTS)


@post("/incidents/{id_:int}/acknowledge", opt=HANDLING, include_in_schema=False, status_code=303)
async def acknowledge_incident(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int, data: Form
) -> Response[Any]:
    """Look after it."""
    handled = await _desk(request, console, reader).acknowledge(IncidentId(id_))
    return _back(data, id_, handled)


@post("/incidents/{id_:int}/take-back", opt=HANDLING, include_in_schema=False, status_code=303)
async def take_back_incident(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int, data: Form
) -> Response[Any]:
    """Look after it no more."""
    handled = await _desk(request, console, reader).take_back(IncidentId(id_))
    return _back(data, id_, handled)


@post("/incidents/{id_:int}/assign", opt=HANDLING, include_in_schema=False, status_code=303)
async def assign_incident(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int, data: Form
) -> Response[Any]:
    """Give it to a person; to nobody when the field is empty."""
    to, was = typed(data, "to") or None, typed(data, "was") or None
    handled = await _desk(request, console, reader).assign(IncidentId(id_), to, was)
    return _back(data, id_, handled)


@post("/incidents/{id_:int}/comment", opt=HANDLING, include_in_schema=False, status_code=303)
async def comment_incident(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int, data: Form
) -> Response[Any]:
    """Write on its time line."""
    handled = await _desk(request, console, reader).comment(IncidentId(id_), typed(data, "comment"))
    return _back(data, id_, handled)


@post("/incidents/{id_:int}/silence", opt=HANDLING, include_in_schema=False, status_code=303)
async def silence_incident(
    request: AnyRequest, console: TheConsole, reader: TheReader, id_: int, data: Form
) -> Response[Any]:
    """Tell nobody of it for a while."""
    visit, length = await visit_of(console, reader), length_of(typed(data, "minutes"))
    if length is None:
        return see_other(_address(data, id_))
    until = visit.now + length
    wish = NewSilence(
        kind=SilenceKind.SILENCE,
        matches={"incident": str(id_)},
        starts_at=visit.now,
        ends_at=until,
        why=typed(data, "why"),
    )
    said = f"Silenced until {until.astimezone(visit.zone):%d %b %H:%M}: {wish.why}"
    desk = console.alarms.silencing(reader.tenant, reader.name, reader.acting(request), Names())
    made = await desk.make(wish, said)
    address = _address(data, id_)
    return see_other(with_notice(address, "empty") if isinstance(made, list) else address)


def _desk(request: AnyRequest, console: Console, reader: Reader) -> HandlingDesk:
    return console.alarms.desk(reader.tenant, reader.name, reader.acting(request))


def _back(data: dict[str, Any], id_: int, handled: Handled) -> Response[Any]:
    address = _address(data, id_)
    if isinstance(handled, Refused):
        return see_other(with_notice(address, handled.why.value))
    return see_other(address)


def _address(data: dict[str, Any], id_: int) -> str:
    """The page the form stood on."""
    back = typed(data, "back")
    inside = back == "/incidents" or back.startswith("/incidents?")
    return back if inside else f"/incidents/{id_}"
