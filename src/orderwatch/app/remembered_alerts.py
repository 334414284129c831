"""Incidents that live in memory alone: a backtest's, which nobody is told of.

Implements `AlertStore` of `evaluate_alerts.py`, and passes the same tests as the one in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec.structs import replace

from orderwatch.app.evaluate_alerts import Stirring, Taken
from orderwatch.core.alerting.incident import Entry, Incident, IncidentId, Member, Silence
from orderwatch.core.alerting.notice import NewNotice
from orderwatch.core.alerting.situation import FailedNotice, GroupKey, Round
from orderwatch.core.model import OrderId, System, TenantId
from orderwatch.core.tracking.causes import Cause


class RememberedAlerts:
    """One tenant's incidents, as long as this object lives."""

    def __init__(self) -> None:
        """Nothing has happened."""
        self.causes: list[Cause] = []
        self.failed_notices: list[FailedNotice] = []
        self.incidents: dict[IncidentId, Incident] = {}
        self.places: dict[IncidentId, dict[OrderId, Member]] = {}
        self.lines: dict[IncidentId, list[Entry]] = {}
        self.notices: list[NewNotice] = []
        self.waits: dict[GroupKey, datetime] = {}
        self.quiet: list[Silence] = []
        self.took: dict[str, datetime] = {}
        self.words: dict[System, datetime] = {}
        self.done_at: dict[str, datetime] = {}
        self._open: list[Incident] = []
        self._places_of: dict[OrderId, set[IncidentId]] = {}

    async def stirring(self, tenant: TenantId) -> Stirring:  # noqa: ARG002 - there is but one
        """Whether there is anything to evaluate."""
        return Stirring(bool(self.causes or self.failed_notices), self.under_way)

    @property
    def under_way(self) -> bool:
        """Whether time alone may move something."""
        return bool(self.waits) or bool(self._firing())

    @asynccontextmanager
    async def evaluating(
        self,
        tenant: TenantId,  # noqa: ARG002 - there is but one
    ) -> AsyncIterator[RememberedAlerts | None]:
        """Itself: nobody else is there."""
        yield self

    async def rounds(self) -> Mapping[str, datetime]:
        """When each kind of round was last done."""
        return self.done_at

    async def take(self, most: int) -> Taken:
        """Take what was noted, in its order."""
        taken = Taken(self.causes[:most], self.failed_notices[:most])
        self.causes, self.failed_notices = self.causes[most:], self.failed_notices[most:]
        return taken

    async def firing(self) -> list[Incident]:
        """The incidents that go on."""
        return self._firing()

    def _firing(self) -> list[Incident]:
        """Months of a replay end thousands of incidents, and some go on."""
        self._open = [one for one in self._open if one.is_firing]
        return list(self._open)

    async def members(self, order_ids: Collection[OrderId]) -> list[Member]:
        """The places of these orders in incidents that go on."""
        return [
            self.places[id_][order_id]
            for order_id in order_ids
            for id_ in sorted(self._places_of.get(order_id, ()))
            if self.incidents[id_].is_firing
        ]

    async def pending(self) -> dict[GroupKey, datetime]:
        """Conditions that are true, not yet for long enough."""
        return dict(self.waits)

    async def silences(self, now: datetime) -> list[Silence]:
        """The silences and maintenance windows that are on."""
        return [one for one in self.quiet if one.is_on(now)]

    async def delivered(self, channels: Collection[str]) -> Mapping[str, datetime]:
        """When each of these channels last took a notice."""
        return {name: at for name, at in self.took.items() if name in channels}

    async def last_words(self) -> Mapping[System, datetime]:
        """When each system was last heard."""
        return self.words

    async def save(self, round_: Round, pending_before: Mapping[GroupKey, datetime]) -> None:  # noqa: ARG002 - the port's
        """Keep everything."""
        for incident in round_.opened:
            incident.previous = self._last_of(incident)
            incident.id = IncidentId(len(self.incidents) + 1)
            self.incidents[incident.id] = incident
            self._open.append(incident)
        for token, parent in round_.parents.items():
            round_.incidents[token].parent = parent.id
        for incident, member in round_.joined.values():
            kept = replace(member, incident=incident.id)
            self.places.setdefault(incident.id, {})[member.order_id] = kept
            self._places_of.setdefault(member.order_id, set()).add(incident.id)
        for incident, entry in round_.entries:
            self.lines.setdefault(incident.id, []).append(entry)
        self.waits = dict(round_.pending)

    async def worst(self, incidents: Sequence[IncidentId], most: int) -> list[Member]:
        """Of each incident the orders worth most, those in trouble first."""
        return [member for id_ in incidents for member in self._worst(id_)[:most]]

    async def customers(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, int]:
        """How many customers each touched, as far as orders name them."""
        named = {
            id_: {one.customer for one in self.places.get(id_, {}).values() if one.customer}
            for id_ in incidents
        }
        return {id_: len(customers) for id_, customers in named.items() if customers}

    async def timelines(self, incidents: Sequence[IncidentId]) -> Mapping[IncidentId, list[Entry]]:
        """What happened in each."""
        return {id_: self.lines.get(id_, []) for id_ in incidents}

    async def tell(self, notices: Sequence[NewNotice], now: datetime) -> None:  # noqa: ARG002 - the port's
        """Keep the notices; nobody sends them."""
        self.notices.extend(notices)

    async def done(self, rounds: Collection[str], now: datetime) -> None:
        """Remember that these rounds were done."""
        self.done_at |= dict.fromkeys(rounds, now)

    def _last_of(self, incident: Incident) -> IncidentId | None:
        same = (
            one.id
            for one in self.incidents.values()
            if (one.rule, one.group) == (incident.rule, incident.group)
        )
        return max(same, default=None)

    def _worst(self, incident: IncidentId) -> list[Member]:
        return sorted(
            self.places.get(incident, {}).values(),
            key=lambda one: (one.recovered_at is not None, -one.amount, one.order_id),
        )
