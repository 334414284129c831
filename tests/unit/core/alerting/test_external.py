"""Alerts of an Alertmanager become episodes: told again nothing changes, our own come not back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from tests.notices import NOON, at

from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.external import OURS, Taken, take_in
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.read_alerts import Alert, read_alerts
from orderwatch.core.model import FieldError

NEVER = "0001-01-01T00:00:00Z"


def alert(**more: Any) -> dict[str, Any]:
    """One alert as Alertmanager 0.25 writes it."""
    return {
        "status": "firing",
        "labels": {"alertname": "DiskFull", "severity": "critical", "team": "platform"},
        "annotations": {"summary": "The disk of db-1 is full", "runbook_url": "https://x.example"},
        "startsAt": "2026-03-02T12:00:00.000Z",
        "endsAt": NEVER,
        "generatorURL": "http://prometheus.example/graph",
        "fingerprint": "f00",
    } | more


def payload(*alerts: Any, **more: Any) -> bytes:
    return json.dumps({"version": "4", "alerts": alerts} | more).encode()


def read(*alerts: Any) -> list[Alert]:
    found = read_alerts(payload(*alerts))
    return [one for one in found if isinstance(one, Alert)]


def over(minutes: float = 15, **more: Any) -> dict[str, Any]:
    return alert(status="resolved", endsAt=at(minutes * 60).isoformat(), **more)


def take(known: list[Incident], *alerts: Any, now: datetime = NOON) -> Taken:
    taken = take_in(read(*alerts), known, now)
    for incident in taken.opened:
        known.append(incident)
        incident.id = IncidentId(len(known))
    return taken


def test_an_alert_begins_an_incident_and_its_end_ends_it() -> None:
    known: list[Incident] = []
    taken = take(known, alert())
    (incident,) = taken.opened
    assert incident.rule == "alertmanager:DiskFull"
    assert incident.title == "The disk of db-1 is full"
    assert (incident.priority, incident.team) == (Priority.HIGH, "platform")
    assert incident.about["look"] == "external"
    assert incident.quiet
    assert take(known, over(), now=at(1000)).moved == [incident]
    assert (incident.is_firing, incident.resolved_at) == (False, at(900))


def test_hearing_it_again_changes_nothing() -> None:
    known: list[Incident] = []
    take(known, alert())
    again = take(known, alert(), now=at(60))
    assert (again.opened, again.moved, again.known) == ([], [], 1)
    take(known, over(), now=at(1000))
    late = take(known, alert(), over(), now=at(1100))
    assert (late.opened, late.moved, late.known) == ([], [], 2)


def test_an_alert_that_comes_back_is_a_new_episode() -> None:
    known: list[Incident] = []
    take(known, alert(), over())
    taken = take(known, alert(startsAt="2026-03-02T13:00:00Z"), now=at(3600))
    assert len(taken.opened) == 1
    assert len(known) == 2


def test_an_end_that_was_missed_is_made_up_for() -> None:
    known: list[Incident] = []
    take(known, alert())
    taken = take(known, alert(startsAt="2026-03-02T13:00:00Z"), now=at(3600))
    assert (len(taken.moved), len(taken.opened)) == (1, 1)
    assert known[0].resolved_at == at(3600)


def test_what_is_over_when_it_is_first_heard_of_is_history() -> None:
    taken = take([], over(), now=at(1000))
    (incident,) = taken.opened
    assert not incident.is_firing
    assert [entry.kind for _, entry in taken.entries] == ["fired", "resolved"]


def test_what_we_sent_ourselves_does_not_come_back() -> None:
    labels = {"alertname": "transmission_failed", **OURS}
    taken = take([], alert(labels=labels))
    assert (taken.opened, taken.own) == ([], 1)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", [""]),
        (b"[]", [""]),
        (b'"\xff"', [""]),
        (payload(version="3"), ["version"]),
        (json.dumps({"version": "4"}).encode(), ["alerts"]),
        (payload(*[alert()] * 1001), ["alerts"]),
        (payload(7), ["alerts[0]"]),
        (payload(alert(), alert(status="x")), ["alerts[1].status"]),
        (payload(alert(labels={})), ["alerts[0].labels.alertname"]),
        (payload(alert(labels={"alertname": "x", "n": 7})), ["alerts[0].labels.n"]),
        (payload(alert(fingerprint=7)), ["alerts[0].fingerprint"]),
        (payload(alert(fingerprint="x" * 65)), ["alerts[0].fingerprint"]),
        (payload(alert(startsAt="today")), ["alerts[0].startsAt"]),
        (payload(alert(startsAt="2026-03-02T12:00:00")), ["alerts[0].startsAt"]),
        (payload(alert(status="resolved", endsAt=None)), ["alerts[0].endsAt"]),
        (payload(alert(annotations=[])), ["alerts[0].annotations"]),
        (payload(alert(generatorURL=7)), ["alerts[0].generatorURL"]),
    ],
)
def test_what_cannot_be_trusted_is_named_field_by_field(body: bytes, fields: list[str]) -> None:
    found = read_alerts(body)
    errors = [one for one in found if isinstance(one, FieldError)]
    assert len(errors) == len(found)
    assert {*fields} <= {one.field for one in errors}
