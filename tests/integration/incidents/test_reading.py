"""What programs and people get to read of incidents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from tests.incidents import a_member, a_message, an_incident, keep, keep_notice
from tests.integration.people.conftest import Office, read_key
from tests.story import T0, batch, lotus, placed, said

from orderwatch.app.record_events import record_events

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def alice(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with office.signed_in("operator") as browser:
        yield browser


@pytest.fixture
async def bob(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with office.signed_in("operator", office.bobs) as browser:
        yield browser


async def kept(office: Office, **more: Any) -> int:
    """An incident of Alice's."""
    return await keep(office.house.database, office.alices.id, an_incident(**{"at": T0} | more))


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def test_incidents_are_listed_newest_first_with_what_people_need(
    office: Office, alice: httpx.AsyncClient
) -> None:
    first = await kept(office)
    second = await kept(office, at=T0 + MINUTE, rule="order_overdue", group="x")
    answer = await alice.get("/api/v1/incidents")
    assert ids(answer) == [second, first]
    told = answer.json()["items"][1]
    assert told["title"] == "3 orders failed at Commerce Engine: pricing"
    assert told["money"] == {"value": "3750.00", "currency": "THB"}
    assert told["common"] == "67 % of them: store TH-0412, usually 3 %"
    assert (told["state"], told["orders"], told["still_open"]) == ("firing", 3, 2)
    assert answer.json()["next"] is None


async def test_each_filter_names_its_incidents(office: Office, alice: httpx.AsyncClient) -> None:
    ended = {"resolved_at": T0 + 3 * MINUTE}
    over = await kept(office, group="a", **ended)
    other = await kept(office, at=T0 + MINUTE, rule="system_silent", team="development")
    low = await kept(
        office, at=T0 + 2 * MINUTE, group="c", priority="low", about={"system": "stock"}
    )
    for query, wanted in (
        ({"state": "resolved"}, [over]),
        ({"state": "firing"}, [low, other]),
        ({"rule": "system_silent"}, [other]),
        ({"team": "development"}, [other]),
        ({"priority": "low"}, [low]),
        ({"system": "stock"}, [low]),
        ({"from": (T0 + MINUTE).isoformat()}, [low, other]),
        ({"to": (T0 + MINUTE).isoformat()}, [over]),
    ):
        assert ids(await alice.get("/api/v1/incidents", params=query)) == wanted, query


async def test_pages_follow_each_other_without_a_gap(
    office: Office, alice: httpx.AsyncClient
) -> None:
    made = [await kept(office, group=str(n), at=T0 + n // 2 * MINUTE) for n in range(7)]
    seen: list[int] = []
    query = {"limit": "3"}
    while True:
        answer = await alice.get("/api/v1/incidents", params=query)
        seen += ids(answer)
        if answer.json()["next"] is None:
            break
        query["cursor"] = answer.json()["next"]
    assert sorted(seen) == made
    assert len(set(seen)) == 7
    other = await alice.get("/api/v1/incidents", params=query | {"state": "firing"})
    assert other.status_code == 400
    assert other.json()["errors"][0]["field"] == "cursor"


async def test_what_shares_a_cause_stands_under_it(
    office: Office, alice: httpx.AsyncClient
) -> None:
    silent = await kept(office, rule="system_silent", group="s")
    late = await kept(office, rule="order_overdue", group="o", parent=silent, quiet="parent")
    answer = await alice.get("/api/v1/incidents?state=firing")
    assert ids(answer) == [silent]
    assert [each["id"] for each in answer.json()["items"][0]["children"]] == [late]
    assert ids(await alice.get("/api/v1/incidents?rule=order_overdue")) == [late]
    one = await alice.get(f"/api/v1/incidents/{silent}")
    assert [each["id"] for each in one.json()["children"]] == [late]


async def test_one_incident_has_its_time_line_its_notices_and_its_other_episodes(
    office: Office, alice: httpx.AsyncClient
) -> None:
    ended = {"resolved_at": T0 + MINUTE}
    before = await kept(office, at=T0, **ended)
    house, tenant = office.house, office.alices.id
    members = [a_member(f"o-{n}", T0, customer=f"c-{n % 2}") for n in range(3)]
    incident = an_incident(T0 + 9 * MINUTE, previous=before)
    now = await keep(house.database, tenant, incident, members)
    await keep_notice(house.database, tenant, a_message(T0), T0, incident_id=now, channel="oncall")
    told = (await alice.get(f"/api/v1/incidents/{now}")).json()
    assert [each["kind"] for each in told["timeline"]] == ["fired"]
    assert [(each["channel"], each["state"]) for each in told["notices"]] == [("oncall", "sent")]
    assert [each["id"] for each in told["episodes"]] == [before]
    assert told["customers"] == 2
    earlier = (await alice.get(f"/api/v1/incidents/{before}")).json()
    assert [each["id"] for each in earlier["episodes"]] == [now]


async def test_its_orders_come_dearest_first_as_they_stand_now(
    office: Office, alice: httpx.AsyncClient
) -> None:
    house, tenant = office.house, office.alices.id
    events = batch(placed(), said("commerce_engine", "REJECTED", 1))
    await record_events(house.store, tenant, lotus(), [events], T0)
    members = [
        a_member("o-1", T0, amount=Decimal(90)),
        a_member("o-2", T0, amount=Decimal(250), marks=()),
        a_member("o-3", T0, amount=Decimal(90)),
    ]
    made = await keep(house.database, tenant, an_incident(T0), members)
    answer = await alice.get(f"/api/v1/incidents/{made}/orders")
    assert [each["order_id"] for each in answer.json()["items"]] == ["o-2", "o-1", "o-3"]
    assert answer.json()["items"][0]["now"] is None
    assert answer.json()["items"][1]["now"]["class"] == "failed"
    open_ = await alice.get(f"/api/v1/incidents/{made}/orders?open=true&limit=1")
    assert [each["order_id"] for each in open_.json()["items"]] == ["o-1"]
    rest = {"open": "true", "limit": "1", "cursor": open_.json()["next"]}
    after = await alice.get(f"/api/v1/incidents/{made}/orders", params=rest)
    assert [each["order_id"] for each in after.json()["items"]] == ["o-3"]
    assert after.json()["next"] is None


async def test_bob_never_sees_an_incident_of_alices(
    office: Office, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    made = await keep(
        office.house.database, office.alices.id, an_incident(T0), [a_member("o-1", T0)]
    )
    assert ids(await alice.get("/api/v1/incidents")) == [made]
    assert ids(await bob.get("/api/v1/incidents")) == []
    for path in ("", "/orders"):
        assert (await alice.get(f"/api/v1/incidents/{made}{path}")).status_code == 200
        refused = await bob.get(f"/api/v1/incidents/{made}{path}")
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/problem+json"
    assert (await bob.post(f"/api/v1/incidents/{made}/acknowledge")).status_code == 404


@pytest.mark.parametrize("typed", ["0", "-1", "x", "9" * 30, "1.5"])
async def test_what_cannot_be_an_incident_is_none(
    office: Office, alice: httpx.AsyncClient, typed: str
) -> None:
    assert (await alice.get(f"/api/v1/incidents/{typed}")).status_code == 404
    assert (await alice.post(f"/api/v1/incidents/{typed}/acknowledge")).status_code == 404


async def test_a_wrong_parameter_is_named(office: Office, alice: httpx.AsyncClient) -> None:
    answer = await alice.get("/api/v1/incidents?state=firng&limit=0&prio=high")
    assert answer.status_code == 400
    assert {fault["field"] for fault in answer.json()["errors"]} == {"state", "limit", "prio"}


async def test_a_read_key_may_look_and_not_touch(office: Office) -> None:
    made = await kept(office)
    key = {"authorization": f"Bearer {await read_key(office, office.alices)}"}
    async with office.browser() as program:
        assert ids(await program.get("/api/v1/incidents", headers=key)) == [made]
        refused = await program.post(f"/api/v1/incidents/{made}/acknowledge", headers=key)
        assert refused.status_code == 403
        assert "operator" in refused.json()["detail"]
        stranger = await program.get("/api/v1/incidents")
        assert stranger.status_code == 401


async def test_an_order_knows_the_incidents_it_was_in(office: Office) -> None:
    house, tenant = office.house, office.alices.id
    made = [
        await keep(house.database, tenant, an_incident(T0, group=str(n)), [a_member("o-9", T0)])
        for n in range(2)
    ]
    found = await house.incidents.of_order(tenant, "o-9", 10)
    assert sorted(each.id for each in found) == made
    assert await house.incidents.of_order(office.bobs.id, "o-9", 10) == []
    assert await house.incidents.firing(tenant) == 2
    assert await house.incidents.firing(office.bobs.id) == 0
