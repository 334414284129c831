"""The session cookie. A person's holds a random token, see core/people/sessions.py.

That of somebody who came with a key says which key, until when, and has a seal over both. It holds
no secret of the key, and ends with its expiry, or at once when its key is revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from litestar.datastructures import Cookie
from msgspec import Struct

COOKIE: Final = "orderwatch_session"
LASTS: Final = timedelta(hours=12)
SECRET_BYTES: Final = 32

_VALUE: Final = re.compile(r"(v1\.([0-9a-f]{1,64})\.([0-9]{1,12}))\.([0-9a-f]{64})", re.ASCII)


class Sessions(Struct, frozen=True):
    """Seals and opens session cookies with the server's secret of at least SECRET_BYTES bytes."""

    secret: bytes

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if len(self.secret) < SECRET_BYTES:
            raise ValueError(f"the session secret needs at least {SECRET_BYTES} bytes")

    def seal(self, key_id: str, at: datetime) -> str:
        """The value of a cookie for the holder of this key, good for LASTS from `at`."""
        body = f"v1.{key_id}.{int((at + LASTS).timestamp())}"
        return f"{body}.{self._mac(body)}"

    def open(self, value: str, at: datetime) -> str | None:
        """The key id in a cookie's value; None when it is not ours or has expired."""
        match = _VALUE.fullmatch(value)
        if match is None:
            return None
        body, key_id, expiry, mac = match.groups()
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        return key_id if at < datetime.fromtimestamp(int(expiry), UTC) else None

    def _mac(self, body: str) -> str:
        return hmac.new(
            self.secret, f"orderwatch session {body}".encode(), hashlib.sha256
        ).hexdigest()


def session_cookie(value: str, *, secure: bool, lasts: timedelta = LASTS) -> Cookie:
    """The cookie as the browser is to keep it: out of scripts' reach, never sent from elsewhere."""
    return Cookie(
        key=COOKIE,
        value=value,
        path="/",
        max_age=int(lasts.total_seconds()) if value else 0,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
