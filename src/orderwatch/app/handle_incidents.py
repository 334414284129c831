"""Handle an incident: take it, take that back, give it to somebody, write on it.

What was done is in its time line and in the audit log, and open pages hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from orderwatch.app.order_notes import Author
from orderwatch.core.alerting.handle import (
    Done,
    Handled,
    Handling,
    Refusal,
    Refused,
    acknowledge,
    assign,
    comment,
    take_back,
)
from orderwatch.core.alerting.incident import IncidentId
from orderwatch.core.model import TenantId
from orderwatch.core.people.accounts import UserListing
from orderwatch.core.people.audit import Actor
from orderwatch.core.people.roles import Permission, may


class HandlingStore(Protocol):
    """Where incidents are handled. Every call raises Unavailable when the database is away."""

    async def handle(
        self, tenant: TenantId, incident: IncidentId, handling: Handling, by: Actor
    ) -> Handled:
        """Decide of the incident while nobody else can, and keep what came of it, whole."""
        ...


class People(Protocol):
    """Who there is."""

    async def users(self, tenant: TenantId) -> list[UserListing]:
        """The tenant's accounts by name."""
        ...


class IncidentNews(Protocol):
    """Those who want to know which incidents moved, once it is committed."""

    def announce_incidents(self, tenant: TenantId, incidents: Sequence[IncidentId]) -> None:
        """Tell them; never blocks and never fails."""
        ...


class HandlingDesk(Struct, frozen=True):
    """Somebody at work on incidents."""

    store: HandlingStore
    people: People
    news: IncidentNews
    tenant: TenantId
    author: Author
    now: Callable[[], datetime]

    async def acknowledge(self, incident: IncidentId) -> Handled:
        """Look after it: nobody else is called."""
        return await self._handle(incident, acknowledge(self.author.name, self.now()))

    async def take_back(self, incident: IncidentId) -> Handled:
        """Look after it no more."""
        return await self._handle(incident, take_back(self.author.name, self.now()))

    async def assign(self, incident: IncidentId, to: str | None, was: str | None) -> Handled:
        """Give it to a person who may handle it, to oneself, or to nobody."""
        if to is not None and to not in await self.assignable():
            return Refused(Refusal.NOBODY)
        return await self._handle(incident, assign(to, was, self.author.name, self.now()))

    async def comment(self, incident: IncidentId, typed: str) -> Handled:
        """Write on its time line."""
        return await self._handle(incident, comment(typed, self.author.name, self.now()))

    async def assignable(self) -> list[str]:
        """Who may have it: oneself first, then all who may handle incidents."""
        users = await self.people.users(self.tenant)
        names = [
            user.name
            for user in users
            if user.disabled_at is None and may(user.role, Permission.HANDLE_INCIDENTS)
        ]
        return list(dict.fromkeys([self.author.name, *names]))

    async def _handle(self, incident: IncidentId, handling: Handling) -> Handled:
        handled = await self.store.handle(self.tenant, incident, handling, self.author.actor)
        if isinstance(handled, Done) and handled.entry is not None:
            self.news.announce_incidents(self.tenant, [incident])
        return handled
