"""Who is first has it: each deed of a person on an incident, decided without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.incidents import an_incident
from tests.story import T0

from orderwatch.core.alerting.handle import (
    Done,
    Handling,
    Refusal,
    Refused,
    acknowledge,
    assign,
    comment,
    take_back,
)
from orderwatch.core.alerting.incident import EntryKind, Incident
from orderwatch.core.alerting.incident_queries import (
    IncidentFilter,
    IncidentQuery,
    incident_cursor,
    incident_query,
)

MINUTE = timedelta(minutes=1)
FIRING = an_incident(T0)
MALIS = an_incident(T0, acknowledged_at=T0, acknowledged_by="mali", assigned_to="mali")
OVER = an_incident(T0, resolved_at=T0 + MINUTE)


@pytest.mark.parametrize(
    ("incident", "handling", "kind"),
    [
        (FIRING, acknowledge("mali", T0), EntryKind.ACKNOWLEDGED),
        (MALIS, take_back("somchai", T0), EntryKind.ACKNOWLEDGED),
        (FIRING, assign("mali", None, "mali", T0), EntryKind.ASSIGNED),
        (MALIS, assign(None, "mali", "mali", T0), EntryKind.ASSIGNED),
        (OVER, comment("learned", "mali", T0), EntryKind.COMMENTED),
    ],
)
def test_what_is_done_is_a_line_of_the_time_line_and_a_deed(
    incident: Incident, handling: Handling, kind: EntryKind
) -> None:
    done = handling(incident)
    assert isinstance(done, Done)
    assert done.entry is not None
    assert (done.entry.kind, done.entry.at) == (kind, T0)
    assert done.deed is not None
    assert done.deed.action.startswith("incident.")


@pytest.mark.parametrize(
    ("incident", "handling", "why"),
    [
        (OVER, acknowledge("mali", T0), Refusal.OVER),
        (OVER, take_back("mali", T0), Refusal.OVER),
        (MALIS, acknowledge("somchai", T0), Refusal.ACKNOWLEDGED),
        (FIRING, take_back("mali", T0), Refusal.NOT_ACKNOWLEDGED),
        (MALIS, assign("somchai", None, "somchai", T0), Refusal.ASSIGNED),
        (FIRING, comment("\n \u200b", "mali", T0), Refusal.EMPTY),
    ],
)
def test_who_comes_too_late_changes_nothing_and_is_told_why(
    incident: Incident, handling: Handling, why: Refusal
) -> None:
    assert handling(incident) == Refused(why, incident)


@pytest.mark.parametrize("handling", [acknowledge("mali", T0), assign("mali", None, "somchai", T0)])
def test_what_is_so_already_is_done_without_a_line(handling: Handling) -> None:
    assert handling(MALIS) == Done(MALIS)


def test_a_cursor_is_good_for_its_filter_alone() -> None:
    cursor = incident_cursor(IncidentFilter(rule="order_failed"), FIRING)
    query = incident_query([("rule", "order_failed"), ("cursor", cursor)])
    assert isinstance(query, IncidentQuery)
    assert query.after is not None
    assert query.after.fired_at == T0
    assert isinstance(incident_query([("cursor", cursor)]), tuple)
    assert isinstance(incident_query([("rule", "order_failed"), ("cursor", cursor[:-2])]), tuple)
