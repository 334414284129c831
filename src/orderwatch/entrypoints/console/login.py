"""`/login`: name and password, or a read key, in exchange for a session; `/logout` ends it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.app.check_key import Denied
from orderwatch.app.sign_in import (
    Refused,
    SignedIn,
    SignInDoor,
    TooBusy,
    Wait,
    sign_in,
    sign_out,
)
from orderwatch.core.people.deeds import signed_in_with_key
from orderwatch.core.people.roles import FIRST_VIEW, Role, View
from orderwatch.entrypoints.console.languages import N_
from orderwatch.entrypoints.console.languages import gettext as _
from orderwatch.entrypoints.console.pages import AnyRequest, Console, Page, TheConsole, render
from orderwatch.entrypoints.console.words import length
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sessions import session_cookie
from orderwatch.entrypoints.web.sign_in import (
    Reader,
    arrived_encrypted,
    client_of,
    open_to_all,
    same_origin,
)

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

LANDINGS: Final[dict[View, str]] = {
    View.TROUBLE: "/",
    View.SYSTEMS: "/systems",
    View.MONEY: "/?range=7d",
}
"""Where each first view is: what is wrong now, every system, rates and money beside last week."""

ELSEWHERE: Final = N_("This form was sent from another site. Open /login here and try again.")
BUSY: Final = N_("Very many people sign in at this moment. Try again in a few seconds.")
_NO_MATCH: Final = N_("Name and password do not fit an account here.")
_NO_NAME: Final = N_("Type your name and your password.")
_EMPTY: Final = N_("Paste a read key. It begins with ow_.")
_WRONG: Final = N_(
    "That is not a valid key, or it was revoked. Ask your administrator for a new one."
)
_SEND_ONLY: Final = N_(
    "This key may send events but not read. A key for reading is made with --read."
)


class Shown(Struct, frozen=True):
    """What the form shows. `people` False: nobody has an account, so only keys are asked for."""

    next: str = "/"
    people: bool = False
    ask_tenant: bool = False
    tenant: str = ""
    name: str = ""
    error: str | None = None
    key_error: str | None = None


@get("/login", opt=open_to_all(), include_in_schema=False)
async def login_page(console: TheConsole, next: str = "/", tenant: str = "") -> Page:  # noqa: A002 - the query's name
    """The form."""
    return await _form(console, Shown(next=inside(next), tenant=_company(tenant)))


@post("/login", opt=open_to_all(), include_in_schema=False, status_code=303)
async def login(request: AnyRequest, console: TheConsole, data: Form) -> Response[Any]:
    """Let the browser in, back to where it wanted to go."""
    typed = {name: str(value) for name, value in data.items()}
    shown = Shown(
        next=inside(typed.get("next", "/")),
        tenant=_company(typed.get("tenant", "")),
        name=typed.get("name", "").strip()[:200],
    )
    if not same_origin(request):
        return await _form(console, Shown(error=_(ELSEWHERE), key_error=_(ELSEWHERE)), 403)
    if console.sign_in.door is not None and "name" in typed:
        return await _by_password(request, console, console.sign_in.door, shown, typed)
    return await _by_key(request, console, shown, typed.get("key", "").strip())


async def _by_password(
    request: AnyRequest, console: Console, door: SignInDoor, shown: Shown, typed: dict[str, str]
) -> Response[Any]:
    password = typed.get("password", "")
    if not shown.name or not password:
        return await _form(console, shown, 422, error=_(_NO_NAME))
    try:
        tried = await sign_in(door, shown.tenant or None, shown.name, password, client_of(request))
    except TooBusy:
        return await _form(console, shown, 503, error=_(BUSY))
    match tried:
        case SignedIn():
            return let_in(request, console, tried, shown.next)
        case Refused():
            return await _form(console, shown, 401, error=_(_NO_MATCH))
        case Wait(time):
            error = _("Too many tries failed. Try again in %(time)s.", time=length(time))
            page = await _form(console, shown, 429, error=error)
            page.headers["retry-after"] = str(int(time.total_seconds()) + 1)
            return page


async def _by_key(request: AnyRequest, console: Console, shown: Shown, text: str) -> Response[Any]:
    if not text:
        return await _form(console, shown, 422, key_error=_(_EMPTY))
    reader = await console.sign_in.reader_of_key(text)
    if isinstance(reader, Denied):
        wrong = _SEND_ONLY if "may send" in reader.error.message else _WRONG
        return await _form(console, shown, 401, key_error=_(wrong))
    assert reader.key_id is not None
    if console.sign_in.door is not None:
        deed = signed_in_with_key(reader.key_id)
        await console.sign_in.door.people.write(reader.tenant, reader.acting(request), deed)
    sealed = console.sign_in.sessions.seal(reader.key_id, console.now())
    return _go(request, shown.next, sealed)


@post("/logout", opt=open_to_all(), include_in_schema=False, status_code=303)
async def logout(request: AnyRequest, console: TheConsole, data: Form) -> Response[Any]:
    """End the session here; with `everywhere` those of all this person's browsers."""
    if not same_origin(request):
        return await _form(console, Shown(error=_(ELSEWHERE), key_error=_(ELSEWHERE)), 403)
    reader = await console.sign_in.reader_of(request)
    door = console.sign_in.door
    if isinstance(reader, Reader) and reader.session is not None and door is not None:
        await sign_out(door, reader.session, client_of(request), everywhere="everywhere" in data)
    return _go(request, "/login", "")


def let_in(request: AnyRequest, console: Console, came: SignedIn, target: str) -> Response[Any]:
    """Give the browser its session and send it on: to what it wanted, or to the role's view."""
    assert console.sign_in.door is not None
    lasts = console.sign_in.door.lasting.longest
    secure = arrived_encrypted(request)
    return Redirect(
        target if target != "/" else landing_of(came.user.role),
        status_code=303,
        headers=PAGE_HEADERS,
        cookies=[session_cookie(came.token, secure=secure, lasts=lasts)],
    )


def landing_of(role: Role) -> str:
    """The address that answers a role's questions."""
    return LANDINGS[FIRST_VIEW[role]]


async def _form(
    console: Console,
    shown: Shown,
    status: int = 200,
    *,
    error: str | None = None,
    key_error: str | None = None,
) -> Page:
    door, people, ask = console.sign_in.door, False, False
    if door is not None:
        tenant = await door.people.tenant_named(shown.tenant or None)
        ask = bool(shown.tenant) or await door.people.tenant_count() > 1
        people = ask or (tenant is not None and await door.people.anybody(tenant))
    filled = replace(
        shown,
        people=people,
        ask_tenant=ask,
        error=error or shown.error,
        key_error=key_error or shown.key_error,
    )
    return render("login.html", {"shown": filled}, status)


def _go(request: AnyRequest, target: str, session: str) -> Response[Any]:
    return Redirect(
        target,
        status_code=303,
        headers=PAGE_HEADERS,
        cookies=[session_cookie(session, secure=arrived_encrypted(request))],
    )


def _company(typed: str) -> str:
    """A tenant's name as it was typed, as far as a database can be asked for it."""
    return "".join(letter for letter in typed.strip()[:63] if letter.isprintable())


def inside(target: str) -> str:
    """The address if it is one of ours, else the overview: nobody is sent elsewhere from here."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if ours and target.isprintable() else "/"
