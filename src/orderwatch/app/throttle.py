"""How fast each key may send, kept in this process: with several, each allows the whole rate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from orderwatch.core.ingest.limits import Rates
from orderwatch.core.ingest.rate import Bucket, fill, take, wait


class Throttle:
    """Two buckets for each key that ever sent: one of requests, one of events."""

    def __init__(self, rates: Rates, monotonic: Callable[[], float]) -> None:
        self._rates = rates
        self._monotonic = monotonic
        self._buckets: dict[str, tuple[Bucket, Bucket]] = {}

    @property
    def requests_per_minute(self) -> int:
        """What one key may send in a minute, as the webhook handshake tells it."""
        return max(1, int(self._rates.requests * 60))

    def admit(self, key_id: str) -> timedelta | None:
        """Count one request; None when it may be made, else how long to wait before the next."""
        requests, events = self._filled(key_id)
        rates = self._rates
        seconds = max(wait(requests, rates.requests), wait(events, rates.events))
        if seconds > 0:
            self._buckets[key_id] = (requests, events)
            return timedelta(seconds=seconds)
        self._buckets[key_id] = (take(requests, 1), events)
        return None

    def count(self, key_id: str, number: int) -> None:
        """Count the events of a request that was admitted; the next one waits for them."""
        requests, events = self._filled(key_id)
        self._buckets[key_id] = (requests, take(events, number))

    def _filled(self, key_id: str) -> tuple[Bucket, Bucket]:
        at, rates = self._monotonic(), self._rates
        burst = rates.burst.total_seconds()
        requests, events = self._buckets.get(key_id, (None, None))
        return (
            fill(requests, rates.requests, rates.requests * burst, at),
            fill(events, rates.events, rates.events * burst, at),
        )
