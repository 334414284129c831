"""Random stories through the real ledger: any arrival, the same book; and as `rebuild` has it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.postgres.book import check_book
from tests.integration.postgres.conftest import House, open_house
from tests.random_stories import RECEIVED, arrivals, flows, histories
from tests.story import DAY, HOUR, moment

from orderwatch.app.rebuild_state import rebuild_state
from orderwatch.app.watch_deadlines import watch_deadlines
from orderwatch.core.flow.template import Template
from orderwatch.core.model import ReceivedEvent


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Hypothesis calls plain functions; each example runs in this loop."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), flow=flows())
def test_any_arrival_leaves_the_same_book(
    module_database_url: str,
    loop: asyncio.AbstractEventLoop,
    data: st.DataObject,
    flow: Template,
) -> None:
    history = data.draw(histories(flow, "o-1", 8)) + data.draw(histories(flow, "o-2", 8))
    batches = data.draw(arrivals(history))
    watched = data.draw(st.lists(st.booleans(), min_size=5, max_size=5))
    loop.run_until_complete(live(module_database_url, batches, watched, flow))


async def live(
    url: str, batches: list[list[ReceivedEvent]], watched: list[bool], flow: Template
) -> None:
    """What comes in comes in; now and then somebody looks at the clock; then all is checked."""
    async with open_house(url) as house:
        for batch, watch in zip(batches, watched, strict=False):
            await house.hear(*batch, now=RECEIVED, flow=flow)
            if watch:
                await watch_deadlines(house.ledger, house.alice, flow, moment(RECEIVED))
        await settle(house, flow, RECEIVED)
        await settle(house, flow, RECEIVED + HOUR)
        await settle(house, flow, RECEIVED + 30 * DAY)


async def settle(house: House, flow: Template, now: float) -> None:
    """At this time the watcher has looked, every row is right, and rebuild finds nothing to do."""
    while await watch_deadlines(house.ledger, house.alice, flow, moment(now)):
        pass
    await check_book(house, now=now, flow=flow)
    rebuilt = await rebuild_state(house.ledger, house.alice, flow, lambda: moment(now))
    assert rebuilt.changed == 0
