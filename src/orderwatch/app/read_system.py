"""One system, looked at closely: what failed there and why, how fast it is, what nobody handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.core.model import System, TenantId


class FailureReason(Struct, frozen=True):
    """How many legs failed for one reason, and when the last one did; None: none was given."""

    code: str | None
    n: int
    last_at: datetime


class Unhandled(Struct, frozen=True):
    """What a system sent that could not be used yet."""

    dead_letters: int
    parked: int


class OneSystemStore(Protocol):
    """Where one system is looked at. Every call raises Unavailable when the database is away."""

    async def failures(
        self, tenant: TenantId, system: System, starts: datetime | None, ends: datetime | None
    ) -> Sequence[FailureReason]:
        """Why legs failed that ended in the window; of very many the newest ten thousand."""
        ...

    async def unhandled(self, tenant: TenantId, system: System) -> Unhandled:
        """How many of its dead letters are open, how many of its events wait for their order."""
        ...
