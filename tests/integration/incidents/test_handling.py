"""People handle incidents: who comes second is told, and everything is in the logs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct
from tests.incidents import an_incident, keep
from tests.integration.people.conftest import Office
from tests.story import T0

from orderwatch.app.handle_incidents import HandlingDesk
from orderwatch.app.keep_silences import SilenceDesk
from orderwatch.app.order_notes import Author
from orderwatch.core.alerting.handle import Done, Handled, Refusal, Refused
from orderwatch.core.alerting.incident import IncidentId, SilenceKind
from orderwatch.core.alerting.quiet import Names, NewSilence
from orderwatch.core.model import TenantId
from orderwatch.core.people.audit import Actor, ActorKind

MINUTE = timedelta(minutes=1)


class News(Struct):
    """Remembers what was announced."""

    told: list[IncidentId] = []

    def announce_incidents(self, tenant: TenantId, incidents: Any) -> None:
        self.told += incidents


class Desks(Struct):
    """People at work on one incident of Alice's."""

    office: Office
    incident: IncidentId
    news: News

    def of(self, name: str) -> HandlingDesk:
        author = Author(name, Actor(ActorKind.PERSON, name))
        house = self.office.house
        return HandlingDesk(
            house.incidents,
            house.reception.users,
            self.news,
            self.office.alices.id,
            author,
            lambda: T0,
        )

    def silencing(self, name: str) -> SilenceDesk:
        house, author = self.office.house, Author(name, Actor(ActorKind.PERSON, name))
        names = Names(rules=frozenset({"order_failed"}))
        return SilenceDesk(
            house.incidents, self.news, self.office.alices.id, author, names, lambda: T0
        )

    async def lines(self) -> list[tuple[str, str, str]]:
        opened = await self.office.house.incidents.opened(self.office.alices.id, self.incident)
        assert opened is not None
        return [(str(each.kind), each.actor, each.text) for each in opened.entries[1:]]


@pytest.fixture
async def desks(office: Office) -> Desks:
    made = await keep(office.house.database, office.alices.id, an_incident(T0))
    return Desks(office, made, News())


def why(handled: Handled) -> Refusal | None:
    return handled.why if isinstance(handled, Refused) else None


async def test_whoever_acknowledges_has_it_and_everybody_hears(desks: Desks) -> None:
    handled = await desks.of("operator").acknowledge(desks.incident)
    assert isinstance(handled, Done)
    assert handled.incident.acknowledged_by == "operator"
    assert handled.incident.acknowledged_at == T0
    assert await desks.lines() == [("acknowledged", "operator", "Acknowledged by operator")]
    audit = await desks.office.done(action="incident.")
    assert audit == [("operator", "incident.acknowledged", str(desks.incident))]
    assert desks.news.told == [desks.incident]


async def test_of_two_who_acknowledge_at_once_one_is_told_that_the_other_did(
    desks: Desks,
) -> None:
    both = await asyncio.gather(
        *(desks.of(name).acknowledge(desks.incident) for name in ("operator", "developer"))
    )
    assert sorted(map(str, map(why, both))) == ["None", "acknowledged"]
    (lost,) = [one for one in both if isinstance(one, Refused)]
    (won,) = [one for one in both if isinstance(one, Done)]
    assert lost.incident is not None
    assert lost.incident.acknowledged_by == won.incident.acknowledged_by
    assert len(await desks.lines()) == 1


async def test_acknowledging_twice_is_acknowledging_once(desks: Desks) -> None:
    desk = desks.of("operator")
    await desk.acknowledge(desks.incident)
    assert why(await desk.acknowledge(desks.incident)) is None
    assert len(await desks.lines()) == 1


async def test_an_acknowledgement_is_taken_back(desks: Desks) -> None:
    await desks.of("operator").acknowledge(desks.incident)
    handled = await desks.of("developer").take_back(desks.incident)
    assert isinstance(handled, Done)
    assert handled.incident.acknowledged_at is None
    assert why(await desks.of("developer").take_back(desks.incident)) is Refusal.NOT_ACKNOWLEDGED


async def test_nothing_is_left_to_acknowledge_of_what_is_resolved(desks: Desks) -> None:
    office = desks.office
    over = an_incident(T0, group="over", resolved_at=T0 + MINUTE)
    made = await keep(office.house.database, office.alices.id, over)
    assert why(await desks.of("operator").acknowledge(made)) is Refusal.OVER
    assert why(await desks.of("operator").comment(made, "It was the price list.")) is None


async def test_it_is_given_to_people_who_may_handle_it_alone(desks: Desks) -> None:
    desk = desks.of("operator")
    assert await desk.assignable() == ["operator", "administrator", "developer"]
    assert why(await desk.assign(desks.incident, "developer", None)) is None
    assert why(await desk.assign(desks.incident, "manager", "developer")) is Refusal.NOBODY
    assert why(await desk.assign(desks.incident, "nobody", "developer")) is Refusal.NOBODY
    # Whoever still sees it unassigned is told.
    assert why(await desk.assign(desks.incident, "operator", None)) is Refusal.ASSIGNED
    assert why(await desk.assign(desks.incident, None, "developer")) is None
    assert [text for _, _, text in await desks.lines()] == [
        "Assigned to developer",
        "developer does not have it any more",
    ]


async def test_a_comment_is_kept_and_an_empty_one_is_not(desks: Desks) -> None:
    desk = desks.of("operator")
    assert why(await desk.comment(desks.incident, " \n ")) is Refusal.EMPTY
    assert why(await desk.comment(desks.incident, "Vendor called.\r\nBack by 11.")) is None
    assert await desks.lines() == [("commented", "operator", "Vendor called.\nBack by 11.")]


async def test_a_deed_stands_in_the_chain_that_shows_tampering(desks: Desks) -> None:
    await desks.of("operator").acknowledge(desks.incident)
    await desks.of("operator").comment(desks.incident, "on it")
    assert (await desks.office.verified()).broken is None


def wish(**more: Any) -> NewSilence:
    usual: dict[str, Any] = {
        "kind": SilenceKind.SILENCE,
        "matches": {"rule": "order_failed"},
        "starts_at": T0,
        "ends_at": T0 + 60 * MINUTE,
        "why": "The vendor knows.",
    }
    return NewSilence(**usual | more)


async def test_an_incident_is_silenced_with_a_reason_until_an_hour(desks: Desks) -> None:
    made = await desks.silencing("operator").make(
        wish(matches={"incident": str(desks.incident)}), "Silenced until 11:00: The vendor knows."
    )
    assert isinstance(made, int)
    (silence,) = await desks.office.house.incidents.silences(desks.office.alices.id, T0, 10)
    assert (silence.why, silence.author) == ("The vendor knows.", "operator")
    assert silence.is_on(T0)
    assert (await desks.lines())[0][0] == "silenced"
    assert await desks.office.house.incidents.silences(desks.office.bobs.id, T0, 10) == []
    audit = await desks.office.done(action="silence.")
    assert audit == [("operator", "silence.made", f"incident {desks.incident}")]


async def test_a_silence_ends_early_once(desks: Desks) -> None:
    desk = desks.silencing("operator")
    made = await desk.make(wish(), "")
    assert isinstance(made, int)
    assert await desk.end(made)
    assert not await desk.end(made)
    (silence,) = await desks.office.house.incidents.silences(desks.office.alices.id, T0, 10)
    assert not silence.is_on(T0)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"matches": {}}, "matches"),
        ({"matches": {"rule": "order_faild"}}, "rule"),
        ({"matches": {"shop": "x"}}, "shop"),
        ({"matches": {"priority": "urgent"}}, "priority"),
        ({"matches": {"incident": "77777"}}, "incident"),
        ({"matches": {"incident": "x"}}, "incident"),
        ({"why": "  "}, "why"),
        ({"ends_at": T0}, "ends_at"),
        ({"starts_at": T0 - 9 * MINUTE, "ends_at": T0 - MINUTE}, "ends_at"),
        ({"ends_at": T0 + timedelta(days=400)}, "ends_at"),
    ],
)
async def test_a_silence_that_would_mislead_is_refused(
    desks: Desks, more: dict[str, Any], field: str
) -> None:
    made = await desks.silencing("operator").make(wish(**more), "")
    assert isinstance(made, list)
    assert field in {fault.field for fault in made}
    assert await desks.office.house.incidents.silences(desks.office.alices.id, T0, 10) == []


async def test_over_the_api_two_people_get_200_and_409(desks: Desks) -> None:
    office, path = desks.office, f"/api/v1/incidents/{desks.incident}"
    async with office.signed_in("operator") as mali, office.signed_in("developer") as somchai:
        first = await mali.post(f"{path}/acknowledge")
        assert first.status_code == 200
        assert first.json()["acknowledged_by"] == "operator"
        second = await somchai.post(f"{path}/acknowledge")
        assert second.status_code == 409
        assert second.headers["content-type"] == "application/problem+json"
        assert second.json()["type"] == "urn:orderwatch:problem:incident-acknowledged"
        assert second.json()["incident"]["acknowledged_by"] == "operator"
        assert (await mali.post(f"{path}/take-back")).status_code == 200
        given = await mali.post(f"{path}/assign", json={"to": "developer"})
        assert given.json()["assigned_to"] == "developer"
        assert (await mali.post(f"{path}/assign", json={"to": "viewer"})).status_code == 422
        assert (await mali.post(f"{path}/comment", json={"text": "on it"})).status_code == 200
        assert (await mali.post(f"{path}/comment", json={"text": ""})).status_code == 422
        assert (await mali.post(f"{path}/comment", json={})).status_code == 422
        assert (await mali.post(f"{path}/comment", content=b"{")).status_code == 400


@pytest.mark.parametrize("role", ["viewer", "manager"])
async def test_who_may_only_look_is_told_who_may(desks: Desks, role: str) -> None:
    async with desks.office.signed_in(role) as browser:
        refused = await browser.post(f"/api/v1/incidents/{desks.incident}/acknowledge")
        assert refused.status_code == 403
        assert "operator" in refused.json()["detail"]


async def test_a_form_of_another_site_handles_nothing(desks: Desks) -> None:
    async with desks.office.signed_in("operator") as browser:
        browser.headers["origin"] = "https://elsewhere.example"
        refused = await browser.post(f"/api/v1/incidents/{desks.incident}/acknowledge")
        assert refused.status_code == 403
