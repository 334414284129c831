"""A token bucket: how long a sender must wait. The instant is an argument, in seconds."""

from __future__ import annotations

from msgspec import Struct


class Bucket(Struct, frozen=True):
    """Tokens at one instant of a monotonic clock. Below zero: in debt."""

    tokens: float
    at: float


def fill(bucket: Bucket | None, rate: float, burst: float, at: float) -> Bucket:
    """The bucket at a later instant; a sender never seen before starts with a full one."""
    if bucket is None:
        return Bucket(burst, at)
    gained = max(0.0, at - bucket.at) * rate
    return Bucket(min(burst, bucket.tokens + gained), max(at, bucket.at))


def wait(bucket: Bucket, rate: float) -> float:
    """Seconds until the next request may come; 0.0 when it may come now."""
    if bucket.tokens > 0:
        return 0.0
    return (1e-3 - bucket.tokens) / rate


def take(bucket: Bucket, tokens: float) -> Bucket:
    """Take tokens, into debt if need be.

    A batch larger than the whole bucket would otherwise never be let in; so it is, and pays after.
    """
    return Bucket(bucket.tokens - tokens, bucket.at)
