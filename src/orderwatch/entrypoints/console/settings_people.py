"""`/settings/people`: accounts and live sessions. A password is made here and shown once."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any, Final

from litestar import Response, get, post
from msgspec import Struct

from orderwatch.app.administer import NotPossible
from orderwatch.app.manage_users import NewUser, UserDesk, create_user
from orderwatch.core.people.accounts import fault_of_password, same_name
from orderwatch.core.people.roles import FIRST_VIEW, Permission, Role, View
from orderwatch.entrypoints.console.languages import N_, Said, told
from orderwatch.entrypoints.console.pages import (
    AnyRequest,
    Console,
    Page,
    TheConsole,
    TheReader,
    Visit,
    render,
    visit_of,
)
from orderwatch.entrypoints.console.settings_flow import tabs
from orderwatch.entrypoints.console.workshop import Form, see_other, typed, with_notice
from orderwatch.entrypoints.web.sign_in import Reader, require

MANAGING: Final = require(Permission.MANAGE_PEOPLE)
PEOPLE: Final = "/settings/people"
NOTICES: Final = Said(
    {
        "role": N_("The role was changed. All their sessions ended; they sign in again."),
        "disabled": N_("The account is disabled, and all its sessions ended."),
        "enabled": N_("The account is good again."),
        "session": N_("The session was ended."),
    }
)
VIEW_WORDS: Final = Said(
    {View.TROUBLE: N_("trouble"), View.SYSTEMS: N_("systems"), View.MONEY: N_("money")}
)
_PASSWORD_BYTES: Final = 15
_TRIES: Final = 100


class Made(Struct, frozen=True):
    """A password at the one moment it can be read."""

    name: str
    password: str


@get(PEOPLE, opt=MANAGING, include_in_schema=False)
async def people_page(console: TheConsole, reader: TheReader, notice: str = "") -> Page:
    """Everybody."""
    visit = await visit_of(console, reader)
    return render("settings_people.html", await _context(console, visit, said=NOTICES.get(notice)))


@post(PEOPLE, opt=MANAGING, include_in_schema=False, status_code=200)
async def make_person(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Page:
    """Another account, with a password that is shown this once."""
    visit = await visit_of(console, reader)
    name = same_name(typed(data, "name"))
    new = NewUser(name, _role(data), _password(console, name))
    workshop = console.workshop
    try:
        await create_user(
            workshop.users, workshop.passwords, reader.tenant, new, reader.acting(request)
        )
    except NotPossible as error:
        context = await _context(console, visit, wrong=told(error.said), name=name)
        return render("settings_people.html", context, 422)
    made = Made(name, new.password)
    return render("settings_people.html", await _context(console, visit, made=made))


@post("/settings/people/password", opt=MANAGING, include_in_schema=False, status_code=200)
async def new_password(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Page:
    """Another password for somebody, shown this once; their sessions end."""
    visit = await visit_of(console, reader)
    name = same_name(typed(data, "name"))
    made = Made(name, _password(console, name))
    try:
        await _desk(request, console, reader).change_password(made.name, made.password)
    except NotPossible as error:
        context = await _context(console, visit, said=told(error.said))
        return render("settings_people.html", context, 422)
    return render("settings_people.html", await _context(console, visit, made=made))


@post("/settings/people/role", opt=MANAGING, include_in_schema=False, status_code=303)
async def change_role(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Somebody is here for something else."""
    desk = _desk(request, console, reader)
    try:
        await desk.change_role(typed(data, "name"), _role(data))
    except NotPossible as error:
        return await _refused(console, reader, error)
    return see_other(with_notice(PEOPLE, "role"))


@post("/settings/people/disable", opt=MANAGING, include_in_schema=False, status_code=303)
async def disable_person(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """Let somebody in no more, or again."""
    disabled = typed(data, "enable") != "yes"
    try:
        desk = _desk(request, console, reader)
        await desk.disable(typed(data, "name"), disabled=disabled)
    except NotPossible as error:
        return await _refused(console, reader, error)
    return see_other(with_notice(PEOPLE, "disabled" if disabled else "enabled"))


@post("/settings/people/session", opt=MANAGING, include_in_schema=False, status_code=303)
async def end_session(
    request: AnyRequest, console: TheConsole, reader: TheReader, data: Form
) -> Response[Any]:
    """End one session."""
    try:
        await _desk(request, console, reader).revoke_session(typed(data, "session"))
    except NotPossible as error:
        return await _refused(console, reader, error)
    return see_other(with_notice(PEOPLE, "session"))


def _desk(request: AnyRequest, console: Console, reader: Reader) -> UserDesk:
    workshop = console.workshop
    by = reader.acting(request)
    return UserDesk(workshop.users, workshop.passwords, reader.tenant, by, workshop.now)


def _role(data: dict[str, Any]) -> Role:
    """The role that was chosen; the one that may least when it is none."""
    return next((role for role in Role if role == typed(data, "role")), Role.VIEWER)


def _password(console: Console, name: str) -> str:
    """A password nobody guesses; of a very short name it must not hold even that."""
    tries = (
        base64.urlsafe_b64encode(console.workshop.random_bytes(_PASSWORD_BYTES)).decode()
        for _ in range(_TRIES)
    )
    return next((one for one in tries if not fault_of_password(one, name)), "")


async def _refused(console: Console, reader: Reader, error: NotPossible) -> Page:
    visit = await visit_of(console, reader)
    return render(
        "settings_people.html", await _context(console, visit, said=told(error.said)), 422
    )


async def _context(
    console: Console,
    visit: Visit,
    *,
    said: str | None = None,
    wrong: str | None = None,
    made: Made | None = None,
    name: str = "",
) -> dict[str, Any]:
    tenant, users = visit.reader.tenant, console.workshop.users
    sessions = await users.sessions(tenant, None, visit.now)
    return tabs(visit, "people") | {
        "people": await users.users(tenant),
        "sessions": sessions,
        "counts": Counter(session.user for session in sessions),
        "roles": {role: VIEW_WORDS[FIRST_VIEW[role]] for role in Role},
        "own": visit.reader.session.name if visit.reader.session else None,
        "said": said,
        "wrong": wrong,
        "made": made,
        "typed_name": name,
    }
