"""Standard Webhooks signatures, checked over the raw bytes before anything reads them.

Signed is `<webhook-id>.<webhook-timestamp>.<body>` with HMAC-SHA256 (scheme v1); the instant is an
argument. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from orderwatch.core.model import FieldError
from orderwatch.core.tenants.keys import SigningSecret

TOLERANCE: Final = timedelta(minutes=5)
ENTRIES: Final = 20
"""More signatures than any rotation needs; the rest of a longer list is not looked at."""

_TIMESTAMP: Final = re.compile(r"[0-9]{1,11}", re.ASCII)


class Signed(Struct, frozen=True):
    """The three headers of a signed request, as they came."""

    id: str
    timestamp: str
    signature: str


def check_signature(
    signed: Signed, body: bytes, secrets: Sequence[SigningSecret], at: datetime
) -> FieldError | None:
    """Nothing when one entry was made with one valid secret within five minutes of `at`."""
    if not signed.id:
        return FieldError("webhook-id", "is missing; it must name the message")
    if not _TIMESTAMP.fullmatch(signed.timestamp):
        return FieldError("webhook-timestamp", "must be whole seconds since 1970")
    if abs(at.timestamp() - int(signed.timestamp)) > TOLERANCE.total_seconds():
        return FieldError("webhook-timestamp", "must be within 5 minutes of now; sign again")
    valid = [s.secret for s in secrets if s.expires_at is None or at < s.expires_at]
    if not valid:
        return FieldError("webhook-signature", "this key has no valid signing secret; add one")
    content = f"{signed.id}.{signed.timestamp}.".encode("latin-1", "replace") + body
    wanted = [hmac.new(secret, content, hashlib.sha256).digest() for secret in valid]
    given = _v1_entries(signed.signature)
    matches = [hmac.compare_digest(a, b) for a in wanted for b in given]  # all of them, always
    if any(matches):
        return None
    return FieldError("webhook-signature", "matches no valid signing secret of this key")


def _v1_entries(header: str) -> list[bytes]:
    """The v1 signatures of the header; other schemes and garbage are passed over."""
    found = []
    for entry in header.split(" ")[:ENTRIES]:
        version, _, text = entry.partition(",")
        if version != "v1":
            continue
        try:
            found.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found
