"""Who asks, and may they? One answer for the API, the live stream and the console.

A program presents a read key as `Authorization: Bearer`; a person the cookie that `/login` gave in
exchange for name and password, or for a key. For `demo` alone, a browser on this very machine may
be let in without either.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.app.check_key import Credentials, Denied, Keys, check_key
from orderwatch.app.sign_in import Client, SignInDoor, session_of
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.people.audit import Actor, ActorKind
from orderwatch.core.people.masking import Masking
from orderwatch.core.people.roles import ROLE_OF_KEYS, Permission, Role, may, needed_for
from orderwatch.core.people.sessions import Session
from orderwatch.core.saying import sentence
from orderwatch.core.tenants.keys import ApiKey
from orderwatch.entrypoints.web.sessions import COOKIE, Sessions

Connection = ASGIConnection[Any, Any, Any, Any]

_BEARER: Final = "bearer "
_PERMISSION: Final = "permission"
_OPEN: Final = "open to all"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_NO_READING: Final = (
    "is a key that may send but not read; make one with `orderwatch key create --tenant T --read`"
)
_EXPIRED: Final = "has expired, or its session or key was revoked; sign in again at /login"
_NOTHING: Final = (
    "is missing; send `Authorization: Bearer KEY` with a read key, or sign in at /login"
)
_ELSEWHERE: Final = sentence("This was sent from another site. Open the page here and try again.")
_UNDECLARED: Final = "Nobody may do this: what it needs was never said."


class Reader(Struct, frozen=True):
    """Who asks, of which tenant, and as what: a key, a session's person, or `demo` on this machine.

    `masking` is what hides personal data from this reader; None: nothing is hidden.
    """

    tenant: TenantId
    role: Role = ROLE_OF_KEYS
    key_id: str | None = None
    session: Session | None = None
    masking: Masking | None = Masking()

    @property
    def name(self) -> str:
        """What to call them."""
        if self.session is not None:
            return self.session.name
        return "demo" if self.key_id is None else f"key {self.key_id}"

    @property
    def is_signed_in(self) -> bool:
        """Whether there is something to sign out of."""
        return self.session is not None or self.key_id is not None

    def may(self, permission: Permission) -> bool:
        """Whether the table of permissions lets them."""
        return may(self.role, permission)

    def acting(self, connection: Connection) -> Actor:
        """Who it is, for the audit log."""
        kind = ActorKind.PERSON if self.key_id is None else ActorKind.KEY
        return Actor(kind, self.key_id or self.name, client_of(connection).address)


class Forbidden(Struct, frozen=True):
    """We know who asks, and they may not: a sentence that says what it takes.

    `permission` is what this role has not; None: it is about something else.
    """

    message: str
    permission: Permission | None = None
    role: Role = ROLE_OF_KEYS


def require(permission: Permission) -> dict[str, Any]:
    """What a handler needs, for its `opt`: `@post(..., opt=require(Permission.ADD_NOTES))`.

    A handler that says nothing and only reads needs READ_ORDERS; one that changes something and
    says nothing is closed to everybody.
    """
    return {_PERMISSION: permission}


def open_to_all() -> dict[str, Any]:
    """For the `opt` of a page that strangers may have: the sign-in, and what it looks like."""
    return {_OPEN: True}


def is_open_to_all(handler: BaseRouteHandler) -> bool:
    """Whether strangers may have it."""
    return bool(handler.opt.get(_OPEN))


class SignIn(Struct, frozen=True):
    """What it takes to know a reader. `open_on_loopback` is for `demo`: see `reader_of`.

    Without a `door` there are no accounts, only keys. `masking` hides personal data.
    """

    keys: Keys
    sessions: Sessions
    now: Callable[[], datetime]
    open_on_loopback: TenantId | None = None
    door: SignInDoor | None = None
    masking: Masking = Masking()

    async def let_in(self, connection: Connection) -> Reader | Denied | Forbidden:
        """Who is asking, if they may have what this route gives. Every route asks this."""
        reader = await self.reader_of(connection)
        if not isinstance(reader, Reader):
            return reader
        if is_forged(connection):
            return Forbidden(_ELSEWHERE)
        permission = _needed(connection)
        if permission is None:
            return Forbidden(_UNDECLARED)
        if reader.may(permission):
            return reader
        return Forbidden(needed_for(permission, reader.role), permission, reader.role)

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
            return self._seen_by(Reader(self.open_on_loopback, Role.OPERATOR))
        return signed_in

    async def reader_of_key(self, text: str) -> Reader | Denied:
        """The reader with this key, `ow_<id>_<secret>`."""
        key = await check_key(self.keys, Credentials(bearer=text.strip()))
        if isinstance(key, Denied):
            return key
        return self._with_key(key)

    async def _reader_of_cookie(self, cookie: str) -> Reader | Denied:
        if self.door is not None and (session := await session_of(self.door, cookie)):
            return self._seen_by(Reader(session.tenant, session.role, session=session))
        key_id = self.sessions.open(cookie, self.now())
        key = None if key_id is None else await self.keys.find(key_id)
        if key is None or key.revoked_at is not None:
            return Denied(FieldError("cookie", _EXPIRED))
        return self._with_key(key)

    def _with_key(self, key: ApiKey) -> Reader | Denied:
        if not key.can_read:
            return Denied(FieldError("authorization", _NO_READING))
        return self._seen_by(Reader(key.tenant, key_id=key.id))

    def _seen_by(self, reader: Reader) -> Reader:
        sees_all = reader.may(Permission.READ_PERSONAL_DATA)
        return replace(reader, masking=None if sees_all else self.masking)


def _needed(connection: Connection) -> Permission | None:
    """What this route needs; None when it should have said and did not."""
    default = Permission.READ_ORDERS if _only_reads(connection) else None
    needed = connection.route_handler.opt.get(_PERMISSION, default)
    return None if needed is None else Permission(needed)


def is_forged(connection: Connection) -> bool:
    """Whether a page of another site may have sent this with what the browser keeps for us.

    Reading is safe: nobody elsewhere gets to see the answer. A key in a header is not a browser's.
    """
    if _only_reads(connection) or "authorization" in connection.headers:
        return False
    return not same_origin(connection)


def _only_reads(connection: Connection) -> bool:
    return connection.scope.get("method", "") in _SAFE


def arrived_encrypted(connection: Connection) -> bool:
    """Whether the browser speaks TLS, with us or with a proxy before us: its Origin says so."""
    origin = urlsplit(connection.headers.get("origin", ""))
    return connection.url.scheme == "https" or origin.scheme == "https"


def client_of(connection: Connection) -> Client:
    """Where a request comes from."""
    address = connection.client.host if connection.client else ""
    return Client(address, connection.headers.get("user-agent", ""))


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
