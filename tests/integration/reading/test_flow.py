"""What happened when, in a real ledger: words, deadlines, durations, the worst trouble."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.reading.conftest import Story
from tests.integration.reading.many_orders import tell_many_orders
from tests.integration.reading.test_indexes import nodes, plan
from tests.story import HOUR, MINUTE, T0, lotus, placed, said

from orderwatch.adapters.postgres.database import statements
from orderwatch.adapters.postgres.flow import PostgresFlow
from orderwatch.adapters.postgres.ledger import PostgresLedger
from orderwatch.adapters.postgres.reading import PostgresReading, assemble
from orderwatch.app.read_flow import FlowStores, StepQuery, SystemFlow, read_flow
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.model import TenantId
from orderwatch.core.reading.wanted import CountFilter
from orderwatch.core.tracking.counting import ORDER
from orderwatch.core.tracking.passing import HEARD, PASSED

FLOW = statements("flow")
ALL = CountFilter(T0 - timedelta(days=1))


def stored(story: Story) -> PostgresFlow:
    return PostgresFlow(story.database)


async def flow_of(
    story: Story, tenant: TenantId | None = None, wanted: CountFilter = ALL
) -> dict[str, SystemFlow]:
    stores = FlowStores(PostgresReading(story.database), stored(story))
    at = story.clock()
    flows = await read_flow(stores, tenant or story.alice, lotus(), wanted, at)
    return {flow.view.system: flow for flow in flows}


async def watch(story: Story) -> None:
    while await watch_deadlines(
        PostgresLedger(story.database), story.alice, lotus(), story.clock()
    ):
        pass


async def test_the_flow_says_how_many_wait_where_and_how_long_it_takes(story: Story) -> None:
    story.clock.set(30)
    for number, seconds in enumerate((1, 2, 3, 4)):
        order = f"o-{number}"
        await story.tell(
            placed(0, order=order, channel="app"),
            said("commerce_engine", "ACCEPTED", seconds, order=order),
        )
    await story.tell(placed(0, order="slow"))
    flows = await flow_of(story)
    engine = flows["commerce_engine"]
    assert (engine.tally.total, engine.tally.success, engine.open) == (5, 4, 1)
    assert engine.latency.n == 4
    assert engine.latency.p50 is not None
    assert timedelta(seconds=1) <= engine.latency.p50 <= timedelta(seconds=2.5)
    assert flows["checkout"].open == flows["stock"].open == 4
    assert flows["invoice"].tally.total == 0
    assert flows["phoenix_oms"].tally.total == 5
    app = await flow_of(story, wanted=CountFilter(channel="app"))
    assert app["commerce_engine"].latency.n == 4
    website = await flow_of(story, wanted=CountFilter(channel="website"))
    assert website["commerce_engine"].latency.p95 is None


async def test_the_pace_is_that_of_the_last_minutes_and_falls_when_a_system_stops(
    story: Story,
) -> None:
    for minute in range(5):
        story.clock.set(minute * MINUTE)
        await story.tell(
            *(placed(minute * MINUTE, order=f"{minute}-{number}") for number in range(4))
        )
    story.clock.set(5 * MINUTE + 1)
    flows = await flow_of(story)
    assert flows["phoenix_oms"].per_minute == pytest.approx(4, rel=0.01)
    assert flows["stock"].per_minute is None
    story.clock.set(30 * MINUTE)
    assert (await flow_of(story))["phoenix_oms"].per_minute == 0


async def test_a_repeated_event_happened_once(story: Story) -> None:
    story.clock.set(10)
    told = [placed(0, order="o"), said("commerce_engine", "ACCEPTED", 2, order="o")]
    await story.tell(*told)
    await story.tell(*told)
    heard = await stored(story).happened(story.alice, HEARD, ["phoenix_oms"], CountFilter())
    assert heard == {"phoenix_oms": 1}
    took = await stored(story).durations(story.alice, ["commerce_engine"], CountFilter())
    assert sum(took["commerce_engine"]) == 1


async def test_a_deadline_passes_once_in_its_own_minute(story: Story) -> None:
    story.clock.set(0)
    await story.tell(placed(0, order="o"))
    story.clock.set(20 * MINUTE)
    await watch(story)
    await story.tell(said("commerce_engine", "RETRYING", 20 * MINUTE, order="o"))
    await watch(story)
    whole = StepQuery(ORDER, timedelta(minutes=1), T0, T0 + timedelta(hours=1))
    steps = await stored(story).happening_steps(story.alice, PASSED, whole)
    assert sum(steps.values()) == 1
    leg = StepQuery("commerce_engine", timedelta(minutes=1), T0, T0 + timedelta(hours=1))
    assert await stored(story).happening_steps(story.alice, PASSED, leg) == {T0: 1}


async def test_trouble_is_worst_first_and_of_the_window_alone(story: Story) -> None:
    story.clock.set(60)
    for order, at, amount in (
        ("small", 0, "10.00"),
        ("large", 0, "900.00"),
        ("as large but older", -HOUR, "900.00"),
        ("of last night", -20 * HOUR, "9999.00"),
    ):
        await story.tell(
            placed(at, order=order, amount=amount, channel="app"),
            said("commerce_engine", "REJECTED", at + 5, order=order),
        )
    await story.tell(
        placed(0, order="worthless"), said("stock", "OUT_OF_STOCK", 1, order="worthless")
    )
    await story.tell(placed(50, order="well", amount="5000.00"))

    async def worst(**wanted: Any) -> list[str]:
        window = CountFilter(T0 - timedelta(hours=2), **wanted)
        found = await stored(story).worst(story.alice, window, 10)
        return [state.order_id for state in found.states]

    assert await worst() == ["as large but older", "large", "small", "worthless"]
    assert await worst(channel="app") == ["as large but older", "large", "small"]
    assert await worst(system="stock") == ["worthless"]
    assert await worst(placed_to=T0) == ["as large but older"]
    bobs = await stored(story).worst(story.bob, CountFilter(), 10)
    assert bobs.states == []


async def test_failures_are_told_by_reason_the_most_frequent_first(story: Story) -> None:
    story.clock.set(60)
    for number, code in enumerate(("PRICING", "INVENTORY", "PRICING", None)):
        reason: dict[str, Any] = {"reason": {"code": code}} if code else {}
        await story.tell(
            placed(0, order=f"o-{number}"),
            said("commerce_engine", "REJECTED", 5 + number, order=f"o-{number}", **reason),
        )
    failures = await stored(story).failures(story.alice, "commerce_engine", None, None)
    assert [(one.code, one.n) for one in failures] == [("PRICING", 2), (None, 1), ("INVENTORY", 1)]
    assert failures[0].last_at == T0 + timedelta(seconds=7)
    later = T0 + timedelta(seconds=8)
    assert await stored(story).failures(story.alice, "stock", None, None) == []
    assert (
        sum(
            one.n
            for one in await stored(story).failures(story.alice, "commerce_engine", later, None)
        )
        == 1
    )
    unhandled = await stored(story).unhandled(story.alice, "commerce_engine")
    assert (unhandled.dead_letters, unhandled.parked) == (0, 0)
    await story.tell(said("stock", "RESERVED", 1, order="unknown yet"))
    assert (await stored(story).unhandled(story.alice, "stock")).parked == 1


async def test_bob_sees_nothing_of_what_happened_at_alices(story: Story) -> None:
    story.clock.set(60)
    await story.tell(placed(0, order="o"), said("commerce_engine", "REJECTED", 2, order="o"))
    flows = await flow_of(story, story.bob)
    assert all(flow.tally.total == 0 and flow.latency.n == 0 for flow in flows.values())
    assert all(flow.per_minute is None for flow in flows.values())
    assert await stored(story).failures(story.bob, "commerce_engine", None, None) == []


VALUES: dict[str, Any] = {
    "spans": ["minute", "day"],
    "starts": [T0 - timedelta(hours=2), T0 - timedelta(days=1)],
    "ends": [T0 - timedelta(hours=1), T0],
    "systems": ["stock", "invoice"],
    "system": "commerce_engine",
    "what": HEARD,
    "span": "minute",
    "step": timedelta(minutes=5),
    "origin": T0,
    "channel": "website",
    "placed_from": T0 - timedelta(days=2),
    "placed_to": T0 + timedelta(days=1),
    "most": 8,
}
STEPPED = {"starts": T0 - timedelta(hours=1), "ends": T0}


@pytest.fixture(scope="module")
def known() -> dict[str, TenantId]:
    return {}


@pytest.mark.parametrize("name", FLOW)
async def test_every_question_asks_an_index(
    story: Story, module_database_url: str, known: dict[str, TenantId], name: str
) -> None:
    if not known:
        await tell_many_orders(story, module_database_url, 20_000)
        known["alice"] = story.alice
    values = VALUES | (STEPPED if name.endswith("steps") or name.startswith("failures") else {})
    for asked in (("channel", "placed_from", "placed_to", "starts", "ends"), ()):
        statement = assemble(FLOW[name], asked)
        assert "-- when" not in statement
        used = {key: values[key] for key in re.findall(r"%\((\w+)\)s", statement)}
        found = nodes(await plan(story, known["alice"], statement, used))
        scanned = {one.get("Relation Name") for one in found if one["Node Type"] == "Seq Scan"}
        assert not scanned & {"orders", "counters", "counters_rolled", "durations", "happenings"}
        if name == "worst_orders":
            passed = sum(
                one["Actual Rows"] for one in found if one.get("Relation Name") == "orders"
            )
            assert passed <= VALUES["most"]
