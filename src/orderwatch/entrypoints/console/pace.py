"""How many events a minute each system sends, from the running counts the pages see anyway."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from orderwatch.core.model import System, TenantId

Counts = Mapping[System, int]

_OVER: Final = timedelta(minutes=2)
"""Long enough to be calm, short enough to show a system that stops."""
_AT_LEAST: Final = timedelta(seconds=10)
_APART: Final = timedelta(seconds=2)


class Paces:
    """Remembers the counts of the last minutes for each tenant somebody looks at."""

    def __init__(self) -> None:
        self._seen: dict[TenantId, deque[tuple[datetime, Counts]]] = {}

    def per_minute(self, tenant: TenantId, at: datetime, counts: Counts) -> dict[System, float]:
        """Events a minute by system; nothing until somebody has looked on for some seconds."""
        seen = self._seen.setdefault(tenant, deque())
        while len(seen) > 1 and at - seen[1][0] >= _OVER:
            seen.popleft()
        if not seen or at - seen[-1][0] >= _APART:
            seen.append((at, counts))
        since, before = seen[0]
        if not _AT_LEAST <= at - since <= 5 * _OVER:
            return {}
        minutes = (at - since) / timedelta(minutes=1)
        return {system: (n - before.get(system, 0)) / minutes for system, n in counts.items()}
