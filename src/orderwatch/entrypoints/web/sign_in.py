"""Who reads? One answer for the API, the live stream and the console.

A reader presents a read key as `Authorization: Bearer`, or the session cookie that `/login` gave in
exchange for one. For `demo` alone, a browser on this very machine may be let in without either.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from msgspec import Struct

from orderwatch.app.check_key import Credentials, Denied, Keys, check_key
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.tenants.keys import ApiKey
from orderwatch.entrypoints.web.sessions import COOKIE, Sessions

Connection = ASGIConnection[Any, Any, Any, Any]

_BEARER: Final = "bearer "
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_NO_READING: Final = (
    "is a key that may send but not read; make one with `orderwatch key create --tenant T --read`"
)
_EXPIRED: Final = "has expired, or its key was revoked; sign in again at /login"
_NOTHING: Final = (
    "is missing; send `Authorization: Bearer KEY` with a read key, or sign in at /login"
)


class Reader(Struct, frozen=True):
    """Who may read one tenant's orders. `key_id` None: let in for being on this machine."""

    tenant: TenantId
    key_id: str | None = None


class SignIn(Struct, frozen=True):
    """What it takes to know a reader. `open_on_loopback` is for `demo`: see `reader_of`."""

    keys: Keys
    sessions: Sessions
    now: Callable[[], datetime]
    open_on_loopback: TenantId | None = None

    async def reader_of(self, connection: Connection) -> Reader | Denied:
        """Who is asking. What is presented must be right: a wrong key is never made up for."""
        authorization = connection.headers.get("authorization")
        if authorization is not None:
            return await self.reader_of_key(_bearer(authorization))
        if (cookie := connection.cookies.get(COOKIE)) is not None:
            signed_in = await self._reader_of_cookie(cookie)
            if isinstance(signed_in, Reader):
                return signed_in
        else:
            signed_in = Denied(FieldError("authorization", _NOTHING))
        if self.open_on_loopback is not None and from_this_machine(connection):
            return Reader(self.open_on_loopback)
        return signed_in

    async def reader_of_key(self, text: str) -> Reader | Denied:
        """The reader with this key, `ow_<id>_<secret>`."""
        key = await check_key(self.keys, Credentials(bearer=text.strip()))
        if isinstance(key, Denied):
            return key
        return _reader(key)

    async def _reader_of_cookie(self, cookie: str) -> Reader | Denied:
        key_id = self.sessions.open(cookie, self.now())
        key = None if key_id is None else await self.keys.find(key_id)
        if key is None or key.revoked_at is not None:
            return Denied(FieldError("cookie", _EXPIRED))
        return _reader(key)


def _reader(key: ApiKey) -> Reader | Denied:
    if not key.can_read:
        return Denied(FieldError("authorization", _NO_READING))
    return Reader(key.tenant, key.id)


def _bearer(authorization: str) -> str:
    """The key in the header; nothing, which is no key, when the scheme is another."""
    if not authorization.lower().startswith(_BEARER):
        return ""
    return authorization[len(_BEARER) :]


def from_this_machine(connection: Connection) -> bool:
    """Whether the request was made here, for here, and came straight.

    The Host header is looked at as well as the address: a page of another site can name an address
    of its own that leads to this machine, but not make the browser say `localhost`.
    """
    if connection.client is None or any(name in connection.headers for name in _FORWARDED):
        return False
    return _is_loopback(connection.client.host) and _host_name(connection) in _LOCAL_NAMES


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _host_name(connection: Connection) -> str | None:
    try:
        return urlsplit(f"//{connection.headers.get('host', '')}").hostname
    except ValueError:
        return None


def same_origin(connection: Connection) -> bool:
    """Whether a POST came from one of our own pages: its Origin is the host it was sent to.

    Every browser sends Origin with a POST; a request without one is no browser's form.
    """
    origin = urlsplit(connection.headers.get("origin", ""))
    return origin.scheme in {"http", "https"} and origin.netloc == connection.headers.get("host")
