"""Which language a page comes in: the one chosen here, or the one the browser asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from litestar import Request, Response, post
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.middleware import ASGIMiddleware
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from orderwatch.entrypoints.console.languages import LANGUAGES, SOURCE, Language, spoken_in
from orderwatch.entrypoints.console.workshop import Form, typed
from orderwatch.entrypoints.web.security import PAGE_HEADERS
from orderwatch.entrypoints.web.sign_in import arrived_encrypted, open_to_all, same_origin

COOKIE: Final = "orderwatch_language"
_REMEMBERED: Final = timedelta(days=365)


class Speaking(ASGIMiddleware):
    """Says, for everything a request sets off, which language its reader has."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer in the reader's language."""
        connection: ASGIConnection[Any, Any, Any, Any] = ASGIConnection(scope)
        accepted = connection.headers.get("accept-language", "")
        with spoken_in(language_of(connection.cookies, accepted)):
            await next_app(scope, receive, send)


def language_of(cookies: Mapping[str, str], accepted: str) -> Language:
    """The language that was chosen; else the best the browser accepts; else English."""
    wanted = [cookies.get(COOKIE, ""), *_by_liking(accepted)]
    code = next((code for code in wanted if code in LANGUAGES), SOURCE)
    return LANGUAGES[code]


def _by_liking(accepted: str) -> Iterable[str]:
    """The codes of an Accept-Language header (RFC 9110, 12.5.4), best first: "th-TH" is "th"."""
    ranked = []
    for part in accepted[:500].split(","):
        tag, _, rest = part.strip().partition(";")
        weight = _weight(rest)
        if weight > 0:
            ranked.append((weight, tag.strip().lower().partition("-")[0]))
    return [code for _, code in sorted(ranked, key=lambda one: one[0], reverse=True)]


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@post("/language", opt=open_to_all(), include_in_schema=False, status_code=303)
async def choose_language(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    """Remember a language in this browser, and go back to the page it was chosen on."""
    code = typed(data, "language")
    cookies = [_cookie(code, request)] if code in LANGUAGES and same_origin(request) else []
    return Redirect(_back(request), status_code=303, headers=PAGE_HEADERS, cookies=cookies)


def _back(request: Request[Any, Any, Any]) -> str:
    """The page the form stood on, as the browser says it; never one of another site."""
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.headers.get("host") or not came_from.path.startswith("/"):
        return "/"
    path = "/" + came_from.path.lstrip("/\\")
    return f"{path}?{came_from.query}" if came_from.query else path


def _cookie(code: str, request: Request[Any, Any, Any]) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=code,
        path="/",
        max_age=int(_REMEMBERED.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=arrived_encrypted(request),
    )
