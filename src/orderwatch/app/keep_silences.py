"""Silences and maintenance windows: make them, end them early, list them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from orderwatch.app.announce_changes import ALL_OF_THEM
from orderwatch.app.handle_incidents import IncidentNews
from orderwatch.app.order_notes import Author
from orderwatch.core.alerting.incident import IncidentId, Silence
from orderwatch.core.alerting.quiet import Names, NewSilence, check_silence
from orderwatch.core.model import FieldError, TenantId
from orderwatch.core.people.audit import Actor

MOST_PAST: Final = 100


class SilenceStore(Protocol):
    """Where silences are kept. Every call raises Unavailable when the database is away."""

    async def silences(self, tenant: TenantId, at: datetime, past: int) -> list[Silence]:
        """Those that hold or will, and the last few that are over; the first to end comes first."""
        ...

    async def make_silence(
        self, tenant: TenantId, new: NewSilence, author: Author, at: datetime, note: str
    ) -> int | None:
        """Keep it; one of an incident is noted in its time line. None: no such incident."""
        ...

    async def end_silence(self, tenant: TenantId, silence: int, at: datetime, by: Actor) -> bool:
        """End one that is not over; False when there is none."""
        ...


class SilenceDesk(Struct, frozen=True):
    """Somebody at work on silences. `names` is what may be named."""

    store: SilenceStore
    news: IncidentNews
    tenant: TenantId
    author: Author
    names: Names
    now: Callable[[], datetime]

    async def make(self, wish: NewSilence, note: str) -> int | list[FieldError]:
        """The silence's number, or what is wrong. `note` is for the time line of its incident."""
        now = self.now()
        new = check_silence(wish, self.names, now)
        if isinstance(new, list):
            return new
        made = await self.store.make_silence(self.tenant, new, self.author, now, note)
        if made is None:
            return [FieldError("incident", "is not there")]
        incident = new.matches.get("incident")
        self.news.announce_incidents(
            self.tenant, [IncidentId(int(incident)) if incident else ALL_OF_THEM]
        )
        return made

    async def end(self, silence: int) -> bool:
        """End one before its time; False: it is over already, or never was."""
        ended = await self.store.end_silence(self.tenant, silence, self.now(), self.author.actor)
        if ended:
            self.news.announce_incidents(self.tenant, [ALL_OF_THEM])
        return ended
