"""Ready or not: the database answers and has this version's schema. Asked often, so cheap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from orderwatch.core.errors import Unavailable


class Answering(Protocol):
    """The database, as far as being ready goes."""

    async def ping(self) -> None:
        """Raises Unavailable when it does not answer."""
        ...

    async def pending(self) -> list[str]:
        """The migrations it still lacks. Raises Unavailable."""
        ...


class Readiness:
    """What is in the way, if anything; remembered for a moment, asked by one at a time."""

    def __init__(
        self,
        database: Answering,
        monotonic: Callable[[], float],
        for_: timedelta = timedelta(seconds=1),
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._for = for_.total_seconds()
        self._until = float("-inf")
        self._answer: str | None = None
        self._migrated = False
        self._asking = asyncio.Lock()

    async def obstacle(self) -> str | None:
        """Why we are not ready, in a sentence; None when we are."""
        async with self._asking:
            if self._monotonic() >= self._until:
                self._answer = await self._ask()
                self._until = self._monotonic() + self._for
            return self._answer

    async def _ask(self) -> str | None:
        try:
            async with asyncio.timeout(3):
                return await self._missing()
        except (Unavailable, TimeoutError):
            return "the database does not answer"

    async def _missing(self) -> str | None:
        await self._database.ping()
        if not self._migrated:
            missing = await self._database.pending()
            if missing:
                return f"the database lacks {', '.join(missing)}; run `orderwatch migrate`"
            self._migrated = True  # a schema never goes back while we run
        return None
