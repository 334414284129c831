"""What a request presents to be let in, read from its headers and its URL."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from orderwatch.app.check_key import Credentials, Denied
from orderwatch.core.ingest.signature import Signed
from orderwatch.entrypoints.api.problems import Problem

_BEARER: Final = "bearer "
_CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="orderwatch"'),)


def read_credentials(headers: dict[bytes, bytes], query: bytes) -> Credentials:
    """Collect key, key id and signature. Standard Webhooks names no key, so the URL may.

    `Authorization` with another scheme than Bearer counts as an empty key, and is refused.
    """
    bearer = None
    authorization = headers.get(b"authorization")
    if authorization is not None:
        text = authorization.decode("latin-1")
        bearer = text[len(_BEARER) :].strip() if text.lower().startswith(_BEARER) else ""
    if not query and b"webhook-signature" not in headers and b"orderwatch-key-id" not in headers:
        return Credentials(bearer)
    return Credentials(bearer, _key_id(headers, query), _signed(headers))


def _key_id(headers: dict[bytes, bytes], query: bytes) -> str | None:
    named = headers.get(b"orderwatch-key-id")
    if named is not None:
        return named.decode("latin-1").strip()
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=100).get("key", [])
    except ValueError:
        return None
    return values[0] if values else None


def _signed(headers: dict[bytes, bytes]) -> Signed | None:
    signature = headers.get(b"webhook-signature")
    if signature is None:
        return None
    id_ = headers.get(b"webhook-id", b"").decode("latin-1")
    timestamp = headers.get(b"webhook-timestamp", b"").decode("latin-1")
    return Signed(id_, timestamp, signature.decode("latin-1"))


def unauthorized(denied: Denied) -> Problem:
    """401: which header is at fault, and how to be let in."""
    detail = f"{denied.error.field} {denied.error.message}"
    return Problem(401, "unauthorized", detail, (denied.error,), _CHALLENGE)
