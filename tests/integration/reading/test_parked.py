"""What waits for its order is listed, those that expire first come first."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.reading.conftest import Story
from tests.story import HOUR, MINUTE, T0, placed, said

from orderwatch.adapters.postgres.parked import PostgresParked
from orderwatch.app.read_parked import (
    ParkedFilter,
    ParkedPlace,
    filter_of,
    read_parked_groups,
)


async def wait(story: Story, at: float, order: str, system: str = "stock") -> None:
    story.clock.set(at)
    await story.tell(said(system, "RESERVED", at, order=order))


async def test_what_waits_is_counted_by_system_and_age(story: Story) -> None:
    parked = PostgresParked(story.database)
    await wait(story, 0, "a")
    await wait(story, 5.5 * HOUR, "b")
    await wait(story, 6.9 * HOUR, "c", "checkout")
    await wait(story, 7 * HOUR - 5 * MINUTE, "d", "checkout")
    await story.tell(said("stock", "RESERVED", 0, order="e"), to=story.bob)
    story.clock.set(7 * HOUR)
    groups = await read_parked_groups(parked, story.alice, story.clock())
    found = [(one.system, one.age, one.events, one.orders) for one in groups]
    assert found == [
        ("stock", 3, 1, 1),
        ("stock", 2, 1, 1),
        ("checkout", 1, 1, 1),
        ("checkout", 0, 1, 1),
    ]
    for group in groups:
        wanted = filter_of(group.system, group.age, story.clock())
        (event,) = await parked.parked(story.alice, wanted, None, 9)
        assert (event.system, event.received_at) == (group.system, group.oldest)


async def test_the_list_goes_on_where_it_ended_and_knows_when_each_expires(story: Story) -> None:
    parked = PostgresParked(story.database)
    for n in range(5):
        await wait(story, n, f"o-{n}")
    first = await parked.parked(story.alice, ParkedFilter(), None, 3)
    assert [one.order_id for one in first] == ["o-0", "o-1", "o-2"]
    assert first[0].expires_at == T0 + timedelta(days=1)
    place = ParkedPlace(first[-1].received_at, first[-1].identity)
    rest = await parked.parked(story.alice, ParkedFilter(), place, 3)
    assert [one.order_id for one in rest] == ["o-3", "o-4"]
    assert b'"RESERVED"' in bytes(rest[0].event)


async def test_it_waits_no_more_when_its_order_appears_and_bob_never_saw_it(story: Story) -> None:
    parked = PostgresParked(story.database)
    await wait(story, 0, "a")
    assert await parked.parked(story.bob, ParkedFilter(), None, 9) == []
    assert await read_parked_groups(parked, story.bob, story.clock()) == []
    await story.tell(placed(1, order="a"))
    assert await parked.parked(story.alice, ParkedFilter(), None, 9) == []
