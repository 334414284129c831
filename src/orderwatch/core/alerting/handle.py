"""What people do with an incident: take it, give it to somebody, write on it. Each is decided here.

Two people may do it at once: the incident as it stands decides, and who comes second is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from orderwatch.core.alerting.incident import Entry, EntryKind, Incident
from orderwatch.core.people.audit import Deed
from orderwatch.core.people.deeds import (
    incident_acknowledged,
    incident_assigned,
    incident_commented,
)
from orderwatch.core.people.writing import clean_note


class Refusal(StrEnum):
    """Why nothing was done."""

    NO_SUCH = "no_such"
    """There is no such incident."""
    OVER = "over"
    """It is resolved: there is nothing left to take care of."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody else acknowledged it first."""
    NOT_ACKNOWLEDGED = "not_acknowledged"
    """Nobody has acknowledged it, so there is nothing to take back."""
    ASSIGNED = "assigned"
    """Somebody gave it to another person meanwhile."""
    NOBODY = "nobody"
    """The tenant has no such person who may handle incidents."""
    EMPTY = "empty"
    """Nothing was written."""


class Done(Struct, frozen=True):
    """The incident as it is now, the line of its time line, and the deed of the audit log.

    Without a line it was so already.
    """

    incident: Incident
    entry: Entry | None = None
    deed: Deed | None = None


class Refused(Struct, frozen=True):
    """Nothing was done; the incident as it stands says why."""

    why: Refusal
    incident: Incident | None = None


Handled = Done | Refused
Handling = Callable[[Incident], Handled]
"""Decides of an incident that nobody else can change meanwhile."""


def acknowledge(by: str, at: datetime) -> Handling:
    """Somebody looks after it: nobody else is called."""

    def decide(incident: Incident) -> Handled:
        if not incident.is_firing:
            return Refused(Refusal.OVER, incident)
        if incident.acknowledged_at is not None:
            if incident.acknowledged_by == by:
                return Done(incident)
            return Refused(Refusal.ACKNOWLEDGED, incident)
        return Done(
            replace(incident, acknowledged_at=at, acknowledged_by=by),
            Entry(at, EntryKind.ACKNOWLEDGED, f"Acknowledged by {by}", by),
            incident_acknowledged(incident.id),
        )

    return decide


def take_back(by: str, at: datetime) -> Handling:
    """Nobody looks after it any more: others may be called again."""

    def decide(incident: Incident) -> Handled:
        if not incident.is_firing:
            return Refused(Refusal.OVER, incident)
        if incident.acknowledged_at is None:
            return Refused(Refusal.NOT_ACKNOWLEDGED, incident)
        return Done(
            replace(incident, acknowledged_at=None, acknowledged_by=None),
            Entry(at, EntryKind.ACKNOWLEDGED, f"{by} took the acknowledgement back", by),
            incident_acknowledged(incident.id, taken_back=True),
        )

    return decide


def assign(to: str | None, was: str | None, by: str, at: datetime) -> Handling:
    """Give it to a person, or to nobody. `was` is who had it when the giver looked."""

    def decide(incident: Incident) -> Handled:
        if incident.assigned_to == to:
            return Done(incident)
        if incident.assigned_to != was:
            return Refused(Refusal.ASSIGNED, incident)
        said = f"Assigned to {to}" if to else f"{was} does not have it any more"
        return Done(
            replace(incident, assigned_to=to),
            Entry(at, EntryKind.ASSIGNED, said, by),
            incident_assigned(incident.id, to or ""),
        )

    return decide


def comment(typed: str, by: str, at: datetime) -> Handling:
    """Write on its time line, also when it is over: what was learned belongs there."""

    def decide(incident: Incident) -> Handled:
        text = clean_note(typed)
        if not text:
            return Refused(Refusal.EMPTY, incident)
        return Done(
            incident, Entry(at, EntryKind.COMMENTED, text, by), incident_commented(incident.id)
        )

    return decide
