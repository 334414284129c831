"""Read the outbox as people do: how each channel does, what it was told, what the mailbox holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.app.read_incidents import NoticeLine
from orderwatch.core.alerting.notice import Message, NoticeId
from orderwatch.core.model import TenantId


class Health(Struct, frozen=True):
    """How a channel does. `waiting` is counted up to a thousand; `stuck_since` is since when what
    waits was tried in vain.
    """

    channel: str
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    failure: str | None = None
    waiting: int = 0
    stuck_since: datetime | None = None
    trouble: str | None = None

    @property
    def failing_since(self) -> datetime | None:
        """Since when it takes nothing; None: it does, or nobody tried."""
        given_up = self.failed_at
        if given_up is not None and self.sent_at is not None and given_up <= self.sent_at:
            given_up = None
        return min((at for at in (self.stuck_since, given_up) if at is not None), default=None)

    @property
    def problem(self) -> str | None:
        """What it said when it took nothing."""
        return None if self.failing_since is None else self.trouble or self.failure


class OutboxLog(Protocol):
    """Where notices are kept. Every call raises Unavailable when the database is away."""

    async def health(self, tenant: TenantId, channels: Sequence[str]) -> list[Health]:
        """How these channels do, in their order."""
        ...

    async def log(
        self, tenant: TenantId, channel: str, most: int, before: NoticeId | None
    ) -> list[NoticeLine]:
        """What a channel was told, newest first, older than a notice."""
        ...

    async def kept(
        self, tenant: TenantId, channels: Sequence[str], most: int, before: NoticeId | None
    ) -> list[NoticeLine]:
        """What these channels were told, newest first, older than a notice."""
        ...

    async def message(
        self, tenant: TenantId, notice: NoticeId
    ) -> tuple[NoticeLine, Message] | None:
        """One notice with all it says; None when there is none."""
        ...
