"""The cursor of a list: an opaque place in it, good for the filter it was given for and no other.
The window of a filter may move with the time, as that of the last 24 hours does.

Its check sum is no secret: a cursor opens nothing that a filter would not. It tells a cursor that
was cut short, edited, or used with another filter, from one that was given out.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.model import OrderId
from orderwatch.core.reading.wanted import OrderFilter, Place

_SUM_BYTES: Final = 6
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Written(Struct, frozen=True, array_like=True):
    micros: int
    order_id: OrderId


_DECODER: Final = msgspec.json.Decoder(_Written)


def write_cursor(filter_: OrderFilter, place: Place) -> str:
    """The cursor of a place in the list this filter makes."""
    micros = (place.placed_at - _EPOCH) // timedelta(microseconds=1)
    text = json.dumps([micros, place.order_id], separators=(",", ":")).encode()
    return sealed(_anchor(filter_), text)


def read_cursor(filter_: OrderFilter, cursor: str) -> Place | None:
    """The place a cursor was written for; None when it is not one of this filter's."""
    text = unsealed(_anchor(filter_), cursor)
    if text is None:
        return None
    try:
        written = _DECODER.decode(text)
        return Place(_EPOCH + timedelta(microseconds=written.micros), written.order_id)
    except (ValueError, OverflowError):
        return None


def sealed(anchor: bytes, place: bytes) -> str:
    """A place in a list as a cursor; `anchor` says which list."""
    return base64.urlsafe_b64encode(_check_sum(anchor, place) + place).rstrip(b"=").decode()


def unsealed(anchor: bytes, cursor: str) -> bytes | None:
    """The place of a cursor; None when it was not written for this list."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    check, place = raw[:_SUM_BYTES], raw[_SUM_BYTES:]
    return place if check == _check_sum(anchor, place) else None


def _anchor(filter_: OrderFilter) -> bytes:
    return msgspec.json.encode(replace(filter_, placed_from=None, placed_to=None))


def _check_sum(anchor: bytes, text: bytes) -> bytes:
    return blake2b(anchor + b"\0" + text, digest_size=_SUM_BYTES).digest()
