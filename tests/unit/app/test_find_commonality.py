"""What an incident's orders have in common, beside what is usual, asked once in a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.story import lotus, moment

from orderwatch.app.find_commonality import FoundCommonality
from orderwatch.core.alerting.book import Priority
from orderwatch.core.alerting.facts import Facts
from orderwatch.core.alerting.incident import Incident, IncidentId
from orderwatch.core.alerting.share import Usual
from orderwatch.core.model import TenantId

ALICE, BOB = TenantId(1), TenantId(2)


class Orders:
    """Of a thousand orders thirty are of one store; it is counted how often that was asked."""

    def __init__(self) -> None:
        self.asked: list[TenantId] = []

    async def usual(self, tenant: TenantId, before: datetime, most: int) -> Usual:
        self.asked.append(tenant)
        return Usual(1000, {"location": {"TH-0412": 30, "TH-0001": 970}})


def incident(orders: int, about: Facts | None = None) -> Incident:
    return Incident(
        id=IncidentId(1),
        rule="order_failed",
        group="g",
        priority=Priority.HIGH,
        team="operations",
        title="",
        cause_at=moment(0),
        fired_at=moment(0),
        about=about or {},
        orders=orders,
        tally={"location": {"TH-0412": orders}},
    )


async def test_a_store_that_has_all_of_it_is_named_and_asked_about_once_in_five_minutes() -> None:
    orders, now = Orders(), moment(0)
    found = FoundCommonality(orders, lambda: now)
    clause = "all of them: store TH-0412, usually 3 %"
    assert await found.of(ALICE, incident(8), lotus()) == clause
    assert await found.of(ALICE, incident(9), lotus()) == clause
    assert await found.of(BOB, incident(9), lotus()) == clause
    assert orders.asked == [ALICE, BOB]
    now += timedelta(minutes=5)
    await found.of(ALICE, incident(9), lotus())
    assert orders.asked == [ALICE, BOB, ALICE]


async def test_of_a_few_orders_nothing_is_asked_and_their_group_goes_without_saying() -> None:
    orders = Orders()
    found = FoundCommonality(orders, lambda: moment(0))
    assert await found.of(ALICE, incident(4), lotus()) == ""
    assert orders.asked == []
    assert await found.of(ALICE, incident(9, {"location": "TH-0412"}), lotus()) == ""


async def test_that_orders_are_the_oms_s_is_nothing_they_have_in_common() -> None:
    found = FoundCommonality(Orders(), lambda: moment(0))
    stuck = incident(9)
    stuck.tally = {"system": {"phoenix_oms": 9}}
    assert await found.of(ALICE, stuck, lotus()) == ""
    stuck.tally = {"system": {"invoice": 9}}
    assert await found.of(ALICE, stuck, lotus()) == "all of them: system Invoice"
