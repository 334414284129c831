"""Who is asking? From what a request presents to the key it was made with, or why there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.core.ingest.signature import Signed, check_signature
from orderwatch.core.model import FieldError
from orderwatch.core.tenants.keys import ApiKey, parse_key, verify


class Keys(Protocol):
    """Where the keys of all tenants are kept."""

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, revoked or not. Raises Unavailable."""


class Credentials(Struct, frozen=True):
    """What a request presents: a key, or a signature and the id of the key it was made with."""

    bearer: str | None = None
    key_id: str | None = None
    signed: Signed | None = None


class Denied(Struct, frozen=True):
    """Nobody we know, and which header says so."""

    error: FieldError


_NOTHING: Final = "is missing; send `Authorization: Bearer KEY`, or sign with Standard Webhooks"
_NO_KEY: Final = "is not a valid key, or was revoked"
_UNNAMED: Final = "is missing; name the signing key in the URL as `?key=ID`, or in this header"
_OTHER: Final = "names another key than Authorization does"


async def check_key(keys: Keys, credentials: Credentials) -> ApiKey | Denied:
    """The key of a request. A signature is still to be checked when the body is here.

    A request with both, a key and a signature, must have both right.
    """
    if credentials.bearer is not None:
        return await _by_secret(keys, credentials.bearer, credentials.key_id)
    if credentials.signed is None:
        return Denied(FieldError("authorization", _NOTHING))
    if not credentials.key_id:
        return Denied(FieldError("orderwatch-key-id", _UNNAMED))
    key = await keys.find(credentials.key_id[:100])
    if key is None or key.revoked_at is not None:
        return Denied(FieldError("orderwatch-key-id", _NO_KEY))
    return key


async def _by_secret(keys: Keys, bearer: str, key_id: str | None) -> ApiKey | Denied:
    presented = parse_key(bearer)
    if presented is None:
        return Denied(FieldError("authorization", _NO_KEY))
    if key_id and key_id != presented.id:
        return Denied(FieldError("orderwatch-key-id", _OTHER))
    key = await keys.find(presented.id)
    if not verify(key, presented) or key is None:
        return Denied(FieldError("authorization", _NO_KEY))
    return key


def check_signed_body(
    key: ApiKey, credentials: Credentials, body: bytes, at: datetime
) -> Denied | None:
    """Nothing when the body came unsigned or is signed as it should be."""
    if credentials.signed is None:
        return None
    fault = check_signature(credentials.signed, body, key.signing_secrets, at)
    return Denied(fault) if fault is not None else None
