"""Keys, remembered for a moment: a request must not cost a question to the database.

A key that was revoked is refused, and one just made is known, within `for_` of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from orderwatch.app.check_key import Keys
from orderwatch.core.tenants.keys import ApiKey

_MOST: Final = 10_000
"""Ids that nobody has are remembered as well, so their number must have an end."""


class RememberedKeys:
    """Any Keys, asked at most once per key and `for_`. Good for one event loop."""

    def __init__(
        self, keys: Keys, monotonic: Callable[[], float], for_: timedelta = timedelta(seconds=2)
    ) -> None:
        self._keys = keys
        self._monotonic = monotonic
        self._for = for_.total_seconds()
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._asking: dict[str, asyncio.Future[ApiKey | None]] = {}

    async def find(self, key_id: str) -> ApiKey | None:
        """The key of this id, as it was a moment ago. Raises Unavailable."""
        now = self._monotonic()
        known = self._known.get(key_id)
        if known is not None and now < known[0]:
            return known[1]
        asking = self._asking.get(key_id)
        if asking is None:
            asking = asyncio.ensure_future(self._ask(key_id, now))
            self._asking[key_id] = asking
            asking.add_done_callback(lambda _: self._asking.pop(key_id, None))
        return await asyncio.shield(asking)

    async def _ask(self, key_id: str, now: float) -> ApiKey | None:
        """Ask once for all who wait for the same key."""
        key = await self._keys.find(key_id)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key_id] = (now + self._for, key)
        return key
