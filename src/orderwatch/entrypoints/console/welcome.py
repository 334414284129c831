"""`/welcome`: the link of the first start lets the first administrator choose a password."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from orderwatch.app.sign_in import (
    NotInvited,
    SignedIn,
    TooBusy,
    Unfit,
    is_invited,
    welcome,
)
from orderwatch.core.people.accounts import LEAST_LETTERS
from orderwatch.entrypoints.console.languages import N_
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.login import BUSY, ELSEWHERE, Form, let_in
from orderwatch.entrypoints.console.pages import AnyRequest, Console, Page, TheConsole, render
from orderwatch.entrypoints.web.sign_in import client_of, open_to_all, same_origin

_GONE: Final = N_(
    "This link was used already, or has expired. When there is an account, sign in; "
    "otherwise start `orderwatch serve` again, which prints a new one."
)
_TWICE: Final = N_("The two passwords are not the same. Type them once more.")


@get("/welcome", opt=open_to_all(), include_in_schema=False)
async def welcome_page(console: TheConsole, token: str = "") -> Page:
    """The form, for who has a link that is still good."""
    door = console.sign_in.door
    if door is None or not await is_invited(door, token):
        return _gone()
    return _form(token)


@post("/welcome", opt=open_to_all(), include_in_schema=False, status_code=303)
async def be_welcome(request: AnyRequest, console: TheConsole, data: Form) -> Response[Any]:
    """Make the account and sign in."""
    if not same_origin(request):
        return _form("", error=_(ELSEWHERE), status=403)
    if data.get("password") != data.get("again"):
        token, name = str(data.get("token", "")), str(data.get("name", ""))
        return _form(token, name, "password", _(_TWICE), 422)
    return await _welcome(request, console, data)


async def _welcome(request: AnyRequest, console: Console, data: dict[str, Any]) -> Response[Any]:
    token, name, password = (str(data.get(each, "")) for each in ("token", "name", "password"))
    door = console.sign_in.door
    if door is None:
        return _gone()
    try:
        came = await welcome(door, token, name, password, client_of(request))
    except TooBusy:
        return _form(token, name, error=_(BUSY), status=503)
    match came:
        case SignedIn():
            return let_in(request, console, came, "/")
        case Unfit(field, message):
            return _form(token, name, field, message, 422)
        case NotInvited():
            return _gone()


def _gone() -> Page:
    title = _("This link is no longer good")
    context = {"visit": None, "title": title, "text": _(_GONE), "again": False}
    return render("unavailable.html", context, 410)


def _form(
    token: str, name: str = "", field: str = "", error: str | None = None, status: int = 200
) -> Page:
    context = {"token": token, "name": name, "field": field, "error": error, "least": LEAST_LETTERS}
    return render("welcome.html", context, status)
