"""A signed-in person's session: a random token in the browser, its hash in the database.

The token is 32 random bytes, so one round of SHA-256 is enough: there is nothing to guess. A new
one is made at every sign-in and none that a browser brings is ever taken over.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import UserId
from orderwatch.core.people.roles import Role

TOKEN_BYTES: Final = 32
ID_BYTES: Final = 6
RANDOM_BYTES: Final = TOKEN_BYTES + ID_BYTES
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a session was last used: every use would be a write."""

_TOKEN: Final = re.compile(r"(ow[si])_([A-Za-z0-9_-]{43})", re.ASCII)


class Lasting(Struct, frozen=True):
    """How long a session lasts: without being used, and altogether."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=7)


class NewToken(Struct, frozen=True):
    """A token at the one moment its text is known: give it away, store the hash."""

    id: str
    text: str
    hash: bytes


class Session(Struct, frozen=True, kw_only=True):
    """A session that was found by its token, with the person it belongs to as they are now."""

    tenant: TenantId
    id: str
    user: UserId
    name: str
    role: Role
    seen_at: datetime
    expires_at: datetime
    ended: bool = False

    def is_live(self, at: datetime, lasting: Lasting) -> bool:
        """Whether it still counts at this instant."""
        return not self.ended and at < self.expires_at and at - self.seen_at < lasting.idle

    def must_be_noted(self, at: datetime) -> bool:
        """Whether this use of it is to be written down."""
        return at - self.seen_at >= SEEN_EVERY


class SessionListing(Struct, frozen=True):
    """A session as it may be shown: never its token."""

    id: str
    user: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


def new_session_token(random_bytes: bytes) -> NewToken:
    """A token of RANDOM_BYTES random bytes for a session's cookie."""
    return _new_token("ows", random_bytes)


def new_invitation_token(random_bytes: bytes) -> NewToken:
    """A token of RANDOM_BYTES random bytes for the link that makes the first administrator."""
    return _new_token("owi", random_bytes)


def _new_token(kind: str, random_bytes: bytes) -> NewToken:
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"a token is made of {RANDOM_BYTES} random bytes")
    secret = base64.urlsafe_b64encode(random_bytes[:TOKEN_BYTES]).rstrip(b"=").decode()
    text = f"{kind}_{secret}"
    return NewToken(random_bytes[TOKEN_BYTES:].hex(), text, _hash(text))


def session_hash(text: str) -> bytes | None:
    """The hash of a session's token; None when the text is not one."""
    return _hash_of_kind("ows", text)


def invitation_hash(text: str) -> bytes | None:
    """The hash of an invitation's token; None when the text is not one."""
    return _hash_of_kind("owi", text)


def _hash_of_kind(kind: str, text: str) -> bytes | None:
    match = _TOKEN.fullmatch(text)
    return _hash(text) if match is not None and match[1] == kind else None


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
