"""How much one request and one sender may ask of the door."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

MIB = 1024 * 1024


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on one request (bytes are counted after decompression too) and on all of them."""

    body_bytes: int = 16 * MIB
    event_bytes: int = 256 * 1024
    events: int = 10_000
    depth: int = 32
    number_chars: int = 40
    errors_per_event: int = 10
    read_time: timedelta = timedelta(seconds=30)
    bytes_in_flight: int = 64 * MIB


class Rates(Struct, frozen=True, kw_only=True):
    """What one key may send per second, and how many seconds' worth it may save up."""

    requests: float = 20_000.0
    events: float = 100_000.0
    burst: timedelta = timedelta(seconds=10)
