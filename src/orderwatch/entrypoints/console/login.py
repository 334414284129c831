"""`/login`: a read key in exchange for a session cookie; `/logout` ends it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from orderwatch.app.check_key import Denied
from orderwatch.entrypoints.console.pages import AnyRequest, Page, TheConsole, render
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sessions import session_cookie
from orderwatch.entrypoints.web.sign_in import same_origin

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]

_ELSEWHERE: Final = "This form was sent from another site. Open /login here and try again."
_EMPTY: Final = "Paste a read key. It begins with ow_."
_WRONG: Final = "That is not a valid key, or it was revoked. Ask your administrator for a new one."
_SEND_ONLY: Final = "This key may send events but not read. A key for reading is made with --read."


@get("/login", include_in_schema=False)
async def login_page(next: str = "/") -> Page:  # noqa: A002 - the query's name
    """The form."""
    return render("login.html", {"next": inside(next), "error": None})


@post("/login", include_in_schema=False, status_code=303)
async def login(request: AnyRequest, console: TheConsole, data: Form) -> Response[Any]:
    """Check the key and let the browser in, back to where it wanted to go."""
    target = inside(str(data.get("next", "/")))
    if not same_origin(request):
        return render("login.html", {"next": "/", "error": _ELSEWHERE}, 403)
    text = str(data.get("key", "")).strip()
    if not text:
        return render("login.html", {"next": target, "error": _EMPTY}, 422)
    reader = await console.sign_in.reader_of_key(text)
    if isinstance(reader, Denied):
        wrong = _SEND_ONLY if "may send" in reader.error.message else _WRONG
        return render("login.html", {"next": target, "error": wrong}, 401)
    assert reader.key_id is not None
    sealed = console.sign_in.sessions.seal(reader.key_id, console.now())
    return _go(request, target, sealed)


@post("/logout", include_in_schema=False, status_code=303)
async def logout(request: AnyRequest) -> Response[Any]:
    """Forget the session."""
    if not same_origin(request):
        return render("login.html", {"next": "/", "error": _ELSEWHERE}, 403)
    return _go(request, "/login", "")


def _go(request: AnyRequest, target: str, session: str) -> Response[Any]:
    secure = request.url.scheme == "https"
    return Redirect(
        target,
        status_code=303,
        headers=PAGE_HEADERS,
        cookies=[session_cookie(session, secure=secure)],
    )


def inside(target: str) -> str:
    """The address if it is one of ours, else the overview: nobody is sent elsewhere from here."""
    ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if ours and target.isprintable() else "/"
