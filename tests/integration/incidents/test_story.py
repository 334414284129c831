"""From orders that fail to somebody who has it: evaluation and people on the same incident."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.integration.people.conftest import Office
from tests.story import T0, batch, lotus, said

from orderwatch.adapters.postgres.alerting import PostgresAlerting
from orderwatch.adapters.postgres.figures import PostgresFigures
from orderwatch.app.evaluate_alerts import Alerting, Found, evaluate_alerts
from orderwatch.app.find_commonality import FoundCommonality
from orderwatch.app.keep_silences import SilenceDesk
from orderwatch.app.order_notes import Author
from orderwatch.app.record_events import record_events
from orderwatch.core.alerting.incident import SilenceKind
from orderwatch.core.alerting.quiet import Names, NewSilence
from orderwatch.core.people.audit import Actor, ActorKind

MINUTE = timedelta(minutes=1)


async def evaluate(office: Office, at: datetime) -> None:
    """A round of the rules for Alice."""
    house, tenant = office.house, office.alices.id
    figures = PostgresFigures(house.database)
    commonality = FoundCommonality(figures, lambda: at)
    alerting = Alerting(PostgresAlerting(house.database), _NoFigures(), commonality, lambda: at)
    await evaluate_alerts(alerting, tenant, await house.books.of(tenant), lotus())


class _NoFigures:
    """Only what orders cause is looked at."""

    async def look(self, *_: object) -> Found:
        return Found()


async def fails(office: Office, order_id: str, at: datetime) -> None:
    """An order is placed, and Stock has none of it."""
    placed = said("phoenix_oms", "FRAUD", at, order=order_id, amount="90.00")
    await record_events(office.house.store, office.alices.id, lotus(), [batch(placed)], at + MINUTE)


async def test_orders_that_fail_are_one_incident_that_somebody_takes_and_keeps(
    office: Office,
) -> None:
    await fails(office, "o-1", T0)
    await fails(office, "o-2", T0)
    await evaluate(office, T0 + MINUTE)
    async with office.signed_in("operator") as mali:
        (one,) = (await mali.get("/api/v1/incidents?state=firing")).json()["items"]
        assert (one["rule"], one["orders"], one["still_open"]) == ("order_failed", 2, 2)
        path = f"/api/v1/incidents/{one['id']}"
        assert (await mali.post(f"{path}/acknowledge")).status_code == 200
        await fails(office, "o-3", T0 + 2 * MINUTE)
        await evaluate(office, T0 + 3 * MINUTE)
        told = (await mali.get(path)).json()
        # What the evaluation writes does not undo what people did.
        assert (told["orders"], told["acknowledged_by"]) == (3, "operator")
        assert [each["channel"] for each in told["notices"]][-1] == "mailbox"
        orders = (await mali.get(f"{path}/orders")).json()["items"]
        assert {each["order_id"] for each in orders} == {"o-1", "o-2", "o-3"}
        assert {each["now"]["class"] for each in orders} == {"failed"}
    async with office.signed_in("operator", office.bobs) as bob:
        assert (await bob.get("/api/v1/incidents")).json()["items"] == []


async def test_a_silence_keeps_people_from_being_told_and_the_incident_says_why(
    office: Office,
) -> None:
    house, tenant = office.house, office.alices.id
    author = Author("mali", Actor(ActorKind.PERSON, "mali"))
    desk = SilenceDesk(house.incidents, house.announcements, tenant, author, Names(), lambda: T0)
    wish = NewSilence(
        kind=SilenceKind.MAINTENANCE,
        matches={"rule": "order_failed"},
        starts_at=T0,
        ends_at=T0 + 60 * MINUTE,
        why="the flow is tried out",
    )
    assert isinstance(await desk.make(wish, ""), int)
    await fails(office, "o-1", T0)
    await evaluate(office, T0 + MINUTE)
    async with office.signed_in("operator") as mali:
        (one,) = (await mali.get("/api/v1/incidents")).json()["items"]
        assert "the flow is tried out" in one["quiet"]
        told = (await mali.get(f"/api/v1/incidents/{one['id']}")).json()
        assert told["notices"] == []
        page = await mali.get("/incidents")
        assert "the flow is tried out" in page.text


async def test_the_pages_of_an_incident_call_its_rule_by_its_title(office: Office) -> None:
    await fails(office, "o-1", T0)
    await evaluate(office, T0 + MINUTE)
    async with office.signed_in("viewer") as somebody:
        (one,) = (await somebody.get("/api/v1/incidents")).json()["items"]
        page = await somebody.get(f"/incidents/{one['id']}")
        assert "Orders failed</a>" in page.text
        assert "data-acknowledge" not in page.text  # a viewer only looks
        listed = await somebody.get("/incidents")
        assert '<option value="order_failed">Orders failed</option>' in listed.text
        stranger = await somebody.get("/incidents", params={"state": "nonsense", "rule": "x" * 99})
        assert "This cannot be asked." in stranger.text
