"""Alerts of an Alertmanager as incidents of ours: the same history, told by whoever raised them.

An episode is an alert's fingerprint and when it began. Hearing of it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, field

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.incident import (
    Entry,
    EntryKind,
    Incident,
    IncidentId,
    IncidentState,
)
from orderwatch.core.alerting.read_alerts import Alert

OURS: Final = {"sent_by": "orderwatch"}
"""The label on every alert that we send: what comes back with it is not taken in again."""
RULE: Final = "alertmanager:"
LOOK: Final = "external"
_QUIET: Final = "Alertmanager tells people of it."
_PRIORITIES: Final = {
    "critical": Priority.HIGH,
    "page": Priority.HIGH,
    "high": Priority.HIGH,
    "warning": Priority.MEDIUM,
    "medium": Priority.MEDIUM,
}
_MOST_TITLE: Final = 500


class Taken(Struct):
    """What follows from a request: incidents to open, incidents that moved, lines for both."""

    opened: list[Incident] = field(default_factory=list)
    moved: list[Incident] = field(default_factory=list)
    entries: list[tuple[Incident, Entry]] = field(default_factory=list)
    own: int = 0
    known: int = 0


def take_in(alerts: Sequence[Alert], known: Iterable[Incident], now: datetime) -> Taken:
    """Decide what becomes of each alert; `known` are the episodes of their fingerprints."""
    taken = Taken()
    episodes: dict[str, list[Incident]] = {}
    for incident in known:
        episodes.setdefault(incident.group, []).append(incident)
    for alert in alerts:
        if OURS.items() <= alert.labels.items():
            taken.own += 1
        else:
            _take(taken, episodes.setdefault(alert.fingerprint, []), alert, now)
    return taken


def _take(taken: Taken, episodes: list[Incident], alert: Alert, now: datetime) -> None:
    going_on = next((one for one in episodes if one.is_firing), None)
    same = next((one for one in episodes if one.cause_at == alert.starts_at), None)
    if alert.ends_at is not None and going_on is not None and going_on.cause_at <= alert.ends_at:
        _end(taken, going_on, min(alert.ends_at, now), now)
    elif same is not None or (going_on is not None and alert.starts_at < going_on.cause_at):
        taken.known += 1
    else:
        if going_on is not None:
            _end(taken, going_on, alert.starts_at, now)
        incident = incident_of(alert, now)
        episodes.append(incident)
        taken.opened.append(incident)
        taken.entries.append((incident, Entry(now, EntryKind.FIRED, _said(alert))))
        if alert.ends_at is not None:
            taken.entries.append((incident, Entry(now, EntryKind.RESOLVED, _OVER)))


_OVER: Final = "Alertmanager says that it is over."


def _end(taken: Taken, incident: Incident, at: datetime, now: datetime) -> None:
    incident.state = IncidentState.RESOLVED
    incident.resolved_at = at
    if incident.id:
        taken.moved.append(incident)
    taken.entries.append((incident, Entry(now, EntryKind.RESOLVED, _OVER)))


def incident_of(alert: Alert, now: datetime) -> Incident:
    """An alert's episode, over already when that is what was heard."""
    word = alert.labels.get("priority") or alert.labels.get("severity", "")
    title = alert.annotations.get("summary") or alert.name
    return Incident(
        id=IncidentId(0),
        rule=RULE + alert.name[:200],
        group=alert.fingerprint,
        priority=_PRIORITIES.get(word.lower(), Priority.LOW),
        team=alert.labels.get("team", ""),
        title=title[:_MOST_TITLE],
        cause_at=alert.starts_at,
        fired_at=min(alert.starts_at, now) if alert.ends_at else now,
        about={"look": LOOK, "alertname": alert.name},
        state=IncidentState.RESOLVED if alert.ends_at else IncidentState.FIRING,
        labels=alert.labels,
        runbook=_web_address(alert.annotations.get("runbook_url", "")),
        resolved_at=alert.ends_at,
        quiet=_QUIET,
        external={"fingerprint": alert.fingerprint, "generator_url": alert.generator_url},
    )


def _said(alert: Alert) -> str:
    description = alert.annotations.get("description") or alert.annotations.get("summary", "")
    return f"Alertmanager raised {alert.name}. {description}".strip()[:4_000]


def _web_address(text: str) -> str | None:
    return text if text.startswith(("https://", "http://")) else None
